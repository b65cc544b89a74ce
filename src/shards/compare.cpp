#include "shards/compare.hpp"

#include "plan/members.hpp"
#include "plan/rights.hpp"
#include "read/relation_staging.hpp"
#include "shards/call_tasks.hpp"
#include "shards/empty_scope.hpp"
#include "shards/findings.hpp"
#include "shards/local_call.hpp"
#include "shards/refusals.hpp"
#include "shards/returned_rows.hpp"
#include "shards/setup.hpp"

namespace bulk_sync::shards {

namespace {

using Kind = Distribution::Kind;

/* Is the whole table here, or in parts of which some have several copies? */
bool is_read_here(const Distribution &target)
{
	return (target.kind != Kind::hash && target.kind != Kind::single) || target.is_replicated ||
		   target.shards.empty() || !has_metadata_everywhere();
}

bool can_ask_shards(const DistributedCall &call, Reach reach)
{
	return may_be_asked_on_shards(call.plan) &&
		   (reach == Reach::one_shard ||
			(reach == Reach::all_shards &&
			 has_helper(call.sql.schema(), call.plan.target, call.target)));
}

void compare_on_shards(const DistributedCall &call)
{
	Carrier const carrier = *carrier_for(call);
	Spread const spread = spread_staging(call, carrier);
	pg::MessageWriter task;
	begin_task(call, "compare", task);
	add_diff(call, carrier, spread, task);
	Findings findings;
	findings.make_room_for(call.plan);
	for (const pg::MessageReader &answer : send(call, carrier, task))
		add(findings, answer);
	check_findings(call.plan, findings);
}

/* Returns false when the shards cannot be asked. */
bool run(const SqlCall &sql, const Request &request, const Distribution &distribution,
		 pg::ResultRows &result)
{
	pg::WorkContext work("bulk_sync compare");
	auto target = pg::Relation::open(request.target, target_lock(request));
	check_target(request, target);
	auto staging = RelationStaging::open(request.staging);
	Plan const plan = make_plan(request, target, staging.for_plan());
	Distribution const source = distribution_of(request.staging);
	RowsAsTheyCome rows(result);
	DistributedCall const call{sql,			 plan,	 staging, &staging.relation(),
							   distribution, source, &rows};
	Reach const reach = reach_of(call);
	bool const is_nowhere = reach == Reach::nowhere;
	bool const can_ask = is_nowhere || can_ask_shards(call, reach);
	if (is_nowhere)
		compare_empty_scope(plan, staging, result);
	else if (can_ask)
		compare_on_shards(call);
	staging.close();
	target.close();
	work.finish();
	return can_ask;
}

} // namespace

void compare(const SqlCall &call, const Request &request, pg::ResultRows &result)
{
	if (!pg::has_citus()) {
		bulk_sync::compare(request, result);
		return;
	}
	check_rights_before_locks(request);
	Distribution const distribution = distribution_of(request.target);
	if (is_read_here(distribution) || !run(call, request, distribution, result))
		run_here([&] { bulk_sync::compare(request, result); });
}

} // namespace bulk_sync::shards
