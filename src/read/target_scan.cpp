#include "read/target_scan.hpp"

#include <algorithm>

#include "pg/foreign_plan.hpp"
#include "plan/statements.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;
using pg::RowStore;

class TargetReceiver final : public pg::RowReceiver {
  public:
	explicit TargetReceiver(Diff &diff) : diff_(diff) {}

	void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		diff_.add_target(row_id_of(slot), slot->tts_values + row_id_columns,
						 slot->tts_isnull + row_id_columns);
	}

  private:
	Diff &diff_;
};

/* Takes the tuples of a plain scan as the heap stores them, with all columns of the target. */
class StoredTupleReceiver final : public pg::RowReceiver {
  public:
	StoredTupleReceiver(const ColumnMap &map, Diff &diff)
		: diff_(diff),
		  row_(RowValues::with_room_for(static_cast<int>(map.image.size() + map.carried.size())))
	{
		for (const Column &column : map.image)
			columns_.push_back(column.target);
		for (AttrNumber const column : map.carried)
			columns_.push_back(column);
		last_ = *std::max_element(columns_.begin(), columns_.end());
	}

	void row(TupleTableSlot *slot) override
	{
		slot_getsomeattrs(slot, last_);
		std::size_t position = 0;
		for (AttrNumber const column : columns_) {
			row_.values[position] = slot->tts_values[column - 1];
			row_.nulls[position] = slot->tts_isnull[column - 1];
			position++;
		}
		diff_.add_target(pg::stored_row_id(slot), row_.values, row_.nulls);
	}

  private:
	Diff &diff_;
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

bool may_look_up(const ColumnMap &map, bool matches_only, Diff &diff)
{
	return matches_only && map.key_count() <= INDEX_MAX_KEYS &&
		   diff.staged_in_memory() != nullptr &&
		   diff.staged_in_memory()->count() <= most_rows_to_look_up;
}

/* Does nothing, and says so, where the plan is more than a scan of one heap table. */
bool read_stored_tuples(const ColumnMap &map, const Scope &scope, const pg::Relation &target,
						Snapshot snapshot, pg::Parallel parallel, Diff &diff)
{
	if (target.has_children())
		return false;
	auto whole_rows = pg::Statement::analyze(select_whole_rows(scope, target), snapshot,
											 target.oid(), {}, {}, parallel);
	if (!whole_rows.gives_stored_tuples(target))
		return false;
	StoredTupleReceiver stored(map, diff);
	whole_rows.read(stored);
	return true;
}

} // namespace

RowId row_id_of(TupleTableSlot *slot)
{
	slot_getsomeattrs(slot, row_id_columns);
	if (slot->tts_isnull[0] || slot->tts_isnull[1] || slot->tts_isnull[2])
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot sync rows that have no row ids"),
						errdetail("A plan that another extension has made gives none.")));
	RowId id;
	id.table = DatumGetObjectId(slot->tts_values[0]);
	id.tid = *reinterpret_cast<ItemPointer>(DatumGetPointer(slot->tts_values[1]));
	id.xmin = DatumGetTransactionId(slot->tts_values[2]);
	return id;
}

void require_row_ids(const Scope &scope, const pg::Relation &target, Snapshot snapshot)
{
	if (pg::others_plan_scans())
		pg::Statement::analyze(select_whole_rows(scope, target), snapshot, target.oid(), {}, {})
			.require_row_ids(target);
}

void scan_target(const ColumnMap &map, const Scope &scope, const pg::Relation &target,
				 Snapshot snapshot, bool matches_only, pg::Parallel parallel, Diff &diff)
{
	if (!map.keys_are_parallel_safe())
		parallel = pg::Parallel::forbidden;
	if (map.reads_row_ids)
		require_row_ids(scope, target, snapshot);
	TargetReceiver receiver(diff);
	auto statement = pg::Statement::analyze(select_target(map, scope, target), snapshot,
											target.oid(), {}, {}, parallel);
	if (may_look_up(map, matches_only, diff)) {
		StagedKeys keys = collect_keys(map, *diff.staged_in_memory());
		auto look_up =
			pg::Statement::analyze(select_target_by_keys(map, scope, target, keys.has_null),
								   snapshot, target.oid(), {&keys.store}, {}, parallel);
		if (look_up.planned_cost() < statement.planned_cost()) {
			look_up.read(receiver);
			pg_call([&] { diff.end_target(); });
			keys.store.finish();
			return;
		}
		keys.store.finish();
	}
	if (!read_stored_tuples(map, scope, target, snapshot, parallel, diff))
		statement.read(receiver);
	pg_call([&] { diff.end_target(); });
}

} // namespace bulk_sync
