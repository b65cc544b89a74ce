/*
 * A small framework for unit tests that run inside of a server process.
 *
 * A test registers itself under a name, "what: which behaviour". Each is run by one call of the
 * SQL function unit_test(name), in a memory context of its own, as the body of a pg_entry.
 */
#pragma once

#include "pg/memory.hpp"

namespace bulk_sync::unit {

struct Test {
	Test(const char *test_name, void (*test_body)()) noexcept;

	const char *name;
	void (*body)();
	Test *next;
};

/* Notes a failure and goes on, so that it may be used where an exception must not pass. */
bool check(bool holds, const char *text, const char *file, int line) noexcept;
bool check_text(const char *actual, const char *expected, const char *file, int line) noexcept;

/* How many objects of the class are alive: one that a longjmp jumped over stays in the count. */
class Counted {
  public:
	Counted() noexcept { alive_++; }
	Counted(const Counted &) = delete;
	Counted &operator=(const Counted &) = delete;
	~Counted() { alive_--; }

	static int alive() noexcept { return alive_; }

  private:
	static inline int alive_ = 0;
};

} // namespace bulk_sync::unit

#define UNIT_TEST(function, name)                                         \
	static void function();                                               \
	static ::bulk_sync::unit::Test const function##_test(name, function); \
	static void function()

#define CHECK(condition) ::bulk_sync::unit::check((condition), #condition, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) \
	::bulk_sync::unit::check_text((actual), (expected), __FILE__, __LINE__)

/* Declares a function for SQL. Outside of namespaces. */
#define UNIT_FUNCTION(name)                            \
	_Pragma("GCC visibility push(default)") extern "C" \
	{                                                  \
		PG_FUNCTION_INFO_V1(name);                     \
		Datum name(PG_FUNCTION_ARGS);                  \
	}                                                  \
	_Pragma("GCC visibility pop") static_assert(true)
