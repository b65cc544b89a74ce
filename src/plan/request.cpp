#include "plan/request.hpp"

namespace bulk_sync {

namespace {

/* Positions of the arguments, in the order of the SQL declarations. */
enum Position {
	target,
	staging,
	keys,
	filter,
	columns,
	ignore_columns,
	skip_creates,
	skip_updates,
	skip_deletes,
	allow_empty,
	max_deletes,
	max_delete_ratio,
	soft_delete,
	insert_defaults,
	allow_out_of_scope,
	lock,
	dry_run,
	verbose,
};

/* Those of bulk_compare() behind ignore_columns. */
enum ComparePosition {
	compare_soft_delete = skip_creates,
	compare_insert_defaults,
	compare_allow_out_of_scope,
	include_unchanged,
};

LockMode lock_mode_of(const char *text)
{
	if (strcmp(text, "rows") == 0)
		return LockMode::rows;
	if (strcmp(text, "table") == 0)
		return LockMode::table;
	pg::pg_call([&] {
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("unrecognized value for argument \"lock\": \"%s\"", text),
						errhint("Valid values are \"rows\" and \"table\".")));
	});
	pg_unreachable();
}

std::optional<int64> max_deletes_of(const pg::Arguments &arguments)
{
	if (arguments.is_null(max_deletes))
		return std::nullopt;
	int64 const limit = DatumGetInt64(arguments.datum(max_deletes));
	if (limit < 0)
		pg::pg_call([&] {
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("argument \"max_deletes\" must not be negative")));
		});
	return limit;
}

std::optional<double> max_delete_ratio_of(const pg::Arguments &arguments)
{
	if (arguments.is_null(max_delete_ratio))
		return std::nullopt;
	double const limit = DatumGetFloat8(arguments.datum(max_delete_ratio));
	if (!(limit >= 0 && limit <= 1))
		pg::pg_call([&] {
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("argument \"max_delete_ratio\" must be between 0 and 1")));
		});
	return limit;
}

/* What all functions have in common: target, keys, filter and columns. */
Request common_request(const pg::Arguments &arguments)
{
	Request request;
	request.target = arguments.relation(target, "target");
	request.keys = arguments.names(keys, "keys");
	if (request.keys.empty())
		pg::pg_call([&] {
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("argument \"keys\" must name at least one column")));
		});
	request.filter = arguments.optional_string(filter);
	if (!arguments.is_null(columns))
		request.columns = arguments.names(columns, "columns");
	if (!arguments.is_null(ignore_columns))
		request.ignore_columns = arguments.names(ignore_columns, "ignore_columns");
	return request;
}

/* The options of the functions that write. */
Request writing_request(const pg::Arguments &arguments)
{
	Request request = common_request(arguments);
	request.skip_creates = arguments.boolean(skip_creates, "skip_creates");
	request.skip_updates = arguments.boolean(skip_updates, "skip_updates");
	request.skip_deletes = arguments.boolean(skip_deletes, "skip_deletes");
	request.allow_empty = arguments.boolean(allow_empty, "allow_empty");
	request.max_deletes = max_deletes_of(arguments);
	request.max_delete_ratio = max_delete_ratio_of(arguments);
	request.soft_delete = arguments.optional_string(soft_delete);
	if (!arguments.is_null(insert_defaults))
		request.insert_defaults = arguments.datum(insert_defaults);
	request.allow_out_of_scope = arguments.boolean(allow_out_of_scope, "allow_out_of_scope");
	request.lock = lock_mode_of(arguments.string(lock, "lock"));
	request.dry_run = arguments.boolean(dry_run, "dry_run");
	request.verbose = arguments.boolean(verbose, "verbose");
	return request;
}

} // namespace

Request sync_request(const pg::Arguments &arguments)
{
	Request request = writing_request(arguments);
	request.staging = arguments.relation(staging, "staging");
	return request;
}

Request json_request(const pg::Arguments &arguments)
{
	Request request = writing_request(arguments);
	request.rows = arguments.value(staging, "rows");
	return request;
}

Request compare_request(const pg::Arguments &arguments)
{
	Request request = common_request(arguments);
	request.staging = arguments.relation(staging, "staging");
	request.soft_delete = arguments.optional_string(compare_soft_delete);
	if (!arguments.is_null(compare_insert_defaults))
		request.insert_defaults = arguments.datum(compare_insert_defaults);
	request.allow_out_of_scope =
		arguments.boolean(compare_allow_out_of_scope, "allow_out_of_scope");
	request.include_unchanged = arguments.boolean(include_unchanged, "include_unchanged");
	return request;
}

} // namespace bulk_sync
