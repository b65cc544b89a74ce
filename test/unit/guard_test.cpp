/*
 * pg_call and pg_entry: errors keep all that they say, and leave nothing behind.
 */
#include "raised.hpp"

#include <stdexcept>

#include <sys/resource.h>

namespace bulk_sync::unit {

using pg::Error;
using pg::pg_call;
using pg::pg_entry;

namespace {

void say_level(void *level)
{
	errcontext("level %d", *static_cast<int *>(level));
}

/*
 * A function as PostgreSQL calls it, that calls itself by way of PostgreSQL. Each level has a
 * pg_call in a pg_entry, an object to destroy, a memory context and an error context callback of
 * its own.
 */
Datum nested(FunctionCallInfo fcinfo)
{
	return pg_entry([&]() -> Datum {
		Counted counted;
		pg::WorkContext context("unit nested");
		int level = PG_GETARG_INT32(0);
		ErrorContextCallback callback = {error_context_stack, say_level, &level};
		pg_call([&] {
			error_context_stack = &callback;
			if (level == 0)
				raise_full_error();
			DirectFunctionCall1(nested, Int32GetDatum(level - 1));
		});
		return 0;
	});
}

/* An error of the class that has this code, from PostgreSQL. Raises. */
[[noreturn]] void raise_code(int code)
{
	ereport(ERROR, (errcode(code), errmsg("code")));
}

/* Calls f, which is to throw Exception. */
template <typename Exception, typename Function> bool throws(Function &&f)
{
	try {
		f();
	} catch (const Exception &) {
		return true;
	} catch (...) {
		return false;
	}
	return false;
}

struct Point {
	int x;
	double y;
};

} // namespace

UNIT_TEST(results, "guard: pg_call gives the result of what it calls")
{
	GuardState const state;
	static int number = 5;
	CHECK(pg_call([] { return 42; }) == 42);
	CHECK(pg_call([] { return &number; }) == &number);
	CHECK(pg_call([] { return Point{3, 0.5}; }).y == 0.5);
	CHECK(&pg_call([&]() -> int * { return &number; })[0] == &number);
	CHECK(pg_entry([] { return pg_call([] { return 7; }); }) == 7);
	bool called = false;
	pg_call([&] { called = true; });
	CHECK(called);
	CHECK(state.is_unchanged());
}

UNIT_TEST(fields, "guard: an error keeps its fields through frames with destructors")
{
	GuardState const state;
	for (int frames = 1; frames <= 20; frames++) {
		try {
			throw_full_error(frames);
			CHECK(false);
		} catch (const Error &error) {
			check_full_error(error, "a context");
		}
		CHECK(state.is_unchanged());
	}
}

UNIT_TEST(nested_guards, "guard: an error keeps its fields through nested guards")
{
	GuardState const state;
	try {
		pg_call([] { DirectFunctionCall1(nested, Int32GetDatum(3)); });
		CHECK(false);
	} catch (const Error &error) {
		check_full_error(error, "a context\nlevel 0\nlevel 1\nlevel 2\nlevel 3");
	}
	CHECK(state.is_unchanged());
	for (int depth : {0, 1, 50})
		CHECK(throws<Error>(
			[&] { pg_call([&] { DirectFunctionCall1(nested, Int32GetDatum(depth)); }); }));
	CHECK(state.is_unchanged());
}

UNIT_TEST(restored, "guard: contexts and handlers are restored")
{
	GuardState const state;
	ErrorContextCallback callback = {error_context_stack, [](void *) {}, nullptr};
	CHECK(throws<Error>([&] {
		pg_call([&] {
			MemoryContextSwitchTo(TopTransactionContext);
			error_context_stack = &callback;
			raise_code(ERRCODE_DIVISION_BY_ZERO);
		});
	}));
	CHECK(state.is_unchanged());
	pg_call([&] { error_context_stack = &callback; });
	CHECK(state.is_unchanged());
	CHECK(throws<Error>([&] {
		pg::WorkContext context("unit restored");
		pg_call([] { raise_code(ERRCODE_DIVISION_BY_ZERO); });
	}));
	CHECK(state.is_unchanged());
}

UNIT_TEST(locals, "guard: locals of the caller keep what was set before the error")
{
	int step = 0;
	pg::Vector<int> steps;
	try {
		step = 1;
		pg_call([&] { step = 2; });
		steps.push_back(step);
		pg_call([&] {
			step = 3;
			raise_code(ERRCODE_DIVISION_BY_ZERO);
		});
		step = 4;
	} catch (const Error &error) {
		CHECK(error.sqlstate() == ERRCODE_DIVISION_BY_ZERO);
	}
	CHECK(step == 3);
	CHECK(steps.size() == 1 && steps[0] == 2);
}

UNIT_TEST(second_error, "guard: an error while another one is handled leaves that alone")
{
	GuardState const state;
	try {
		throw_full_error(2);
	} catch (const Error &first) {
		for (int i = 0; i < 10; i++) { /* the server has room for 5 unfinished errors */
			try {
				pg_call([] { raise_code(ERRCODE_LOCK_NOT_AVAILABLE); });
				CHECK(false);
			} catch (const Error &second) {
				CHECK(second.sqlstate() == ERRCODE_LOCK_NOT_AVAILABLE);
			}
		}
		check_full_error(first, "a context");
	}
	CHECK(state.is_unchanged());
}

UNIT_TEST(exceptions, "guard: pg_entry raises what was thrown, by its kind")
{
	auto const raised = [](auto thrown) {
		GuardState const state;
		int code = 0;
		try {
			pg_call([&] {
				pg_entry([&] {
					Counted counted;
					throw thrown; // NOLINT
				});
			});
			CHECK(false);
		} catch (const Error &error) {
			code = error.sqlstate();
		}
		CHECK(state.is_unchanged());
		return code;
	};
	CHECK(raised(std::bad_alloc()) == ERRCODE_OUT_OF_MEMORY);
	CHECK(raised(std::bad_array_new_length()) == ERRCODE_OUT_OF_MEMORY);
	CHECK(raised(std::runtime_error("runtime")) == ERRCODE_INTERNAL_ERROR);
	CHECK(raised(std::logic_error("logic")) == ERRCODE_INTERNAL_ERROR);
	CHECK(raised(42) == ERRCODE_INTERNAL_ERROR);
	CHECK(raised("text") == ERRCODE_INTERNAL_ERROR);
}

/* A slab gives pieces of one size only and raises when it is asked for others, so that the error
 * cannot be copied into it. */
UNIT_TEST(no_copy, "guard: an error that cannot be copied becomes bad_alloc")
{
	MemoryContext const slab =
		pg_call([] { return SlabContextCreate(CurrentMemoryContext, "unit slab", 8192, 64); });
	MemoryContext const outer = MemoryContextSwitchTo(slab);
	GuardState const state;
	for (int i = 0; i < 10; i++) {
		CHECK(throws<std::bad_alloc>([] {
			Counted counted;
			pg_call([] { raise_full_error(); });
		}));
		CHECK(state.is_unchanged());
	}
	MemoryContextSwitchTo(outer);
	try {
		throw_full_error(1);
	} catch (const Error &error) {
		check_full_error(error, "a context");
	}
}

/* The address space is made too small from within the error, right before it is copied. */
UNIT_TEST(no_memory, "guard: an error that there is no memory for becomes bad_alloc")
{
	static rlimit unlimited;
	getrlimit(RLIMIT_AS, &unlimited);
	pg::Vector<char> text(64 * 1024 * 1024, 'x');
	text.back() = '\0';
	ErrorContextCallback callback = {error_context_stack,
									 [](void *) {
										 rlimit limit = {1, unlimited.rlim_max};
										 setrlimit(RLIMIT_AS, &limit);
									 },
									 nullptr};
	GuardState const state;
	bool const thrown = throws<std::bad_alloc>([&] {
		Counted counted;
		pg_call([&] {
			error_context_stack = &callback;
			ereport(ERROR, (errcode(ERRCODE_DIVISION_BY_ZERO), errmsg_internal("%s", text.data())));
		});
	});
	setrlimit(RLIMIT_AS, &unlimited);
	CHECK(thrown);
	CHECK(state.is_unchanged());
}

} // namespace bulk_sync::unit
