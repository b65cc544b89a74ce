/*
 * The SQL functions: decode the arguments, do the work, encode the result.
 */
#include "pg/fail.hpp"
#include "pg/given_values.hpp"
#include "pg/progress.hpp"
#include "pg/sql.hpp"
#include "plan/options.hpp"
#include "shards/compare.hpp"
#include "shards/on_shard.hpp"
#include "shards/setup.hpp"
#include "shards/sync.hpp"

/* Before version 16, PostgreSQL's own macros do not export what they declare. */
#pragma GCC visibility push(default)
extern "C" {
PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(bulk_sync_call);
PG_FUNCTION_INFO_V1(bulk_sync_json_call);
PG_FUNCTION_INFO_V1(bulk_sync_returning_call);
PG_FUNCTION_INFO_V1(bulk_sync_json_returning_call);
PG_FUNCTION_INFO_V1(bulk_compare_call);
PG_FUNCTION_INFO_V1(bulk_sync_progress_rows);
PG_FUNCTION_INFO_V1(bulk_sync_on_shard);
PG_FUNCTION_INFO_V1(bulk_sync_rows_on_shard);
PG_FUNCTION_INFO_V1(bulk_sync_on_copy);
PG_FUNCTION_INFO_V1(bulk_sync_given_value);
PG_FUNCTION_INFO_V1(bulk_sync_setup);
void _PG_init();
PG_RAISES Datum bulk_sync_call(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_json_call(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_returning_call(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_json_returning_call(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_compare_call(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_progress_rows(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_on_shard(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_rows_on_shard(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_on_copy(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_given_value(PG_FUNCTION_ARGS);
PG_RAISES Datum bulk_sync_setup(PG_FUNCTION_ARGS);
}
#pragma GCC visibility pop

namespace {

/* A row of type bulk_sync_stats, in the current memory context. Raises. */
PG_RAISES Datum encode(const bulk_sync::Stats &stats, FunctionCallInfo call)
{
	TupleDesc desc;
	if (get_call_result_type(call, nullptr, &desc) != TYPEFUNC_COMPOSITE)
		bulk_sync::pg::raise(
			{.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			 .message = "bulk_sync was called in a context that cannot accept a row"});
	Datum values[] = {
		UInt64GetDatum(stats.created), UInt64GetDatum(stats.updated),
		UInt64GetDatum(stats.deleted), UInt64GetDatum(stats.unchanged),
		UInt64GetDatum(stats.skipped),
	};
	bool nulls[lengthof(values)] = {};
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

PG_RAISES Datum run(bulk_sync::Function function, FunctionCallInfo call)
{
	return bulk_sync::pg::pg_entry([&] {
		bulk_sync::Stats const stats = bulk_sync::shards::synchronize(
			{function, call}, bulk_sync::decode_request(function, call), nullptr);
		return bulk_sync::pg::pg_call([&] { return encode(stats, call); });
	});
}

PG_RAISES Datum run_returning(bulk_sync::Function function, FunctionCallInfo call)
{
	return bulk_sync::pg::pg_entry([&] {
		bulk_sync::pg::ResultRows result(call);
		bulk_sync::shards::synchronize({function, call}, bulk_sync::decode_request(function, call),
									   &result);
		return Datum{0};
	});
}

} // namespace

Datum bulk_sync_call(PG_FUNCTION_ARGS)
{
	return run(bulk_sync::Function::bulk_sync, fcinfo);
}

Datum bulk_sync_json_call(PG_FUNCTION_ARGS)
{
	return run(bulk_sync::Function::bulk_sync_json, fcinfo);
}

Datum bulk_sync_returning_call(PG_FUNCTION_ARGS)
{
	return run_returning(bulk_sync::Function::bulk_sync_returning, fcinfo);
}

Datum bulk_sync_json_returning_call(PG_FUNCTION_ARGS)
{
	return run_returning(bulk_sync::Function::bulk_sync_json_returning, fcinfo);
}

Datum bulk_compare_call(PG_FUNCTION_ARGS)
{
	return bulk_sync::pg::pg_entry([&] {
		bulk_sync::pg::ResultRows result(fcinfo);
		bulk_sync::shards::compare(
			{bulk_sync::Function::bulk_compare, fcinfo},
			bulk_sync::decode_request(bulk_sync::Function::bulk_compare, fcinfo), result);
		return Datum{0};
	});
}

Datum bulk_sync_progress_rows(PG_FUNCTION_ARGS)
{
	return bulk_sync::pg::pg_entry([&] {
		bulk_sync::pg::ResultRows result(fcinfo);
		bulk_sync::pg::progress_rows(result);
		return Datum{0};
	});
}

Datum bulk_sync_on_shard(PG_FUNCTION_ARGS)
{
	return bulk_sync::pg::pg_entry([&] {
		const char *const rows = bulk_sync::pg::text_of("pg_catalog.text", PG_GETARG_DATUM(2));
		return bulk_sync::shards::do_step(fcinfo->flinfo->fn_oid, PG_GETARG_OID(0),
										  PG_GETARG_DATUM(1), rows, nullptr);
	});
}

Datum bulk_sync_rows_on_shard(PG_FUNCTION_ARGS)
{
	return bulk_sync::pg::pg_entry([&] {
		bulk_sync::pg::ResultRows result(fcinfo, true);
		result.put_leading(bulk_sync::shards::do_step(fcinfo->flinfo->fn_oid, PG_GETARG_OID(0),
													  PG_GETARG_DATUM(1), nullptr, &result));
		return Datum{0};
	});
}

/* No row meets a condition of it. */
Datum bulk_sync_on_copy(PG_FUNCTION_ARGS)
{
	return bulk_sync::pg::pg_entry([&] {
		bulk_sync::shards::do_step_on_copy(fcinfo->flinfo->fn_oid, PG_GETARG_DATUM(0));
		return BoolGetDatum(false);
	});
}

Datum bulk_sync_given_value(PG_FUNCTION_ARGS)
{
	return bulk_sync::pg::pg_entry([&] { return bulk_sync::pg::GivenValues::value_for(fcinfo); });
}

Datum bulk_sync_setup(PG_FUNCTION_ARGS)
{
	return bulk_sync::pg::pg_entry([&] {
		const char *const done =
			bulk_sync::shards::set_up(fcinfo->flinfo->fn_oid, PG_GETARG_OID(0));
		return bulk_sync::pg::pg_call([&] { return CStringGetTextDatum(done); });
	});
}

void _PG_init()
{
	bulk_sync::pg::request_progress_memory();
}
