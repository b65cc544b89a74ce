#include "read/target_scan.hpp"

#include <algorithm>

#include "pg/fail.hpp"
#include "pg/foreign_plan.hpp"
#include "pg/whole_table.hpp"
#include "plan/rights.hpp"
#include "plan/read_statements.hpp"
#include "plan/stores.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;
using pg::RowStore;

/* Tells the observer when another so many rows have been read. */
void tell(const Diff &diff, uint64 before, Observer &observer) noexcept
{
	if (diff.counts().in_scope / Observer::told_rows != before / Observer::told_rows)
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
		tell(diff_, diff_.counts().in_scope - 1, observer_);
	}

  private:
	Diff &diff_;
	Observer &observer_;
};

/* Takes the tuples of a scan as the heap stores them, one by one or page by page. */
class StoredTupleReceiver final : public pg::RowReceiver, public pg::PageReceiver {
  public:
	StoredTupleReceiver(Diff &diff, Observer &observer) : diff_(diff), observer_(observer) {}

	PG_RAISES void row(TupleTableSlot *slot) override
	{
		diff_.add_target(pg::stored_tuple(slot));
		tell(diff_, diff_.counts().in_scope - 1, observer_);
	}

	PG_RAISES void page(const HeapTupleData *tuples, int count) override
	{
		uint64 const before = diff_.counts().in_scope;
		for_each(tuples, count,
				 [&](const HeapTupleData &tuple) { diff_.add_target_in_place(tuple); });
		diff_.flush_target();
		tell(diff_, before, observer_);
	}

  private:
	Diff &diff_;
	Observer &observer_;
};

/* The keys of staging as a relation to join with, and which of them are NULL somewhere. */
struct StagedKeys {
	RowStore store;
	Vector<bool> has_null;
};

StagedKeys collect_keys(const ColumnMap &map, Diff &diff)
{
	StagedKeys keys{RowStore::create(staged_keys_name, key_store_desc(map)), Vector<bool>()};
	keys.has_null.resize(map.key_count(), false);
	RowValues const values = RowValues::with_room_for(map.key_count());
	pg_call([&] {
		diff.staged_in_memory()->for_each([&](StagedRow *row) {
			CHECK_FOR_INTERRUPTS();
			for (int i = 0; i < map.key_count(); i++) {
				values.values[i] = diff.staged_shape().value(row->view(), i, values.nulls[i]);
				if (values.nulls[i])
					keys.has_null[i] = true;
			}
			keys.store.put(values.values, values.nulls);
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
			 Observer &observer)
{
	StagedKeys keys = collect_keys(plan.map, diff);
	auto statement = pg::Statement::plan(select_target_by_keys(plan, keys.has_null), snapshot,
										 plan.target.oid(), {&keys.store}, {}, parallel);
	bool const is_cheaper = statement.planned_cost() < limit;
	if (is_cheaper) {
		TargetReceiver receiver(diff, observer);
		diff.form_target(plan.target.tuple_desc());
		statement.read(receiver);
	}
	keys.store.finish();
	return is_cheaper;
}

/* How the rows of the target are read: as they are stored, or their columns. */
struct TargetStatement {
	pg::Statement statement;
	bool gives_pages = false;
	bool gives_tuples = false;
};

/* Tuples that go to files whole, for the sake of a few columns, are not worth what they save. */
bool takes_stored_tuples(const Plan &plan, Diff &diff)
{
	if (plan.target.has_children() || plan.target.kind() != RELKIND_RELATION)
		return false;
	Vector<AttrNumber> used;
	for (const Column &column : plan.map.image)
		used.push_back(column.target);
	for (AttrNumber const column : plan.map.carried)
		used.push_back(column);
	return diff.staged_in_memory() != nullptr || plan.target.is_mostly(used);
}

Vector<AttrNumber> all_columns(const pg::Relation &relation)
{
	Vector<AttrNumber> all;
	for (const pg::Attribute &attribute : relation.attributes())
		all.push_back(attribute.number);
	return all;
}

TargetStatement plan_scan(const Plan &plan, Snapshot snapshot, pg::Parallel parallel, Diff &diff)
{
	auto const planned = [&](const pg::String &sql) {
		return pg::Statement::plan(sql, snapshot, plan.target.oid(), {}, {}, parallel);
	};
	if (takes_stored_tuples(plan, diff)) {
		TargetStatement whole{planned(select_whole_rows(plan))};
		whole.gives_pages = whole.statement.scans_pages(plan.target, all_columns(plan.target));
		whole.gives_tuples = whole.statement.gives_stored_tuples(plan.target);
		if (whole.gives_pages || whole.gives_tuples)
			return whole;
	}
	return {planned(select_target(plan))};
}

/* Is every row of the table read, as it is stored? Policies would hide some. */
bool takes_whole_table(const Plan &plan, Wanted wanted, Diff &diff)
{
	return plan.scope.is_whole_table() && pg::needs_no_plan(plan.target) &&
		   takes_stored_tuples(plan, diff) &&
		   !(wanted == Wanted::matches && may_look_up(plan.map, diff)) &&
		   !has_policies(plan.target);
}

void scan_whole_table(const Plan &plan, Snapshot snapshot, Diff &diff, Observer &observer)
{
	observer.expect(pg::estimated_rows(plan.target));
	StoredTupleReceiver receiver(diff, observer);
	diff.take_stored_target(RelationGetDescr(plan.target.get()));
	pg::read_whole_table(plan.target, all_columns(plan.target), snapshot, receiver);
}

void scan(const Plan &plan, TargetStatement &scanned, Diff &diff, Observer &observer)
{
	if (!scanned.gives_pages && !scanned.gives_tuples) {
		TargetReceiver receiver(diff, observer);
		diff.form_target(plan.target.tuple_desc());
		scanned.statement.read(receiver);
		return;
	}
	StoredTupleReceiver receiver(diff, observer);
	diff.take_stored_target(RelationGetDescr(plan.target.get()));
	if (scanned.gives_pages)
		scanned.statement.read_pages(receiver);
	else
		scanned.statement.read(receiver);
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
	if (takes_whole_table(plan, wanted, diff)) {
		scan_whole_table(plan, snapshot, diff, observer);
	} else {
		TargetStatement scanned = plan_scan(plan, snapshot, parallel, diff);
		observer.expect(scanned.statement.planned_rows());
		bool const looked_up =
			wanted == Wanted::matches && may_look_up(plan.map, diff) &&
			look_up(plan, snapshot, parallel, scanned.statement.planned_cost(), diff, observer);
		if (!looked_up)
			scan(plan, scanned, diff, observer);
	}
	pg_call([&] { diff.end_target(); });
}

} // namespace bulk_sync
