#include "read/target_scan.hpp"

#include <algorithm>

#include "pg/fail.hpp"
#include "pg/foreign_plan.hpp"
#include "pg/statement.hpp"
#include "plan/read_statements.hpp"
#include "plan/stores.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;
using pg::RowStore;

void tell(const Diff &diff, Observer &observer) noexcept
{
	if (diff.counts().in_scope % Observer::told_rows == 0)
		observer.reading(diff.counts().in_scope);
}

class TargetReceiver final : public pg::RowReceiver {
  public:
	TargetReceiver(Diff &diff, Observer &observer) : diff_(diff), observer_(observer) {}

	PG_RAISES void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		diff_.add_target(row_id_of(slot), slot->tts_values + row_id_columns,
						 slot->tts_isnull + row_id_columns);
		tell(diff_, observer_);
	}

  private:
	Diff &diff_;
	Observer &observer_;
};

/* Takes the tuples of a plain scan as the heap stores them, with all columns of the target. */
class StoredTupleReceiver final : public pg::RowReceiver {
  public:
	StoredTupleReceiver(const ColumnMap &map, Diff &diff, Observer &observer)
		: diff_(diff), observer_(observer),
		  row_(RowValues::with_room_for(static_cast<int>(map.image.size() + map.carried.size())))
	{
		for (const Column &column : map.image)
			columns_.push_back(column.target);
		for (AttrNumber const column : map.carried)
			columns_.push_back(column);
		last_ = *std::max_element(columns_.begin(), columns_.end());
	}

	PG_RAISES void row(TupleTableSlot *slot) override
	{
		slot_getsomeattrs(slot, last_);
		std::size_t position = 0;
		for (AttrNumber const column : columns_) {
			row_.values[position] = slot->tts_values[column - 1];
			row_.nulls[position] = slot->tts_isnull[column - 1];
			position++;
		}
		diff_.add_target(pg::stored_row_id(slot), row_.values, row_.nulls);
		tell(diff_, observer_);
	}

  private:
	Diff &diff_;
	Observer &observer_;
	Vector<AttrNumber> columns_;
	AttrNumber last_;
	RowValues row_;
};

/* The keys of staging as a relation to join with, and which of them are NULL somewhere. */
struct StagedKeys {
	RowStore store;
	Vector<bool> has_null;
};

StagedKeys collect_keys(const ColumnMap &map, StagedRows &rows)
{
	StagedKeys keys{RowStore::create(staged_keys_name, key_store_desc(map)), Vector<bool>()};
	keys.has_null.resize(map.key_count(), false);
	RowValues const values = RowValues::with_room_for(map.key_count());
	pg_call([&] {
		rows.for_each([&](StagedRow *row) {
			CHECK_FOR_INTERRUPTS();
			pg::deform_tuple(row->image(), map.key_desc, values.values, values.nulls);
			keys.store.put(values.values, values.nulls);
			for (int i = 0; i < map.key_count(); i++)
				if (values.nulls[i])
					keys.has_null[i] = true;
		});
	});
	return keys;
}

/* More rows than this are not looked up one by one by any plan that is worth preparing. */
constexpr uint64 most_rows_to_look_up = 1000000;

bool may_look_up(const ColumnMap &map, Diff &diff)
{
	return map.key_count() <= INDEX_MAX_KEYS && diff.staged_in_memory() != nullptr &&
		   diff.staged_in_memory()->count() <= most_rows_to_look_up;
}

/* Does nothing, and says so, where the planner finds it dearer than `limit`. */
bool look_up(const Plan &plan, Snapshot snapshot, pg::Parallel parallel, double limit, Diff &diff,
			 TargetReceiver &receiver)
{
	StagedKeys keys = collect_keys(plan.map, *diff.staged_in_memory());
	auto statement = pg::Statement::plan(select_target_by_keys(plan, keys.has_null), snapshot,
										 plan.target.oid(), {&keys.store}, {}, parallel);
	bool const is_cheaper = statement.planned_cost() < limit;
	if (is_cheaper)
		statement.read(receiver);
	keys.store.finish();
	return is_cheaper;
}

/* Does nothing, and says so, where the plan is more than a scan of one heap table. */
bool read_stored_tuples(const Plan &plan, Snapshot snapshot, pg::Parallel parallel, Diff &diff,
						Observer &observer)
{
	if (plan.target.has_children())
		return false;
	auto whole_rows =
		pg::Statement::plan(select_whole_rows(plan), snapshot, plan.target.oid(), {}, {}, parallel);
	if (!whole_rows.gives_stored_tuples(plan.target))
		return false;
	StoredTupleReceiver stored(plan.map, diff, observer);
	whole_rows.read(stored);
	return true;
}

} // namespace

RowId row_id_of(TupleTableSlot *slot)
{
	slot_getsomeattrs(slot, row_id_columns);
	if (slot->tts_isnull[0] || slot->tts_isnull[1] || slot->tts_isnull[2])
		pg::raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
				   .message = "cannot sync rows that have no row ids",
				   .detail = "A plan that another extension has made gives none."});
	RowId id;
	id.table = DatumGetObjectId(slot->tts_values[0]);
	id.tid = *reinterpret_cast<ItemPointer>(DatumGetPointer(slot->tts_values[1]));
	id.xmin = DatumGetTransactionId(slot->tts_values[2]);
	return id;
}

void require_row_ids(const Plan &plan, Snapshot snapshot)
{
	if (pg::others_plan_scans())
		pg::Statement::plan(select_whole_rows(plan), snapshot, plan.target.oid(), {}, {})
			.require_row_ids(plan.target);
}

void scan_target(const Plan &plan, Snapshot snapshot, Wanted wanted, const DiffSink &sink,
				 Diff &diff, Observer &observer)
{
	pg::Parallel const parallel = sink.is_parallel_safe() && plan.map.keys_are_parallel_safe()
									  ? pg::Parallel::allowed
									  : pg::Parallel::forbidden;
	if (plan.map.reads_row_ids)
		require_row_ids(plan, snapshot);
	TargetReceiver receiver(diff, observer);
	auto statement =
		pg::Statement::plan(select_target(plan), snapshot, plan.target.oid(), {}, {}, parallel);
	observer.expect(statement.planned_rows());
	bool const looked_up =
		wanted == Wanted::matches && may_look_up(plan.map, diff) &&
		look_up(plan, snapshot, parallel, statement.planned_cost(), diff, receiver);
	if (!looked_up && !read_stored_tuples(plan, snapshot, parallel, diff, observer))
		statement.read(receiver);
	pg_call([&] { diff.end_target(); });
}

} // namespace bulk_sync
