#include "shards/one_shard.hpp"

#include "pg/sql.hpp"
#include "shards/call_tasks.hpp"
#include "shards/few_rows.hpp"
#include "shards/findings.hpp"

namespace bulk_sync::shards {

namespace {

/* More text than this costs less in a file. */
constexpr std::size_t most_json = 1024 * 1024;

/* The objects go along as they are. */
bool add_few_objects(const Plan &plan, pg::MessageWriter &task)
{
	const char *const json = pg::text_of("pg_catalog.jsonb", *plan.request.rows);
	if (strlen(json) > most_json)
		return false;
	task.add_json("objects", json);
	return true;
}

/* Staging that is already in a shard beside the target's stays there. */
bool add_few(const DistributedCall &call, pg::MessageWriter &task)
{
	if (call.relation == nullptr)
		return add_few_objects(call.plan, task);
	return !call.source.is_distributed() &&
		   add_few_rows(call.plan, call.staging, *call.relation, task);
}

} // namespace

Stats sync_one_shard(const DistributedCall &call, const Carrier &carrier, CallProgress &progress)
{
	const Plan &plan = call.plan;
	progress.begin(ProgressPhase::staging);
	pg::MessageWriter task;
	begin_task(call, "sync", task);
	if (add_few(call, task))
		add_diff_of_few(call, carrier, task);
	else
		add_diff(call, carrier, spread_staging(call, carrier), task);
	progress.begin(ProgressPhase::target);
	pg::MessageReader const answer = plan.request.may_write()
										 ? carrier.mark_and_send(plan, task.finish())
										 : carrier.send(task.finish())[0];
	Done done;
	add(done, answer);
	progress.changes_were_found(plan, done.counts,
								{done.stats.created, done.stats.updated, done.deletes});
	uint64 const written = done.stats.created + done.stats.updated + done.stats.deleted;
	if (plan.request.may_write() && written > 0)
		progress.shards_were_written(written, 1);
	return done.stats;
}

} // namespace bulk_sync::shards
