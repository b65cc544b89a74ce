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
const char *add_few_objects(const Plan &plan, pg::MessageWriter &task)
{
	const char *const json = pg::text_of("pg_catalog.jsonb", *plan.request.rows);
	if (strlen(json) > most_json)
		return nullptr;
	task.add("objects", true);
	return json;
}

/* The text that goes along with the task; nullptr for none. Staging that is already in a shard
 * beside the target's stays there. */
const char *add_few(const DistributedCall &call, pg::MessageWriter &task)
{
	if (call.relation == nullptr)
		return add_few_objects(call.plan, task);
	if (call.source.is_distributed())
		return nullptr;
	return add_few_rows(call.plan, call.staging, *call.relation, task);
}

} // namespace

Stats sync_one_shard(const DistributedCall &call, const Carrier &carrier, CallProgress &progress)
{
	const Plan &plan = call.plan;
	progress.begin(ProgressPhase::staging);
	pg::MessageWriter task;
	begin_task(call, "sync", task);
	const char *const rows = add_few(call, task);
	if (rows != nullptr) {
		add_diff_of_few(call, carrier, task);
		progress.staging_was_spread(plan, 1, "The rows go along with the call.");
	} else {
		Spread const spread = spread_staging(call, carrier);
		add_diff(call, carrier, spread, task);
		progress.staging_was_spread(plan, 1, how_spread(spread));
	}
	progress.begin(ProgressPhase::target);
	pg::MessageReader const answer = carrier.send_to_one(plan, task.finish(), rows);
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
