#include "write/apply.hpp"

#include "pg/concurrency.hpp"
#include "pg/direct_write.hpp"
#include "pg/fail.hpp"
#include "pg/ordered_rows.hpp"
#include "pg/statement.hpp"
#include "plan/read_statements.hpp"
#include "plan/rights.hpp"
#include "plan/write_statements.hpp"
#include "write/road.hpp"

namespace bulk_sync {

namespace {

using pg::RowStore;
using pg::Statement;
using pg::String;

class RowCounter final : public pg::RowReceiver {
  public:
	void row(TupleTableSlot *) override { count++; }
	uint64 count = 0;
};

/* Rows of the store that are still as the diff saw them, under the given snapshot. */
uint64 count_untouched(const Plan &plan, const RowStore &store, Snapshot snapshot)
{
	RowCounter counter;
	Statement::plan(select_untouched(plan.target, store), snapshot, plan.target.oid(), {&store}, {},
					pg::Parallel::allowed, plan.scope.pruning)
		.read(counter);
	return counter.count;
}

uint64 count_and_release(const Plan &plan, const RowStore &store, pg::ReadSnapshot snapshot)
{
	uint64 const count = count_untouched(plan, store, snapshot.get());
	snapshot.release();
	return count;
}

void refuse_own_change(const pg::Relation &target, uint64 rows)
{
	pg::fail({.sqlstate = ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
			  .message = pg::format("rows of \"%s\" were modified by a trigger before bulk_sync "
									"wrote them",
									target.name()),
			  .detail = pg::counted(rows, "The change of " UINT64_FORMAT " row would be lost.",
									"The change of " UINT64_FORMAT " rows would be lost.", rows),
			  .hint = "Consider using an AFTER trigger instead of a BEFORE trigger to propagate "
					  "changes to other rows."});
}

void refuse_hidden_rows(const pg::Relation &target, uint64 rows)
{
	pg::fail(
		{.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
		 .message = pg::format("row-level security policies of \"%s\" do not permit every change",
							   target.name()),
		 .detail = pg::counted(rows, UINT64_FORMAT " row in scope can be read but not written.",
							   UINT64_FORMAT " rows in scope can be read but not written.", rows),
		 .hint = "Grant the change by a policy, or narrow the filter. A BEFORE trigger that "
				 "suppresses a row looks the same from here."});
}

/* What a write says that it wrote. */
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
	pg::fail({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			  .message = pg::format("cannot tell which rows of \"%s\" were written", target.name()),
			  .detail = pg::format("A plan that another extension has made says " UINT64_FORMAT
								   " where " UINT64_FORMAT
								   " were to be written, and no trigger or policy explains it.",
								   reported.rows, planned)});
}

/*
 * Accounts for the rows that a DELETE or UPDATE did not write. `before` has what we had done when
 * the statement began: a row that it does not show at its old place was changed by a trigger of an
 * earlier statement, and our change of it would be lost. (Within one statement the server itself
 * refuses that.) What others have done since shows with the latest snapshot. All other rows were
 * suppressed by a BEFORE trigger, which may have changed the very row itself, or by a policy.
 */
uint64 count_suppressed(const Plan &plan, const RowStore &store, const Reported &reported,
						const pg::ReadSnapshot &before, Written &result)
{
	if (reported.rows == store.count())
		return 0;
	uint64 const there_before = count_untouched(plan, store, before.get());
	if (there_before < store.count())
		refuse_own_change(plan.target, store.count() - there_before);
	auto const latest = pg::ReadSnapshot::latest_with_own_changes_of(before.get());
	if (count_and_release(plan, store, latest) < store.count()) {
		result.conflict = true;
		return 0;
	}
	if (reported.rows < store.count() && has_policies(plan.target))
		refuse_hidden_rows(plan.target, store.count() - reported.rows);
	require_explanation(plan.target, store.count(), reported);
	return store.count() - reported.rows;
}

/* The three writes of one attempt. */
class Writes {
  public:
	Writes(const Plan &plan, ChangeSet &changes, Snapshot snapshot, Observer &observer,
		   SyncRows *rows)
		: plan_(plan), changes_(changes), snapshot_(snapshot), observer_(observer), rows_(rows)
	{
	}

	void delete_or_mark()
	{
		begin(ProgressPhase::deleting, "deleted");
		result_.deleted = plan_.map.mark ? mark() : delete_them();
	}

	void update()
	{
		begin(ProgressPhase::updating, "updated");
		Vector<bool> changed = changes_.changed_columns();
		if (plan_.map.mark && changes_.deletes().count() > 0)
			changed[*plan_.map.mark] = true;
		result_.updated = write_by_row_id(
			{"updated", CMD_UPDATE, changes_.updates()}, result_.suppressed_creates_and_updates,
			[&] { return update_rows(plan_, changed); },
			[&](const pg::RowsById &rows) {
				return pg::update_directly(rows, updated_columns(plan_, changed), observer_);
			});
	}

	void insert()
	{
		begin(ProgressPhase::inserting, "created");
		const char *const reason = reason_for_statement(plan_, CMD_INSERT);
		Reported const reported =
			reason == nullptr ? insert_rows_directly() : insert_by_statement();
		require_explanation(plan_.target, changes_.insert_count(), reported);
		result_.created = reported.rows;
		result_.suppressed_creates_and_updates += changes_.insert_count() - reported.rows;
		observer_.rows_were_written("created", result_.created, reason);
	}

