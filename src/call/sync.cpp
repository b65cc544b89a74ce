#include "call/sync.hpp"

#include "call/phases.hpp"
#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "plan/members.hpp"
#include "plan/rights.hpp"
#include "read/json_staging.hpp"
#include "read/relation_staging.hpp"
#include "write/conflicts.hpp"

namespace bulk_sync {

namespace {

constexpr int most_retries = 3;

/* Calls that are running in this session, the innermost first. A trigger that the writes of one
 * fire may start another. */
class RunningCall {
  public:
	explicit RunningCall(Oid target) noexcept : target_(target), outer_(innermost)
	{
		innermost = this;
	}
	RunningCall(const RunningCall &) = delete;
	RunningCall &operator=(const RunningCall &) = delete;
	~RunningCall() { innermost = outer_; }

	static bool works_on(Oid target) noexcept
	{
		for (const RunningCall *call = innermost; call != nullptr; call = call->outer_)
			if (call->target_ == target)
				return true;
		return false;
	}

  private:
	static RunningCall *innermost;
	Oid target_;
	RunningCall *outer_;
};

RunningCall *RunningCall::innermost = nullptr;

void refuse_nested_call(Oid target)
{
	pg::fail({.sqlstate = ERRCODE_OBJECT_IN_USE,
			  .message = pg::format("cannot sync \"%s\" from a trigger of a sync of the same table",
									pg::relation_name(target))});
}

/* One try on one snapshot; nothing when another transaction interfered and nothing was done. */
std::optional<Stats> attempt(const Call &call, bool is_last)
{
	const Request &request = call.plan.request;
	pg::WorkContext work("bulk_sync");
	auto snapshot = pg::ReadSnapshot::fresh();
	if (!request.dry_run && !pg::reads_committed())
		refuse_stale_scope(call.plan, snapshot.get());
	ChangeSet changes(call.plan);
	DiffResult const found = find_changes(call, snapshot.get(), changes);
	call.progress.begin(ProgressPhase::checking);
	check(call.plan, found, changes, snapshot.get());
	Written written;
	if (request.dry_run) {
		written = pretend(call, changes, snapshot.get());
	} else if (!changes.is_empty()) {
		if (!pg::reads_committed())
			refuse_unnoticed_inserts(call.plan, changes);
		written = apply(call, changes, snapshot.get(), is_last);
	}

	std::optional<Stats> stats;
	if (!written.conflict)
		stats = report(call, found, changes, written);
	changes.finish();
	snapshot.release();
	work.finish();
	return stats;
}

/* The plan stays the same over the attempts: the locks keep the tables as they are. */
Stats run(const Request &request, const pg::Relation &target, const Staging &staging,
		  CallProgress &progress, pg::ResultRows *result)
{
	Plan const plan = make_plan(request, target, staging.for_plan());
	std::optional<SyncRows> rows;
	if (result != nullptr)
		rows.emplace(plan, *result);
	Call const call{plan, staging, progress, rows ? &*rows : nullptr};
	prepare(call);
	for (int retries = 0;; retries++) {
		bool const is_last = retries == most_retries || !pg::reads_committed();
		if (std::optional<Stats> const stats = attempt(call, is_last))
			return *stats;
		if (is_last)
			refuse_conflict(target);
		progress.restart();
		if (rows)
			rows->restart();
	}
}

} // namespace

Stats synchronize(const Request &request, pg::ResultRows *result)
{
	check_rights_before_locks(request);
	if (!request.dry_run)
		pg::require_writable(request.target, "bulk_sync()");
	if (RunningCall::works_on(request.target))
		refuse_nested_call(request.target);
	RunningCall const running(request.target);
	CallProgress progress(request);
	auto target = pg::Relation::open(request.target, target_lock(request));
	check_target(request, target);
	Stats stats;
	if (request.rows) {
		stats = run(request, target, JsonStaging(request, target), progress, result);
	} else {
		auto staging = RelationStaging::open(request.staging);
		stats = run(request, target, staging, progress, result);
		staging.close();
	}
	target.close();
	return stats;
}

} // namespace bulk_sync
