#include "shards/empty_scope.hpp"

#include "diff/compare_rows.hpp"
#include "pg/concurrency.hpp"

namespace bulk_sync::shards {

namespace {

/* Staging on one side, and no row on the other. */
void diff_with_nothing(const Plan &plan, const Staging &staging, Snapshot snapshot, DiffSink &sink,
					   DiffResult &result, Observer &observer)
{
	pg::WorkContext work("bulk_sync diff");
	Diff diff(plan.map, sink, result, get_hash_memory_limit());
	observer.begin(ProgressPhase::staging);
	staging.scan(plan, snapshot, diff, observer);
	observer.reading(result.counts.staged);
	observer.staging_was_read(plan, result);
	diff.form_target(plan.target.tuple_desc());
	pg::pg_call([&] { diff.end_target(); });
	work.finish();
}

/* A snapshot that is older than the locks on what a view reads would miss rows. */
pg::ReadSnapshot snapshot_behind_locks(const Plan &plan, const Staging &staging)
{
	auto snapshot = pg::ReadSnapshot::fresh();
	staging.lock_sources(plan, snapshot.get());
	snapshot.release();
	return pg::ReadSnapshot::fresh();
}

} // namespace

Stats sync_empty_scope(const Call &call)
{
	auto snapshot = snapshot_behind_locks(call.plan, call.staging);
	ChangeSet changes(call.plan);
	DiffResult found;
	diff_with_nothing(call.plan, call.staging, snapshot.get(), changes, found, call.progress);
	call.progress.changes_were_found(call.plan, found.counts, {changes.insert_count(), 0, 0});
	call.progress.begin(ProgressPhase::checking);
	check(call.plan, found, changes, snapshot.get());
	Stats const stats = report(call, found, changes, Written());
	changes.finish();
	snapshot.release();
	return stats;
}

void compare_empty_scope(const Plan &plan, const Staging &staging, pg::ResultRows &result)
{
	auto snapshot = pg::ReadSnapshot::of_caller();
	ChangeSet changes(plan);
	CompareRows rows(plan, result, plan.checks_stored_rows() ? &changes : nullptr);
	DiffResult found;
	NoObserver nobody;
	diff_with_nothing(plan, staging, snapshot.get(), rows, found, nobody);
	check(plan, found, changes, snapshot.get());
	changes.finish();
	snapshot.release();
}

void read_staging(const Plan &plan, const Staging &staging)
{
	auto snapshot = pg::ReadSnapshot::fresh();
	ChangeSet changes(plan);
	DiffResult found;
	NoObserver nobody;
	diff_with_nothing(plan, staging, snapshot.get(), changes, found, nobody);
	changes.finish();
	snapshot.release();
}

} // namespace bulk_sync::shards