	void fire_triggers()
	{
		observer_.begin(ProgressPhase::triggers);
		pg::fire_trigger_group(snapshot_);
		observer_.triggers_were_fired();
		result_.suppressed += result_.suppressed_creates_and_updates;
	}

	const Written &result() const noexcept { return result_; }

  private:
	/* What is done to the rows of a store. */
	struct StoredWrite {
		const char *done; /* as a report says it */
		CmdType command;
		RowStore &store;
	};

	void begin(ProgressPhase phase, const char *action)
	{
		observer_.begin(phase);
		if (rows_ != nullptr)
			rows_->begin(action);
	}

	/* `before` sees what the statement finds. */
	Reported write(String sql, const StoredWrite &what, const pg::Parameters &parameters,
				   Snapshot before)
	{
		if (rows_ != nullptr)
			append_returning(sql, what.command);
		auto statement = Statement::plan(
			sql, snapshot_, plan_.target.oid(), {&what.store}, parameters, pg::Parallel::forbidden,
			what.command == CMD_INSERT ? nullptr : plan_.scope.pruning);
		uint64 const rows = rows_ == nullptr ? statement.write(observer_, nullptr)
											 : write_and_tell(statement, what.command, before);
		return {rows, statement.was_wrapped()};
	}

	/* Old versions are read under a copy of the snapshot: the one of a transaction, which
	 * REPEATABLE READ has, comes to see what we have done. */
	uint64 write_and_tell(Statement &statement, CmdType command, Snapshot before)
	{
		pg::ReturnedRows returned(plan_.target, command, before, *rows_);
		uint64 const rows = statement.write(observer_, &returned);
		returned.finish();
		return rows;
	}

	Reported insert_by_statement()
	{
		pg::Parameters parameters;
		String const sql = insert_rows(plan_, changes_.insert_store(), parameters);
		return write(sql, {"created", CMD_INSERT, changes_.inserts()}, parameters, snapshot_);
	}

	Reported insert_rows_directly()
	{
		InsertStore const store = changes_.insert_store();
		Vector<pg::InsertedColumn> columns = inserted_columns(plan_, store);
		if (AddedRows *const added = changes_.added_rows()) {
			for (pg::InsertedColumn &column : columns)
				if (column.source_column != 0)
					column.source_column = added->attribute(column.source_column - 1) + 1;
			return {
				pg::insert_directly({plan_.target, *added, snapshot_, columns, rows_}, observer_)};
		}
		pg::OrderedRows rows(changes_.inserts(), position_column(store));
		return {pg::insert_directly({plan_.target, rows, snapshot_, columns, rows_}, observer_)};
	}

	uint64 delete_them()
	{
		return write_by_row_id(
			{"deleted", CMD_DELETE, changes_.deletes()}, result_.suppressed,
			[&] { return delete_rows(plan_.target); },
			[&](const pg::RowsById &rows) { return pg::delete_directly(rows, observer_); });
	}

	uint64 mark()
	{
		const Vector<bool> &changed = changes_.changed_columns();
		return write_by_row_id(
			{"marked as deleted", CMD_UPDATE, changes_.deletes()}, result_.suppressed,
			[&] { return mark_rows(plan_, changed); },
			[&](const pg::RowsById &rows) {
				return pg::update_directly(rows, marked_columns(plan_, changed), observer_);
			});
	}

	/* Returns the rows written; adds the suppressed ones. Of the last two, one is called: the first
	 * makes the statement, the second writes without it. */
	template <typename MakeStatement, typename WriteDirectly>
	uint64 write_by_row_id(const StoredWrite &what, uint64 &suppressed,
						   MakeStatement &&make_statement, WriteDirectly &&write_directly)
	{
		auto before = pg::ReadSnapshot::with_own_changes(snapshot_);
		const char *const reason = reason_for_statement(plan_, what.command);
		Reported reported;
		if (reason == nullptr)
			reported.rows = write_directly(pg::RowsById{
				plan_.target, what.store, snapshot_, changes_.insert_store().has_positions, rows_});
		else
			reported = write(make_statement(), what, {}, before.get());
		suppressed += count_suppressed(plan_, what.store, reported, before, result_);
		before.release();
		observer_.rows_were_written(what.done, reported.rows, reason);
		return reported.rows;
	}

	const Plan &plan_;
	ChangeSet &changes_;
	Snapshot snapshot_;
	Observer &observer_;
	SyncRows *rows_; /* nullptr: nobody asks for them */
	Written result_;
};

} // namespace

Written apply_changes(const Plan &plan, ChangeSet &changes, Snapshot snapshot, Observer &observer,
					  SyncRows *rows)
{
	Writes writes(plan, changes, snapshot, observer, rows);
	pg::begin_trigger_group();
	if (changes.deletes().count() > 0)
		writes.delete_or_mark();
	if (!writes.result().conflict && changes.updates().count() > 0)
		writes.update();
	if (!writes.result().conflict && changes.insert_count() > 0)
		writes.insert();
	if (!writes.result().conflict)
		writes.fire_triggers();
	return writes.result();
}

} // namespace bulk_sync
