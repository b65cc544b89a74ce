/*
 * Errors of our own. A function that throws ends in fail(), one that raises in raise().
 *
 *   pg::fail({.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
 *             .message = pg::format("permission denied for \"%s\"", name),
 *             .detail = pg::counted(rows, UINT64_FORMAT " row is hidden.",
 *                                   UINT64_FORMAT " rows are hidden.", rows),
 *             .hint = "Ask its owner."});
 */
#pragma once

#include "pg/guard.hpp"

namespace bulk_sync::pg {

/* What an error says, in texts that need only last for the call; detail and hint may be left out.
 * As with ereport(), texts that are in the server's catalogs are translated. */
struct Failure {
	int sqlstate;
	const char *message;
	const char *detail = nullptr;
	const char *hint = nullptr;
};

/*
 * Throws Error: the failure, with what the context callbacks of the frames above add to it. The
 * place that the server logs is the caller's.
 */
[[noreturn]] void fail(const Failure &failure, const char *file = __builtin_FILE(),
					   int line = __builtin_LINE(), const char *function = __builtin_FUNCTION());

/* The same for functions that raise, where texts come from psprintf(). */
[[noreturn]] PG_RAISES void raise(const Failure &failure, const char *file = __builtin_FILE(),
								  int line = __builtin_LINE(),
								  const char *function = __builtin_FUNCTION());

/* A text filled in as by printf, in the current memory context. Throws Error. */
const char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* The same, of the text that fits the number. */
const char *counted(uint64 number, const char *singular, const char *plural, ...)
	__attribute__((format(printf, 2, 4), format(printf, 3, 4)));

} // namespace bulk_sync::pg
