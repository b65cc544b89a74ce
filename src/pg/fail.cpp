#include "pg/fail.hpp"

#include <cstdarg>

extern "C" {
#include "lib/stringinfo.h"
}

namespace bulk_sync::pg {

namespace {

/* psprintf() for a list of arguments. A second try has all the room that the first one lacked. */
PG_RAISES __attribute__((format(printf, 1, 0))) const char *format_list(const char *text,
																		va_list arguments)
{
	StringInfoData result;
	initStringInfo(&result);
	for (;;) {
		va_list copy;
		va_copy(copy, arguments);
		int const lacking = appendStringInfoVA(&result, text, copy);
		va_end(copy);
		if (lacking == 0)
			return result.data;
		enlargeStringInfo(&result, lacking);
	}
}

} // namespace

void raise(const Failure &failure, const char *file, int line, const char *function)
{
	errstart(ERROR, nullptr);
	errcode(failure.sqlstate);
	errmsg_internal("%s", _(failure.message));
	if (failure.detail != nullptr)
		errdetail_internal("%s", _(failure.detail));
	if (failure.hint != nullptr)
		errhint("%s", _(failure.hint));
	errfinish(file, line, function);
	pg_unreachable();
}

void fail(const Failure &failure, const char *file, int line, const char *function)
{
	pg_call([&] { raise(failure, file, line, function); });
	pg_unreachable();
}

const char *format(const char *text, ...)
{
	va_list arguments;
	va_start(arguments, text);
	const char *const result = pg_call([&] { return format_list(_(text), arguments); });
	va_end(arguments);
	return result;
}

const char *counted(uint64 number, const char *singular, const char *plural, ...)
{
	va_list arguments;
	va_start(arguments, plural);
	const char *const result =
		pg_call([&] { return format_list(ngettext(singular, plural, number), arguments); });
	va_end(arguments);
	return result;
}

} // namespace bulk_sync::pg
