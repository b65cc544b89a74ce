/*
 * Functions for SQL that fail in every way that C++ can, to look at the errors from outside.
 */
#include <stdexcept>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "raised.hpp"

extern "C" {
#include "executor/spi.h"
}

UNIT_FUNCTION(unit_fail);
UNIT_FUNCTION(unit_execute);
UNIT_FUNCTION(unit_alive);
UNIT_FUNCTION(unit_heap_bytes);

namespace bulk_sync::unit {

namespace {

struct NotStandard {};

/* Sees to it that the error on its way cannot be copied. */
void fail_without_copy()
{
	MemoryContext const slab =
		pg::pg_call([] { return SlabContextCreate(CurrentMemoryContext, "unit slab", 8192, 64); });
	MemoryContextSwitchTo(slab);
	Counted counted;
	pg::pg_call([] { raise_full_error(); });
}

void fail(const char *kind)
{
	Counted counted;
	pg::String text(100, 'x'); /* too long to be kept within the object */
	text.append(" 100% %s");
	auto const is = [&](const char *other) { return strcmp(kind, other) == 0; };
	if (is("error"))
		throw_full_error(5);
	if (is("bad_alloc"))
		throw std::bad_alloc();
	if (is("absurd size"))
		pg::Vector<char>().reserve(SIZE_MAX / 4);
	if (is("length_error"))
		pg::Vector<int>().reserve(SIZE_MAX);
	if (is("exception"))
		throw std::runtime_error(text.c_str());
	if (is("long exception"))
		throw std::runtime_error(pg::String(10000, 'y').c_str());
	if (is("unknown"))
		throw NotStandard();
	if (is("no copy"))
		fail_without_copy();
}

/* Runs SQL as a function in C would; an error in it passes this one's guards. */
void execute(const char *sql)
{
	Counted counted;
	pg::pg_call([&] {
		SPI_connect();
		SPI_execute(sql, false, 0);
		SPI_finish();
	});
}

} // namespace

} // namespace bulk_sync::unit

using namespace bulk_sync;

Datum unit_fail(PG_FUNCTION_ARGS)
{
	return pg::pg_entry([&] {
		unit::fail(pg::pg_call([&] { return text_to_cstring(PG_GETARG_TEXT_PP(0)); }));
		return BoolGetDatum(true);
	});
}

Datum unit_execute(PG_FUNCTION_ARGS)
{
	return pg::pg_entry([&] {
		unit::execute(pg::pg_call([&] { return text_to_cstring(PG_GETARG_TEXT_PP(0)); }));
		return BoolGetDatum(true);
	});
}

/* Objects that nobody destroyed. */
Datum unit_alive(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	return Int32GetDatum(unit::Counted::alive());
}

/* Bytes that the process has from malloc, memory contexts and exceptions alike; NULL when
 * unknown. */
Datum unit_heap_bytes(PG_FUNCTION_ARGS)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
	(void) fcinfo;
	struct mallinfo2 const info = mallinfo2();
	return Int64GetDatum(static_cast<int64>(info.uordblks + info.hblkhd));
#else
	PG_RETURN_NULL();
#endif
}
