#include "shards/distributed_call.hpp"

#include <algorithm>

#include "pg/access.hpp"
#include "pg/citus.hpp"
#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "pg/fixed_columns.hpp"
#include "pg/sql.hpp"
#include "plan/read_statements.hpp"
#include "read/staging_receiver.hpp"
#include "shards/refusals.hpp"

namespace bulk_sync::shards {

namespace {

using Kind = Distribution::Kind;

bool is_key(const Request &request, const char *column)
{
	return request.keys.contains(column);
}

/* The value that the distribution column has in all rows in scope, as the filter says. By the value
 * of a domain Citus finds no shard. */
pg::FixedValue value_in_scope(const DistributedCall &call)
{
	const Plan &plan = call.plan;
	const pg::Attribute &attribute = *plan.target.find(call.target.column);
	const Vector<AttrNumber> &fixed = plan.scope.fixed;
	if (std::find(fixed.begin(), fixed.end(), attribute.number) == fixed.end())
		return {};
	pg::FixedValue const value = pg::fixed_value(plan.scope.filter, attribute);
	return value.kind == pg::FixedValue::Kind::one && value.type.oid != attribute.type.oid
			   ? pg::FixedValue()
			   : value;
}

/* company_id = '501'::integer, in a form that is read the same way under all settings. */
const char *condition_on(const char *column, const pg::FixedValue &value)
{
	const char *const type = pg::full_name(value.type);
	pg::LocalSettings const settings;
	settings.set("DateStyle", "ISO");
	settings.set("extra_float_digits", "1");
	const char *const text = pg::text_of(type, value.value);
	settings.end();
	return pg::format("%s = %s::%s", pg::quoted(column), pg::literal(text), type);
}

std::size_t shard_with(const Distribution &target, const pg::FixedValue &value)
{
	pg::PlaceHash const hash = pg::PlaceHash::of(value.type);
	return target.shard_with(pg::pg_call([&] { return hash.of_value(value.value); }));
}

} // namespace

Reach reach_of(const DistributedCall &call)
{
	using ValueKind = pg::FixedValue::Kind;
	if (call.target.kind != Kind::hash)
		return Reach::one_shard;
	ValueKind const value = value_in_scope(call).kind;
	if (value == ValueKind::none)
		return Reach::nowhere;
	if (value == ValueKind::one && !call.plan.request.allow_out_of_scope)
		return Reach::one_shard;
	return is_key(call.plan.request, call.target.column) ? Reach::all_shards : Reach::unknown;
}

/* Rows that are stored out of the scope could be of any shard. */
std::optional<Carrier> carrier_for(const DistributedCall &call)
{
	using ValueKind = pg::FixedValue::Kind;
	const pg::Relation &target = call.plan.target;
	if (call.target.kind != Kind::hash)
		return Carrier::to_one(call.sql, target, call.target, 0, nullptr);
	const char *const column = call.target.column;
	pg::FixedValue const value =
		call.plan.request.allow_out_of_scope ? pg::FixedValue() : value_in_scope(call);
	if (value.kind == ValueKind::none)
		return std::nullopt;
	if (value.kind == ValueKind::one)
		return Carrier::to_one(call.sql, target, call.target, shard_with(call.target, value),
							   condition_on(column, value));
	if (!is_key(call.plan.request, column))
		refuse_keys(call.plan, column);
	return Carrier::to_all(call.sql, target, call.target);
}

bool is_of_one_shard(const DistributedCall &call, const Carrier &carrier) noexcept
{
	return carrier.shards().size() == 1 && call.target.kind != Kind::reference &&
		   call.rows == nullptr && !call.plan.request.only_compares;
}

namespace {

/*
 * Has staging rows in other shards than this one? They are out of scope, and have to be told of.
 * Rows that the condition is true for are of this shard, and cost no hash.
 *
 *   SELECT 1 FROM public.import AS s WHERE (company_id = '501'::integer) IS NOT TRUE AND
 *   pg_catalog.worker_hash(s.company_id) NOT BETWEEN -2147483648 AND -1610612737 LIMIT 1
 */
bool has_rows_elsewhere(const DistributedCall &call, const Shard &shard, const char *condition)
{
	pg::String sql("SELECT 1 FROM ");
	sql.append(call.relation->qualified_name()).append(" AS s WHERE (").append(condition);
	sql.append(") IS NOT TRUE AND pg_catalog.worker_hash(s.");
	sql.append(pg::quoted(call.source.column));
	sql.append(pg::format(") NOT BETWEEN %d AND %d LIMIT 1", shard.least, shard.most));
	return pg::run_sql(sql).count() > 0;
}

/* Is each row of staging on the node, and in the shard, where the target's row is? */
bool is_in_place(const DistributedCall &call, const Carrier &carrier)
{
	if (call.relation == nullptr || !call.source.is_colocated_with(call.target) ||
		call.source.is_replicated || call.source.shards.size() != call.target.shards.size())
		return false;
	if (call.target.kind == Kind::single)
		return true;
	if (strcmp(call.source.column, call.target.column) != 0)
		return false;
	const pg::ColumnType &staged = call.relation->find(call.source.column)->type;
	const pg::ColumnType &stored = call.plan.target.find(call.target.column)->type;
	if (staged.oid != stored.oid || staged.typmod != stored.typmod ||
		staged.collation != stored.collation)
		return false;
	return carrier.shards().size() > 1 ||
		   !has_rows_elsewhere(call, call.target.shards[carrier.shards()[0]], carrier.condition());
}

bool has_policies(const DistributedCall &call, Snapshot snapshot)
{
	const pg::Relation &staging = *call.relation;
	if (staging.kind() != RELKIND_VIEW)
		return pg::row_security_applies(staging.oid());
	return pg::Statement::plan(select_staging(call.plan.map, staging), snapshot, staging.oid(), {},
							   {})
		.has_policies();
}

Divided divide(const DistributedCall &call, const Carrier &carrier)
{
	Division const division{call.target, carrier.shards().size() == 1};
	if (call.relation == nullptr)
		return divide_objects(call.plan, division);
	auto snapshot = pg::ReadSnapshot::fresh();
	call.staging.lock_sources(call.plan, snapshot.get());
	if (has_policies(call, snapshot.get()))
		refuse_policies(call.staging);
	snapshot.release();
	return divide_rows(call.plan, call.staging, *call.relation, division);
}

} // namespace

const char *how_spread(const Spread &spread) noexcept
{
	return spread.in_place ? "Each shard reads the rows that lie beside it."
						   : "The rows were divided into files, which the nodes fetch.";
}

Spread spread_staging(const DistributedCall &call, const Carrier &carrier)
{
	Spread spread;
	spread.in_place = is_in_place(call, carrier);
	if (!spread.in_place)
		spread.divided = divide(call, carrier);
	return spread;
}

} // namespace bulk_sync::shards
