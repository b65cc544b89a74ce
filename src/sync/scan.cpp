#include "sync/scan.hpp"

#include <algorithm>

#include "pg/statement.hpp"
#include "sync/statements.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;
using pg::RowStore;

/* ---- staging ---- */

/* Converts the rows of staging. State that a callback of the error system reads stays here. */
class StagingReceiver final : public pg::RowReceiver {
  public:
	StagingReceiver(const ColumnMap &map, const pg::Relation &staging, Diff &diff)
		: map_(map), staging_(staging), diff_(diff),
		  keeps_pointers_(staging.kind() == RELKIND_RELATION || staging.kind() == RELKIND_MATVIEW),
		  passes_through_(keeps_pointers_ && needs_no_conversion(map)),
		  row_(RowValues::with_room_for(static_cast<int>(map.image.size() + map.extra.size()))),
		  context_(pg_call([] {
			  return AllocSetContextCreateInternal(CurrentMemoryContext, "bulk_sync conversion",
												   ALLOCSET_DEFAULT_SIZES);
		  }))
	{
	}

	void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		if (passes_through_) {
			diff_.add_staged(slot->tts_values, slot->tts_isnull);
			return;
		}
		convert_row(slot);
		diff_.add_staged(row_.values, row_.nulls);
		MemoryContextReset(context_);
	}

  private:
	/* Is every value of staging stored as it is? */
	static bool needs_no_conversion(const ColumnMap &map)
	{
		auto const as_it_is = [](const Column &column) {
			return column.conversion.kind() == pg::Conversion::Kind::none;
		};
		return std::all_of(map.image.begin(), map.image.end(), as_it_is) &&
			   std::all_of(map.extra.begin(), map.extra.end(), as_it_is);
	}

	void convert_row(TupleTableSlot *slot)
	{
		ErrorContextCallback callback;
		callback.callback = add_conversion_context;
		callback.arg = this;
		callback.previous = error_context_stack;
		error_context_stack = &callback;

		MemoryContext const caller = MemoryContextSwitchTo(context_);
		slot_ = slot;
		position_ = 0;
		for (const Column &column : map_.image)
			convert(column);
		for (const Column &column : map_.extra)
			convert(column);
		slot_ = nullptr;
		error_context_stack = callback.previous;
		MemoryContextSwitchTo(caller);
	}

	void convert(const Column &column)
	{
		Datum value = slot_->tts_values[position_];
		bool is_null = slot_->tts_isnull[position_];
		if (column.conversion.kind() != pg::Conversion::Kind::none &&
			(!is_null || column.conversion.converts_null()))
			value = column.conversion.apply(value, is_null);
		/* A pointer into a TOAST table outlives the scan only when we hold that table. */
		if (!is_null && !keeps_pointers_ && column.type.is_varlena())
			value = pg::without_toast_pointer(value);
		row_.values[position_] = value;
		row_.nulls[position_] = is_null;
		position_++;
	}

	const Column &column_at(int position) const
	{
		int const in_image = static_cast<int>(map_.image.size());
		return position < in_image ? map_.image[position] : map_.extra[position - in_image];
	}

	/* "column "age" of staging relation "import", value "x1", key (name)=(Bob)" */
	static void add_conversion_context(void *argument)
	{
		auto *const self = static_cast<StagingReceiver *>(argument);
		TupleTableSlot *const slot = self->slot_;
		if (slot == nullptr)
			return;
		/* Printing a value may raise in its turn; and after a notice the conversion goes on. */
		self->slot_ = nullptr;
		TupleDesc const desc = slot->tts_tupleDescriptor;
		Datum *const values = slot->tts_values;
		bool *const nulls = slot->tts_isnull;
		const Column &column = self->column_at(self->position_);
		const char *const key =
			pg::describe_values(desc, values, nulls, self->map_.key_count());
		const char *const value =
			pg::describe_value(desc, values, nulls, self->position_);
		errcontext("column \"%s\" of staging relation \"%s\", value %s, key %s", column.name,
				   self->staging_.name(), value, key);
		self->slot_ = slot;
	}

	const ColumnMap &map_;
	const pg::Relation &staging_;
	Diff &diff_;
	bool keeps_pointers_;
	bool passes_through_;
	RowValues row_;
	MemoryContext context_;
	TupleTableSlot *slot_ = nullptr;
	int position_ = 0;
};

