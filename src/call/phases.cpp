#include "call/phases.hpp"

#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "plan/locks.hpp"
#include "read/diff_into.hpp"
#include "write/collisions.hpp"
#include "write/conflicts.hpp"
#include "write/guards.hpp"
#include "write/key_check.hpp"
#include "write/scope_check.hpp"

namespace bulk_sync {

namespace {

/* A unique value that goes round among updated rows is refused or not by the order in which they
 * are written. */
void add_hint_for_swaps(ErrorData *error)
{
	if (error->hint == nullptr)
		error->hint = pg::pg_call([] {
			return pstrdup("If rows hand the value on to each other, declare the constraint "
						   "DEFERRABLE.");
		});
}

/* Is the error one that a new attempt on a fresh snapshot may not meet? An error that is none comes
 * out as it was raised, with a hint more at the most. */
bool is_conflict(const Call &call, const pg::Error &error, ChangeSet &changes, Snapshot snapshot,
				 TransactionId writer, bool is_last)
{
	if (error.sqlstate() == ERRCODE_T_R_SERIALIZATION_FAILURE)
		return !is_last;
	Violation const violation = judge_violation(error, call.plan, changes, snapshot, writer);
	if (violation == Violation::of_another_table)
		return false;
	if (violation == Violation::unknown && !is_last)
		return true;
	if (violation == Violation::conflict || new_keys_exist_by_now(call.plan, changes))
		return true;
	if (violation == Violation::swap && call.progress.phase() == ProgressPhase::updating)
		add_hint_for_swaps(error.data());
	return false;
}

/* What the holder of a lock puts into a table while we wait for it would be missed by a snapshot
 * that is older than the lock, and after its TRUNCATE there would be nothing at all. */
void lock_sources(const Call &call)
{
	pg::WorkContext work("bulk_sync locks");
	auto snapshot = pg::ReadSnapshot::fresh();
	call.staging.lock_sources(call.plan, snapshot.get());
	lock_what_is_read(call.plan, snapshot.get());
	snapshot.release();
	work.finish();
}

} // namespace

void prepare(const Call &call)
{
	const Plan &plan = call.plan;
	if (plan.request.may_write())
		pg::wait_for_other_calls(plan.target.oid(), plan.target.ancestors(),
								 plan.scope.lock_number(), !plan.keys_are_unique);
	lock_sources(call);
}

DiffResult find_changes(const Call &call, Snapshot snapshot, ChangeSet &changes)
{
	DiffResult found;
	wanted_diff_into(call.plan, call.staging, snapshot,
					 call.plan.request.skip_deletes ? Wanted::matches : Wanted::all_in_scope,
					 changes, found, call.progress);
	call.progress.changes_were_found(
		call.plan, found.counts,
		{changes.insert_count(), changes.updates().count(), changes.deletes().count()});
	return found;
}

void check(const Plan &plan, const DiffResult &found, ChangeSet &changes, Snapshot snapshot)
{
	check_duplicates(plan, found);
	check_guards(plan, found.counts, changes.deletes().count());
	PlannedWrites const writes{plan, changes, snapshot};
	OutOfScope out_of_scope;
	find_out_of_scope(writes, out_of_scope);
	refuse_out_of_scope(plan, out_of_scope);
	refuse_other_keys(plan, find_other_keys(writes));
}

Written apply(const Call &call, ChangeSet &changes, Snapshot snapshot, bool is_last)
{
	auto subtransaction = pg::Subtransaction::begin();
	try {
		Written const written =
			apply_changes(call.plan, changes, snapshot, call.progress, call.rows);
		if (written.conflict)
			subtransaction.roll_back();
		else
			subtransaction.commit();
		return written;
	} catch (const pg::Error &error) {
		TransactionId const writer = subtransaction.writer();
		subtransaction.roll_back();
		if (!is_conflict(call, error, changes, snapshot, writer, is_last))
			throw;
		Written written;
		written.conflict = true;
		return written;
	} catch (...) {
		subtransaction.roll_back();
		throw;
	}
}

Written pretend(const Call &call, ChangeSet &changes, Snapshot snapshot)
{
	if (call.rows != nullptr)
		call.rows->foresee(changes, snapshot);
	Written written;
	written.created = changes.insert_count();
	written.updated = changes.updates().count();
	written.deleted = changes.deletes().count();
	return written;
}

Stats report(const Call &call, const DiffResult &found, const ChangeSet &changes,
			 const Written &written)
{
	Stats stats;
	stats.created = written.created;
	stats.updated = written.updated;
	stats.deleted = written.deleted;
	stats.unchanged = found.counts.unchanged;
	uint64 const skipped = changes.skipped_creates() + changes.skipped_updates();
	stats.skipped = skipped + written.suppressed;
	if (stats.created + stats.updated + stats.unchanged + skipped +
			written.suppressed_creates_and_updates !=
		found.counts.staged)
		pg::fail({.sqlstate = ERRCODE_INTERNAL_ERROR,
				  .message = pg::format("bulk_sync lost count of the rows of %s",
										call.plan.staging_name)});
	return stats;
}

} // namespace bulk_sync
