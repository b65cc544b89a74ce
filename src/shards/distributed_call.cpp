#include "shards/distributed_call.hpp"

#include <algorithm>

#include "pg/concurrency.hpp"
#include "pg/expression.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "shards/refusals.hpp"

namespace bulk_sync::shards {

namespace {

using Kind = Distribution::Kind;

bool is_key(const Request &request, const char *column)
{
	return request.keys.contains(column);
}

/* (employee.company_id = '501'::integer), for SQL; nullptr when the filter does not give the
 * distribution column one value. */
const char *value_of_distribution(const Plan &plan, const char *column)
{
	const pg::Attribute &attribute = *plan.target.find(column);
	const Vector<AttrNumber> &fixed = plan.scope.fixed;
	if (std::find(fixed.begin(), fixed.end(), attribute.number) == fixed.end())
		return nullptr;
	const char *const value = pg::fixed_value(plan.scope.filter, attribute.number);
	return value == nullptr
			   ? nullptr
			   : pg::format("%s::%s", pg::literal(value), pg::full_name(attribute.type));
}

/* The number of the shard that has this value of the distribution column. */
std::size_t shard_with(const Distribution &target, const pg::Relation &relation, const char *value)
{
	pg::String sql("SELECT pg_catalog.get_shard_id_for_distribution_column(");
	sql.append(pg::literal(relation.qualified_name())).append(", ").append(value).append(")");
	int64 const id = pg::run_sql(sql).number(0, 0);
	auto const found = std::find_if(target.shards.begin(), target.shards.end(),
									[&](const Shard &shard) { return shard.id == id; });
	return found - target.shards.begin();
}

/* The value that the distribution column has in all rows of the call; nullptr for several. Rows
 * that are stored out of the scope could be of any shard. */
const char *only_value(const DistributedCall &call)
{
	return call.plan.request.allow_out_of_scope
			   ? nullptr
			   : value_of_distribution(call.plan, call.target.column);
}

} // namespace

bool knows_shards(const DistributedCall &call)
{
	return call.target.kind != Kind::hash || is_key(call.plan.request, call.target.column) ||
		   only_value(call) != nullptr;
}

Carrier carrier_for(const DistributedCall &call)
{
	const pg::Relation &target = call.plan.target;
	if (call.target.kind != Kind::hash)
		return Carrier::to_one(call.sql, target, call.target, 0, nullptr);
	const char *const column = call.target.column;
	if (const char *const value = only_value(call))
		return Carrier::to_one(call.sql, target, call.target,
							   shard_with(call.target, target, value),
							   pg::format("%s = %s", pg::quoted(column), value));
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

Divided divide(const DistributedCall &call, const Carrier &carrier)
{
	Division const division{call.target, carrier.shards().size() == 1};
	if (call.relation == nullptr)
		return divide_objects(call.plan, division);
	auto snapshot = pg::ReadSnapshot::fresh();
	call.staging.lock_sources(call.plan, snapshot.get());
	snapshot.release();
	return divide_rows(call.plan, *call.relation, division);
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
