#include "write/conflicts.hpp"

#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "pg/statement.hpp"
#include "plan/read_statements.hpp"
#include "read/diff_into.hpp"

namespace bulk_sync {

namespace {

/* Of a diff, only whether any pair was found. */
class PairFinder final : public DiffSink {
  public:
	void added(const AddedRow &) override {}
	void updated(const ChangedRow &) override { found = true; }
	void removed(const TargetRow &) override {}
	void unchanged(const TargetRow &, StagedRow *) override { found = true; }
	void held_back(const ChangedRow &) override {}

	bool found = false;
};

/* A sum over row versions that does not depend on their order. */
class VersionSum final : public pg::RowReceiver {
  public:
	PG_RAISES void row(TupleTableSlot *slot) override
	{
		RowId const id = row_id_of(slot);
		uint64 const place =
			pg::hash_combine(id.table, (uint64{ItemPointerGetBlockNumberNoCheck(&id.tid)} << 16) |
										   ItemPointerGetOffsetNumberNoCheck(&id.tid));
		sum += pg::hash_combine(place, id.xmin);
	}

	uint64 sum = 0;
};

uint64 sum_versions(const Plan &plan, Snapshot snapshot)
{
	VersionSum versions;
	pg::Statement::plan(select_row_ids(plan), snapshot, plan.target.oid(), {}, {}).read(versions);
	return versions.sum;
}

/* Have the rows in scope changed since the snapshot in any way? */
bool scope_changed_since(const Plan &plan, Snapshot snapshot)
{
	auto latest = pg::ReadSnapshot::latest();
	bool const changed = sum_versions(plan, snapshot) != sum_versions(plan, latest.get());
	latest.release();
	return changed;
}

/* The new rows of a change set, which are formed already, in the place of staging. */
class NewRows final : public Staging {
  public:
	NewRows(pg::RowStore &rows, const pg::ColumnList &columns) : rows_(rows), columns_(columns) {}

	const char *description() const override { return "new rows"; }
	const pg::ColumnList &columns() const override { return columns_; }
	void lock_sources(const Plan &, Snapshot) const override {}

	void scan(const Plan &plan, Snapshot, Diff &diff, Observer &) const override
	{
		diff.form_staging(plan.target.tuple_desc());
		pg::pg_call([&] {
			TupleTableSlot *const slot =
				MakeSingleTupleTableSlot(rows_.tuple_desc(), &TTSOpsMinimalTuple);
			rows_.rewind();
			while (rows_.next(slot)) {
				slot_getallattrs(slot);
				diff.add_staged(slot->tts_values, slot->tts_isnull);
			}
			ExecDropSingleTupleTableSlot(slot);
			diff.end_staged();
		});
	}

  private:
	pg::RowStore &rows_;
	const pg::ColumnList &columns_;
};

} // namespace

void refuse_conflict(const pg::Relation &target)
{
	/* A call in the same transaction would have the same snapshot. */
	pg::fail(
		{.sqlstate = ERRCODE_T_R_SERIALIZATION_FAILURE,
		 .message = pg::format("could not sync \"%s\" due to concurrent changes", target.name()),
		 .detail = "Other transactions changed rows between reading and writing them.",
		 .hint = pg::reads_committed() ? "Try the transaction again, or use lock => 'table'."
									   : "Try the transaction again."});
}

bool new_keys_exist_by_now(const Plan &plan, ChangeSet &changes)
{
	if (changes.insert_count() == 0)
		return false;
	auto latest = pg::ReadSnapshot::latest();
	PairFinder finder;
	DiffResult result;
	NoObserver nobody;
	diff_into(plan, NewRows(changes.inserts(), plan.target), latest.get(), Wanted::matches, finder,
			  result, nobody);
	latest.release();
	return finder.found;
}

void refuse_stale_scope(const Plan &plan, Snapshot snapshot)
{
	if (plan.request.lock != LockMode::table)
		return;
	require_row_ids(plan, snapshot);
	if (scope_changed_since(plan, snapshot))
		refuse_conflict(plan.target);
}

/* An index that counts on what the filter fixes notices no row that is inserted outside of the
 * scope. */
void refuse_unnoticed_inserts(const Plan &plan, ChangeSet &changes)
{
	bool const index_notices =
		plan.request.allow_out_of_scope
			? plan.target.has_unique_index_on(key_numbers(plan.map), Vector<AttrNumber>(), nullptr)
			: plan.keys_are_unique;
	if (!index_notices && new_keys_exist_by_now(plan, changes))
		refuse_conflict(plan.target);
}

} // namespace bulk_sync
