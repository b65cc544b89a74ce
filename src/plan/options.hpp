/*
 * The arguments of the SQL functions: one table, which says everything about each of them once.
 */
#pragma once

#include <span>

#include "pg/arguments.hpp"
#include "plan/request.hpp"

namespace bulk_sync {

/* The functions that take a request. */
enum class Function : unsigned {
	bulk_sync = 1,
	bulk_sync_json = 2,
	bulk_compare = 4,
	bulk_sync_returning = 8,
	bulk_sync_json_returning = 16,
};

struct Option {
	const char *name;		 /* of the argument */
	const char *type;		 /* as format_type() prints it */
	const char *default_sql; /* as pg_get_expr() prints it; nullptr: the argument has to be given */
	unsigned functions;		 /* that have it, as bits of Function */
	/* Puts the argument into the request. Throws pg::Error, of class 22, which names it. */
	void (*decode)(Request &request, const pg::Argument &argument);

	bool is_of(Function function) const noexcept
	{
		return (functions & static_cast<unsigned>(function)) != 0;
	}
};

/* In the order of the SQL declarations: a function has its own among them in this order. */
std::span<const Option> options() noexcept;

/* Calls visit(option, position) for each argument of a function; positions are from 0. */
template <typename Visit> void each_option(Function function, Visit &&visit)
{
	int position = 0;
	for (const Option &option : options())
		if (option.is_of(function))
			visit(option, position++);
}

/* Decodes the arguments of a call. Throws pg::Error, of class 22, which names the argument. It
 * calls the decoders by pointers, and they only throw. */
PG_NEVER_RAISES Request decode_request(Function function, FunctionCallInfo call);

} // namespace bulk_sync
