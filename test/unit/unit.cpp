#include "unit.hpp"

#include <cstdio>
#include <stdexcept>

#pragma GCC visibility push(default)
extern "C" {
PG_MODULE_MAGIC;
}
#pragma GCC visibility pop

UNIT_FUNCTION(unit_names);
UNIT_FUNCTION(unit_test);

namespace bulk_sync::unit {

namespace {

constinit Test *first_test = nullptr;

/* What failed in the test that is running; one line each. */
char failures[4000];

void note(const char *file, int line, const char *what, const char *detail) noexcept
{
	const char *const slash = strrchr(file, '/');
	auto const used = strlen(failures);
	std::snprintf(failures + used, sizeof(failures) - used, "%s%s:%d: %s%s", used == 0 ? "" : "\n",
				  slash == nullptr ? file : slash + 1, line, what, detail);
}

const Test &find_test(const char *name)
{
	for (const Test *test = first_test; test != nullptr; test = test->next)
		if (strcmp(test->name, name) == 0)
			return *test;
	throw std::invalid_argument("there is no such test");
}

/* With an error context that says nothing: that of the caller would add to the errors there. */
void run(const Test &test)
{
	ErrorContextCallback *const outer = error_context_stack;
	ErrorContextCallback silent = {nullptr, [](void *) {}, nullptr};
	error_context_stack = &silent;
	test.body();
	check(error_context_stack == &silent, "error context", __FILE__, __LINE__);
	error_context_stack = outer;
}

/* The name of a test per line. */
pg::String test_names()
{
	pg::String names;
	for (const Test *test = first_test; test != nullptr; test = test->next) {
		if (!names.empty())
			names += '\n';
		names += test->name;
	}
	return names;
}

} // namespace

Test::Test(const char *test_name, void (*test_body)()) noexcept
	: name(test_name), body(test_body), next(first_test)
{
	first_test = this;
}

bool check(bool holds, const char *text, const char *file, int line) noexcept
{
	if (!holds)
		note(file, line, text, "");
	return holds;
}

bool check_text(const char *actual, const char *expected, const char *file, int line) noexcept
{
	if (actual != nullptr && strcmp(actual, expected) == 0)
		return true;
	note(file, line, "got ", actual == nullptr ? "no text" : actual);
	return false;
}

} // namespace bulk_sync::unit

using namespace bulk_sync;

Datum unit_names(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	return pg::pg_entry([] {
		pg::String const names = unit::test_names();
		return pg::pg_call([&] { return CStringGetTextDatum(names.c_str()); });
	});
}

/* Runs one test; returns what failed, an empty text when nothing did. */
Datum unit_test(PG_FUNCTION_ARGS)
{
	return pg::pg_entry([&] {
		const char *const name = pg::pg_call([&] { return text_to_cstring(PG_GETARG_TEXT_PP(0)); });
		unit::failures[0] = '\0';
		pg::WorkContext context("unit test");
		unit::run(unit::find_test(name));
		unit::check(CurrentMemoryContext == context.get(), "memory context", __FILE__, __LINE__);
		context.finish();
		return pg::pg_call([&] { return CStringGetTextDatum(unit::failures); });
	});
}
