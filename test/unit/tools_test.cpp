/*
 * fail() and raise(), lines of context, and scratch memory.
 */
#include <cstring>

#include "pg/error_context.hpp"
#include "pg/fail.hpp"
#include "pg/scratch.hpp"
#include "raised.hpp"

namespace bulk_sync::unit {

using pg::Error;
using pg::pg_call;
using pg::Scratch;

namespace {

/* What is thrown; nullptr when nothing is. */
template <typename Function> const ErrorData *thrown_by(Function &&f)
{
	try {
		f();
	} catch (const Error &error) {
		return error.data();
	}
	return nullptr;
}

void fail_here()
{
	Counted counted;
	pg::fail({.sqlstate = ERRCODE_DIVISION_BY_ZERO,
			  .message = pg::format("100%% of \"%s\"", "é"),
			  .detail = "50%s of it",
			  .hint = "100%"});
}

PG_RAISES void raise_here()
{
	pg::raise({.sqlstate = ERRCODE_DIVISION_BY_ZERO, .message = "100%"});
}

/* Both tell the place that they were called at. */
void check_place(const ErrorData &data, const char *function)
{
	CHECK_TEXT(data.funcname, function);
	CHECK(data.filename != nullptr && strstr(data.filename, "tools_test.cpp") != nullptr);
	CHECK(data.lineno > 0);
}

} // namespace

UNIT_TEST(fails, "fail: throws an error with its texts, none of which is a format")
{
	GuardState const state;
	const ErrorData *const data = thrown_by(fail_here);
	CHECK(data != nullptr && data->sqlerrcode == ERRCODE_DIVISION_BY_ZERO && data->elevel == ERROR);
	CHECK_TEXT(data->message, "100% of \"é\"");
	CHECK_TEXT(data->detail, "50%s of it");
	CHECK_TEXT(data->hint, "100%");
	check_place(*data, "fail_here");
	CHECK(state.is_unchanged());
}

UNIT_TEST(raises, "fail: raise() raises the same, and leaves out what is not given")
{
	GuardState const state;
	const ErrorData *const data = thrown_by([] { pg_call(raise_here); });
	CHECK(data != nullptr && data->sqlerrcode == ERRCODE_DIVISION_BY_ZERO && data->elevel == ERROR);
	CHECK_TEXT(data->message, "100%");
	CHECK(data->detail == nullptr && data->hint == nullptr);
	check_place(*data, "raise_here");
	CHECK(state.is_unchanged());
}

UNIT_TEST(formats, "fail: texts of any length are filled in")
{
	CHECK_TEXT(pg::format("%d %s", 5, "x"), "5 x");
	CHECK_TEXT(pg::format("100%%"), "100%");
	for (std::size_t length : {0, 1, 1022, 1023, 1024, 1025, 100000}) {
		pg::String const part(length, 'x');
		CHECK(pg::format("<%s>", part.c_str()) == "<" + part + ">");
	}
	CHECK(GetMemoryChunkContext(const_cast<char *>(pg::format("x"))) == CurrentMemoryContext);
}

UNIT_TEST(counts, "fail: the number decides between singular and plural")
{
	auto const rows = [](uint64 number) {
		return pg::counted(number, UINT64_FORMAT " row of %s", UINT64_FORMAT " rows of %s", number,
						   "staging");
	};
	CHECK_TEXT(rows(0), "0 rows of staging");
	CHECK_TEXT(rows(1), "1 row of staging");
	CHECK_TEXT(rows(2), "2 rows of staging");
	CHECK_TEXT(rows(PG_UINT64_MAX), "18446744073709551615 rows of staging");
}

UNIT_TEST(contexts, "error context: each frame adds its line, the inner one first")
{
	GuardState const state;
	int const outer = 1;
	auto const work = [&](bool fails) {
		return pg::with_error_context([&] { errcontext("outer %d", outer); },
									  [&] {
										  pg::with_error_context([] { errcontext("ended"); },
																 [] {});
										  return pg::with_error_context([] { errcontext("inner"); },
																		[&] {
																			if (fails)
																				raise_here();
																			return 42;
																		});
									  });
	};
	CHECK(pg_call([&] { return work(false); }) == 42);
	CHECK(state.is_unchanged());
	const ErrorData *const data = thrown_by([&] { pg_call([&] { work(true); }); });
	CHECK(data != nullptr);
	CHECK_TEXT(data->context, "inner\nouter 1");
	CHECK(state.is_unchanged());
	CHECK(thrown_by(fail_here)->context == nullptr);
}

UNIT_TEST(scratch, "scratch: memory is its own while it runs, and empty afterwards")
{
	GuardState const state;
	MemoryContext const outer = CurrentMemoryContext;
	Scratch const memory("unit scratch");
	Size const before = MemoryContextMemAllocated(outer, true);
	for (int i = 0; i < 100; i++) {
		int const result = memory.run([&] {
			CHECK(CurrentMemoryContext != outer);
			CHECK(MemoryContextGetParent(CurrentMemoryContext) == outer);
			memset(palloc(1024 * 1024), 1, 1024 * 1024);
			return i;
		});
		CHECK(result == i && CurrentMemoryContext == outer);
	}
	CHECK(MemoryContextMemAllocated(outer, true) < before + 1024 * 1024);
	for (int i = 0; i < 3; i++)
		memory.keep([] { palloc(1024 * 1024); });
	CHECK(MemoryContextMemAllocated(outer, true) > before + 3 * 1024 * 1024);
	memory.reset();
	CHECK(MemoryContextMemAllocated(outer, true) < before + 1024 * 1024);
	CHECK(state.is_unchanged());
	CHECK(thrown_by([&] { pg_call([&] { memory.run(raise_here); }); }) != nullptr);
	CHECK(state.is_unchanged());
}

} // namespace bulk_sync::unit
