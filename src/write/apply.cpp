#include "write/apply.hpp"

#include "pg/concurrency.hpp"
#include "pg/statement.hpp"
#include "plan/rights.hpp"
#include "plan/statements.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;
using pg::RowStore;
using pg::Statement;
using pg::String;

class RowCounter final : public pg::RowReceiver {
  public:
	void row(TupleTableSlot *) override { count++; }
	uint64 count = 0;
};

/* Rows of the store that are still as the diff saw them, under the given snapshot. */
uint64 count_untouched(const Scope &scope, const pg::Relation &target, const RowStore &store,
					   Snapshot snapshot)
{
	RowCounter counter;
	Statement::analyze(select_untouched(target, store), snapshot, target.oid(), {&store}, {},
					   pg::Parallel::allowed, scope.pruning)
		.read(counter);
	return counter.count;
}

uint64 count_and_release(const Scope &scope, const pg::Relation &target, const RowStore &store,
						 pg::ReadSnapshot snapshot)
{
	uint64 const count = count_untouched(scope, target, store, snapshot.get());
	snapshot.release();
	return count;
}

void refuse_own_change(const pg::Relation &target, uint64 rows)
{
	pg_call([&] {
		ereport(
			ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("rows of \"%s\" were modified by a trigger before bulk_sync wrote them",
					target.name()),
			 errdetail_plural("The change of " UINT64_FORMAT " row would be lost.",
							  "The change of " UINT64_FORMAT " rows would be lost.", rows, rows),
			 errhint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate "
					 "changes to other rows.")));
	});
}

void refuse_hidden_rows(const pg::Relation &target, uint64 rows)
{
	pg_call([&] {
		ereport(
			ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("row-level security policies of \"%s\" do not permit every change",
					target.name()),
			 errdetail_plural(UINT64_FORMAT " row in scope can be read but not written.",
							  UINT64_FORMAT " rows in scope can be read but not written.", rows,
							  rows),
			 errhint("Grant the change by a policy, or narrow the filter. A BEFORE trigger that "
					 "suppresses a row looks the same from here.")));
	});
}

/* What a statement says that it wrote. */
struct Reported {
	uint64 rows = 0;
	bool by_other_extension = false; /* a plan of another extension says so */
};

/* A number that nothing explains may be wrong, and what was written is not to be guessed. */
void require_explanation(const pg::Relation &target, uint64 planned, const Reported &reported)
{
	if (!reported.by_other_extension || reported.rows == planned ||
		(reported.rows < planned && target.has_before_row_triggers()))
		return;
	pg_call([&] {
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot tell which rows of \"%s\" were written", target.name()),
						errdetail("A plan that another extension has made says " UINT64_FORMAT
								  " where " UINT64_FORMAT
								  " were to be written, and no trigger or policy explains it.",
								  reported.rows, planned)));
	});
}

/*
 * Accounts for the rows that a DELETE or UPDATE did not write. `before` has what we had done when the
 * statement began: a row that it does not show at its old place was changed by a trigger of an
 * earlier statement, and our change of it would be lost. (Within one statement the server itself
 * refuses that.) What others have done since shows with the latest snapshot. All other rows were
 * suppressed by a BEFORE trigger, which may have changed the very row itself, or by a policy.
 */
uint64 count_suppressed(const Scope &scope, const pg::Relation &target, const RowStore &store,
						const Reported &reported, const pg::ReadSnapshot &before, Written &result)
{
	if (reported.rows == store.count())
		return 0;
	uint64 const there_before = count_untouched(scope, target, store, before.get());
	if (there_before < store.count())
		refuse_own_change(target, store.count() - there_before);
	if (count_and_release(scope, target, store,
						  pg::ReadSnapshot::latest_with_own_changes_of(before.get())) <
		store.count()) {
		result.conflict = true;
		return 0;
	}
	if (reported.rows < store.count() && has_policies(target))
		refuse_hidden_rows(target, store.count() - reported.rows);
	require_explanation(target, store.count(), reported);
	return store.count() - reported.rows;
}

Reported write(const String &sql, const pg::Relation &target, const RowStore &store,
			   Snapshot snapshot, const Report &report, const pg::Parameters &parameters,
			   Node *condition)
{
	auto statement = Statement::analyze(sql, snapshot, target.oid(), {&store}, parameters,
										pg::Parallel::forbidden, condition);
	uint64 const rows = statement.write(report.applied());
	return {rows, statement.was_wrapped()};
}

Reported write_deletes(const ColumnMap &map, const Scope &scope, const ChangeSet &changes,
					   const pg::Relation &target, Snapshot snapshot, const Report &report)
{
	return write(map.mark ? mark_rows(map, target, changes.changed_columns()) : delete_rows(target),
				 target, changes.deletes(), snapshot, report, {}, scope.pruning);
}

Reported write_inserts(const ColumnMap &map, const ChangeSet &changes, const pg::Relation &target,
					   Snapshot snapshot, const Report &report)
{
	pg::Parameters parameters;
	String const sql = insert_rows(map, target, changes, parameters);
	return write(sql, target, changes.inserts(), snapshot, report, parameters, nullptr);
}

Reported write_updates(const ColumnMap &map, const Scope &scope, const ChangeSet &changes,
					   const pg::Relation &target, Snapshot snapshot, const Report &report)
{
	Vector<bool> changed = changes.changed_columns();
	if (map.mark && changes.deletes().count() > 0)
		changed[*map.mark] = true;
	return write(update_rows(map, target, changed), target, changes.updates(), snapshot, report, {},
				 scope.pruning);
}

} // namespace

Written apply_changes(const ColumnMap &map, const Scope &scope, ChangeSet &changes,
					  const pg::Relation &target, Snapshot snapshot, Report &report)
{
	Written result;
	pg::begin_trigger_group();
	if (changes.deletes().count() > 0) {
		report.begin(Phase::deleting);
		auto before = pg::ReadSnapshot::with_own_changes(snapshot);
		Reported const reported = write_deletes(map, scope, changes, target, snapshot, report);
		result.deleted = reported.rows;
		result.suppressed +=
			count_suppressed(scope, target, changes.deletes(), reported, before, result);
		before.release();
		report.end_write(map.mark ? "marked as deleted" : "deleted", result.deleted);
	}
	if (!result.conflict && changes.updates().count() > 0) {
		report.begin(Phase::updating);
		auto before = pg::ReadSnapshot::with_own_changes(snapshot);
		Reported const reported = write_updates(map, scope, changes, target, snapshot, report);
		result.updated = reported.rows;
		result.suppressed_creates_and_updates +=
			count_suppressed(scope, target, changes.updates(), reported, before, result);
		before.release();
		report.end_write("updated", result.updated);
	}
	if (!result.conflict && changes.inserts().count() > 0) {
		report.begin(Phase::inserting);
		Reported const reported = write_inserts(map, changes, target, snapshot, report);
		require_explanation(target, changes.inserts().count(), reported);
		result.created = reported.rows;
		result.suppressed_creates_and_updates += changes.inserts().count() - reported.rows;
		report.end_write("created", result.created);
	}
	if (result.conflict)
		return result;
	report.begin(Phase::triggers);
	pg::fire_trigger_group(snapshot);
	report.end_triggers();
	result.suppressed += result.suppressed_creates_and_updates;
	return result;
}

} // namespace bulk_sync
