#include "shards/sync.hpp"

#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "call/progress.hpp"
#include "plan/members.hpp"
#include "plan/rights.hpp"
#include "read/json_staging.hpp"
#include "read/relation_staging.hpp"
#include "shards/call_tasks.hpp"
#include "shards/empty_scope.hpp"
#include "shards/findings.hpp"
#include "shards/local_call.hpp"
#include "shards/one_shard.hpp"
#include "shards/refusals.hpp"
#include "shards/returned_rows.hpp"
#include "write/guards.hpp"

namespace bulk_sync::shards {

namespace {

using Kind = Distribution::Kind;
using pg::MessageReader;
using pg::MessageWriter;

/* Shards are written side by side. Two calls whose scopes share rows would meet in one order here
 * and in another one there, so each waits for all others, whatever their scopes. */
void wait_for_other_calls(const DistributedCall &call, const Carrier &carrier)
{
	MessageWriter task;
	begin_task(call, "wait", task);
	add_shards(carrier, task);
	carrier.send(task.finish());
}

/* A number for the call within its transaction. */
const char *new_token()
{
	static int64 calls = 0;
	return pg::format("%s/" INT64_FORMAT, transaction_token(), ++calls);
}

/* The sums over all shards, and what is settled already because there is nothing to write. */
struct Found {
	Findings findings;
	Done settled;
	uint64 shards_to_write = 0;
};

Found find_on_shards(const DistributedCall &call, const Carrier &carrier, const Spread &spread,
					 const char *token, CallProgress &progress)
{
	MessageWriter task;
	begin_task(call, "find", task);
	task.add("token", token);
	add_diff(call, carrier, spread, task);
	Found found;
	found.findings.make_room_for(call.plan);
	Vector<MessageReader> const answers = send(call, carrier, task);
	for (std::size_t i = 0; i < answers.size(); i++) {
		const MessageReader &answer = answers[i];
		add(found.findings, answer);
		progress.shard_was_compared(call.target.shards[carrier.shards()[i]].name,
									{static_cast<uint64>(answer.number("creates")),
									 static_cast<uint64>(answer.number("updates")),
									 static_cast<uint64>(answer.number("deletes"))});
		if (answer.flag("kept")) {
			found.shards_to_write++;
		} else {
			add(found.settled, answer);
		}
	}
	progress.changes_were_found(
		call.plan, found.findings.diff.counts,
		{found.findings.creates, found.findings.updates, found.findings.deletes});
	return found;
}

/* What a call that writes nothing would have done. */
Stats pretended(const Findings &findings)
{
	Stats stats;
	stats.created = findings.creates;
	stats.updated = findings.updates;
	stats.deleted = findings.deletes;
	stats.unchanged = findings.diff.counts.unchanged;
	stats.skipped = findings.skipped;
	return stats;
}

/* The other copies of a reference table do what the first one has done. */
void write_copies(const DistributedCall &call, const Carrier &carrier, const Spread &spread,
				  const MessageReader &first)
{
	MessageWriter task;
	begin_task(call, "copy", task);
	add_diff(call, carrier, spread, task);
	task.add("first", first);
	carrier.send_to_copies(call.plan, task.finish());
}

/* A shard that met conflicts has other changes than those which were checked before. */
Stats apply_on_shards(const DistributedCall &call, const Carrier &carrier, const Spread &spread,
					  const char *token, const Done &settled)
{
	MessageWriter task;
	begin_task(call, "apply", task);
	task.add("token", token);
	add_shards(carrier, task);
	Done done = settled;
	Vector<MessageReader> const answers = send(call, carrier, task);
	for (const MessageReader &answer : answers)
		add(done, answer);
	check_guards(call.plan, done.counts, done.deletes);
	if (call.target.kind == Kind::reference)
		write_copies(call, carrier, spread, answers[0]);
	return done.stats;
}

Stats run(const DistributedCall &call, CallProgress &progress)
{
	const Plan &plan = call.plan;
	refuse_conditions(plan);
	std::optional<Carrier> const reached = carrier_for(call);
	if (!reached)
		return sync_empty_scope({plan, call.staging, progress, nullptr});
	const Carrier &carrier = *reached;
	if (is_of_one_shard(call, carrier))
		return sync_one_shard(call, carrier, progress);
	if (plan.request.may_write()) {
		carrier.mark(plan);
		/* On one shard, calls wait for each other when they find their changes. */
		if (carrier.shards().size() > 1)
			wait_for_other_calls(call, carrier);
	}
	progress.begin(ProgressPhase::staging);
	const char *const token = plan.request.may_write() ? new_token() : nullptr;
	Spread const spread = spread_staging(call, carrier);
	progress.staging_was_spread(plan, carrier.shards().size(), how_spread(spread));
	progress.begin(ProgressPhase::target);
	Found const found = find_on_shards(call, carrier, spread, token, progress);
	progress.begin(ProgressPhase::checking);
	check_findings(plan, found.findings);
	if (found.shards_to_write == 0)
		return pretended(found.findings);
	progress.begin(ProgressPhase::updating);
	Stats const stats = apply_on_shards(call, carrier, spread, token, found.settled);
	progress.shards_were_written(stats.created + stats.updated + stats.deleted,
								 found.shards_to_write);
	return stats;
}

void lock_on_all_nodes(Oid target)
{
	auto relation = pg::Relation::open(target, AccessShareLock);
	pg::String sql("LOCK TABLE ");
	sql.append(relation.qualified_name()).append(" IN SHARE ROW EXCLUSIVE MODE");
	relation.close();
	pg::run_sql(sql);
}

Stats run(const SqlCall &sql, const Request &request, const Distribution &distribution,
		  ReturnedRows *rows)
{
	/* One placement of several is chosen by its position, so that each step goes to the same. */
	pg::LocalSettings const settings;
	settings.set("citus.task_assignment_policy", "greedy");
	CallProgress progress(request);
	if (request.may_write() && request.lock == LockMode::table)
		lock_on_all_nodes(request.target);
	auto target = pg::Relation::open(request.target, target_lock(request));
	check_target(request, target);
	Stats stats;
	if (request.rows) {
		JsonStaging const staging(request, target);
		Plan const plan = make_plan(request, target, staging.for_plan());
		stats = run({sql, plan, staging, nullptr, distribution, {}, rows}, progress);
	} else {
		auto staging = RelationStaging::open(request.staging);
		Plan const plan = make_plan(request, target, staging.for_plan());
		Distribution const source = distribution_of(request.staging);
		stats =
			run({sql, plan, staging, &staging.relation(), distribution, source, rows}, progress);
		staging.close();
	}
	target.close();
	settings.end();
	return stats;
}

} // namespace

Stats synchronize(const SqlCall &call, const Request &given, pg::ResultRows *result)
{
	if (!pg::has_citus())
		return bulk_sync::synchronize(given, result);
	Distribution const distribution = distribution_of(given.target);
	if (!distribution.is_distributed()) {
		refuse_shard_as_target(given.target);
		return run_here([&] { return bulk_sync::synchronize(given, result); });
	}
	/* What is written to the copies of a table must find the same rows in each. */
	Request request = given;
	if (distribution.kind == Kind::reference)
		request.lock = LockMode::table;
	check_rights_before_locks(request);
	if (!request.dry_run)
		pg::require_writable(request.target, "bulk_sync()");
	refuse_kind(request.target, distribution);
	pg::WorkContext work("bulk_sync shards");
	std::optional<ReturnedRows> rows;
	if (result != nullptr)
		rows.emplace(*result);
	Stats const stats = run(call, request, distribution, rows ? &*rows : nullptr);
	if (rows)
		rows->finish();
	work.finish();
	return stats;
}

} // namespace bulk_sync::shards
