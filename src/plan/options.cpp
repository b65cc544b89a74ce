#include "plan/options.hpp"

#include "pg/fail.hpp"

namespace bulk_sync {

namespace {

using pg::Argument;
using pg::pg_call;

constexpr unsigned bit(Function function)
{
	return static_cast<unsigned>(function);
}

constexpr unsigned of_bulk_sync = bit(Function::bulk_sync) | bit(Function::bulk_sync_returning);
constexpr unsigned of_bulk_sync_json =
	bit(Function::bulk_sync_json) | bit(Function::bulk_sync_json_returning);
constexpr unsigned of_bulk_compare = bit(Function::bulk_compare);
constexpr unsigned of_writers = of_bulk_sync | of_bulk_sync_json;
constexpr unsigned of_all = of_writers | of_bulk_compare;

/* ---- arguments that need no more than their value ---- */

template <bool Request::*field> void decode_flag(Request &request, const Argument &argument)
{
	request.*field = argument.boolean();
}

template <Oid Request::*field> void decode_relation(Request &request, const Argument &argument)
{
	request.*field = argument.relation();
}

template <const char *Request::*field>
void decode_optional_text(Request &request, const Argument &argument)
{
	if (!argument.is_null())
		request.*field = argument.string();
}

void decode_rows(Request &request, const Argument &argument)
{
	request.rows = argument.value();
}

void decode_columns(Request &request, const Argument &argument)
{
	if (!argument.is_null())
		request.columns = argument.names();
}

void decode_ignore_columns(Request &request, const Argument &argument)
{
	if (!argument.is_null())
		request.ignore_columns = argument.names();
}

void decode_touch_columns(Request &request, const Argument &argument)
{
	if (!argument.is_null())
		request.touch_columns = argument.names();
}

void decode_insert_defaults(Request &request, const Argument &argument)
{
	if (!argument.is_null())
		request.insert_defaults = argument.value();
}

/* ---- arguments that may be wrong by themselves ---- */

void decode_keys(Request &request, const Argument &argument)
{
	request.keys = argument.names();
	if (request.keys.empty())
		pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				  .message = pg::format("argument \"%s\" must name at least one column",
										argument.name())});
}

void decode_max_deletes(Request &request, const Argument &argument)
{
	if (argument.is_null())
		return;
	request.max_deletes = argument.bigint();
	if (*request.max_deletes < 0)
		pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				  .message = pg::format("argument \"%s\" must not be negative", argument.name())});
}

void decode_max_delete_ratio(Request &request, const Argument &argument)
{
	if (argument.is_null())
		return;
	request.max_delete_ratio = argument.float8();
	/* Of NaN neither is true. */
	if (!(*request.max_delete_ratio >= 0 && *request.max_delete_ratio <= 1))
		pg::fail(
			{.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			 .message = pg::format("argument \"%s\" must be between 0 and 1", argument.name()),
			 .hint = "It is a part of the rows in scope: 0.1 allows one in ten of them to go."});
}

void decode_lock(Request &request, const Argument &argument)
{
	const char *const text = argument.string();
	if (strcmp(text, "rows") == 0)
		request.lock = LockMode::rows;
	else if (strcmp(text, "table") == 0)
		request.lock = LockMode::table;
	else
		pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				  .message = pg::format("unrecognized value for argument \"%s\": \"%s\"",
										argument.name(), text),
				  .hint = "Valid values are \"rows\" and \"table\"."});
}

/* clang-format off */
constexpr Option table[] = {
	{"target", "regclass", nullptr, of_all, decode_relation<&Request::target>},
	{"staging", "regclass", nullptr, of_bulk_sync | of_bulk_compare, decode_relation<&Request::staging>},
	{"rows", "jsonb", nullptr, of_bulk_sync_json, decode_rows},
	{"keys", "text[]", nullptr, of_all, decode_keys},
	{"filter", "text", "NULL::text", of_all, decode_optional_text<&Request::filter>},
	{"columns", "text[]", "NULL::text[]", of_all, decode_columns},
	{"ignore_columns", "text[]", "NULL::text[]", of_all, decode_ignore_columns},
	{"skip_creates", "boolean", "false", of_writers, decode_flag<&Request::skip_creates>},
	{"skip_updates", "boolean", "false", of_writers, decode_flag<&Request::skip_updates>},
	{"skip_deletes", "boolean", "false", of_writers, decode_flag<&Request::skip_deletes>},
	{"allow_empty", "boolean", "false", of_writers, decode_flag<&Request::allow_empty>},
	{"max_deletes", "bigint", "NULL::bigint", of_writers, decode_max_deletes},
	{"max_delete_ratio", "double precision", "NULL::double precision", of_writers, decode_max_delete_ratio},
	{"soft_delete", "text", "NULL::text", of_all, decode_optional_text<&Request::soft_delete>},
	{"insert_defaults", "jsonb", "NULL::jsonb", of_all, decode_insert_defaults},
	{"allow_out_of_scope", "boolean", "false", of_all, decode_flag<&Request::allow_out_of_scope>},
	{"lock", "text", "'rows'::text", of_writers, decode_lock},
	{"dry_run", "boolean", "false", of_writers, decode_flag<&Request::dry_run>},
	{"verbose", "boolean", "false", of_writers, decode_flag<&Request::verbose>},
	{"include_unchanged", "boolean", "false", of_bulk_compare, decode_flag<&Request::include_unchanged>},
	{"touch_columns", "text[]", "NULL::text[]", of_writers, decode_touch_columns},
	{"update_when", "text", "NULL::text", of_all, decode_optional_text<&Request::update_when>},
	{"allow_missing", "boolean", "false", of_bulk_sync_json, decode_flag<&Request::allow_missing>},
};
/* clang-format on */

} // namespace

std::span<const Option> options() noexcept
{
	return table;
}

Request decode_request(Function function, FunctionCallInfo call)
{
	Request request;
	request.only_compares = function == Function::bulk_compare;
	/* A declaration that is older than the library lacks the last ones. */
	each_option(function, [&](const Option &option, int position) {
		if (position < call->nargs)
			option.decode(request, Argument(call, position, option.name));
	});
	request.foresees_rows = request.dry_run && (function == Function::bulk_sync_returning ||
												function == Function::bulk_sync_json_returning);
	return request;
}

} // namespace bulk_sync