/* ---- target ---- */

class TargetReceiver final : public pg::RowReceiver {
  public:
	explicit TargetReceiver(Diff &diff) : diff_(diff) {}

	void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		diff_.add_target(row_id_of(slot), slot->tts_values + row_id_columns, slot->tts_isnull + row_id_columns);
	}

  private:
	Diff &diff_;
};

/* Takes the tuples of a plain scan as the heap stores them, with all columns of the target. */
class StoredTupleReceiver final : public pg::RowReceiver {
  public:
	StoredTupleReceiver(const ColumnMap &map, Diff &diff)
		: diff_(diff), row_(RowValues::with_room_for(
						   static_cast<int>(map.image.size() + map.carried.size())))
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
			pg::deform_tuple(row->image(), map.key_desc, values.values, values.nulls);
			keys.store.put(values.values, values.nulls);
			for (int i = 0; i < map.key_count(); i++)
				if (values.nulls[i])
					keys.has_null[i] = true;
		});
	});
	return keys;
}

void refuse_policies(const pg::Relation &staging)
{
	pg_call([&] {
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security policies apply to staging relation \"%s\"",
						staging.name()),
				 errdetail("Rows that a policy hides would be missing in staging, and their "
						   "counterparts in the target deleted."),
				 errhint("Copy the rows that are meant into a temporary table and use that as "
						 "staging.")));
	});
}

/* More rows than this are not looked up one by one by any plan that is worth preparing. */
constexpr uint64 most_rows_to_look_up = 1000000;

bool may_look_up(bool matches_only, Diff &diff)
{
	return matches_only && diff.staged_in_memory() != nullptr &&
		   diff.staged_in_memory()->count() <= most_rows_to_look_up;
}

} // namespace

RowId row_id_of(TupleTableSlot *slot)
{
	slot_getsomeattrs(slot, row_id_columns);
	RowId id;
	id.table = DatumGetObjectId(slot->tts_values[0]);
	id.tid = *reinterpret_cast<ItemPointer>(DatumGetPointer(slot->tts_values[1]));
	id.xmin = DatumGetTransactionId(slot->tts_values[2]);
	return id;
}

void scan_staging(const ColumnMap &map, const pg::Relation &staging, Snapshot snapshot,
				  Diff &diff)
{
	auto statement = pg::Statement::analyze(select_staging(map, staging), snapshot, staging.oid(),
											{}, {});
	if (statement.has_policies())
		refuse_policies(staging);
	diff.expect_staged(statement.planned_rows());
	StagingReceiver receiver(map, staging, diff);
	statement.read(receiver);
	pg_call([&] { diff.end_staged(); });
}

void scan_target(const ColumnMap &map, const Scope &scope, const pg::Relation &target,
				 Snapshot snapshot, bool matches_only, Diff &diff)
{
	TargetReceiver receiver(diff);
	auto statement = pg::Statement::analyze(select_target(map, scope, target), snapshot,
											target.oid(), {}, {});
	if (may_look_up(matches_only, diff)) {
		StagedKeys keys = collect_keys(map, *diff.staged_in_memory());
		auto look_up = pg::Statement::analyze(
			select_target_by_keys(map, scope, target, keys.has_null), snapshot, target.oid(),
			{&keys.store}, {});
		if (look_up.planned_cost() < statement.planned_cost()) {
			look_up.read(receiver);
			pg_call([&] { diff.end_target(); });
			keys.store.finish();
			return;
		}
		keys.store.finish();
	}
	auto whole_rows = pg::Statement::analyze(select_whole_rows(scope, target), snapshot,
											 target.oid(), {}, {});
	if (whole_rows.gives_stored_tuples(target)) {
		StoredTupleReceiver stored(map, diff);
		whole_rows.read(stored);
	} else {
		statement.read(receiver);
	}
	pg_call([&] { diff.end_target(); });
}

} // namespace bulk_sync
