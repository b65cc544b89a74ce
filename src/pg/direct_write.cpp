#include "pg/direct_write.hpp"

#include "pg/compat_table.hpp"
#include "pg/error_context.hpp"
#include "pg/ordered_rows.hpp"
#include "pg/result_relation.hpp"

extern "C" {
#include "executor/nodeModifyTable.h"
}

namespace bulk_sync::pg {

namespace {

/* The rows of a store, each with the row of the table that it is about. Everything raises. */
class RowsInPlace {
  public:
	RowsInPlace(ResultRelation &target, const RowsById &rows, WriteObserver &observer)
		: target_(target), observer_(observer),
		  ordered_(rows.store, rows.in_disorder ? ctid_column : 0),
		  old_(table_slot_create(target.table, &target.executor->es_tupleTable))
	{
		ordered_.open();
	}

	/* Goes to the next row that is as the snapshot saw it; false at the end. */
	PG_RAISES bool next()
	{
		while ((stored_ = ordered_.next()) != nullptr) {
			CHECK_FOR_INTERRUPTS();
			if (++count_ % WriteObserver::told_writes == 0)
				observer_.writing(count_);
			target_.next_row();
			if (is_in_place())
				return true;
		}
		return false;
	}

	/* The row of the store, and the one of the table, whose page stays pinned until the next. */
	TupleTableSlot *stored() const noexcept { return stored_; }
	TupleTableSlot *old() const noexcept { return old_; }
	ItemPointer tid() noexcept { return &tid_; }

	PG_RAISES void finish()
	{
		ExecClearTuple(old_);
		ordered_.close();
	}

  private:
	static constexpr int tableoid_column = 1;
	static constexpr int ctid_column = 2;
	static constexpr int xmin_column = 3;

	/* What the statement's join on tableoid, ctid and xmin would find. */
	PG_RAISES bool is_in_place()
	{
		bool is_null;
		if (DatumGetObjectId(slot_getattr(stored_, tableoid_column, &is_null)) !=
			RelationGetRelid(target_.table))
			return false;
		tid_ = *reinterpret_cast<ItemPointer>(
			DatumGetPointer(slot_getattr(stored_, ctid_column, &is_null)));
		if (!table_tuple_fetch_row_version(target_.table, &tid_, target_.executor->es_snapshot,
										   old_))
			return false;
		TransactionId const xmin =
			DatumGetTransactionId(slot_getattr(stored_, xmin_column, &is_null));
		const HeapTupleData *const tuple = reinterpret_cast<HeapTupleTableSlot *>(old_)->tuple;
		return HeapTupleHeaderGetRawXmin(tuple->t_data) == xmin;
	}

	ResultRelation &target_;
	WriteObserver &observer_;
	OrderedRows ordered_;
	TupleTableSlot *stored_ = nullptr;
	TupleTableSlot *old_;
	ItemPointerData tid_ = {};
	uint64 count_ = 0;
};

[[noreturn]] PG_RAISES void refuse_concurrent(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("could not serialize access due to concurrent %s", what)));
	pg_unreachable();
}

[[noreturn]] PG_RAISES void refuse_own_change(const char *written)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("tuple to be %s was already modified by an operation triggered by the "
					"current command",
					written),
			 errhint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate "
					 "changes to other rows.")));
	pg_unreachable();
}

/*
 * Was the row written? The errors are those of nodeModifyTable.c. There, a row that another
 * transaction has updated is joined again in its new version; here that is known to have another
 * xmin.
 */
PG_RAISES bool was_written(const ResultRelation &target, TM_Result result,
						   const TM_FailureData &failure)
{
	switch (result) {
	case TM_Ok:
		return true;
	case TM_SelfModified:
		if (failure.cmax != target.executor->es_output_cid)
			refuse_own_change(target.command == CMD_DELETE ? "deleted" : "updated");
		return false;
	case TM_Updated:
		if (IsolationUsesXactSnapshot())
			refuse_concurrent("update");
		return false;
	case TM_Deleted:
		if (IsolationUsesXactSnapshot())
			refuse_concurrent("delete");
		return false;
	default:
		elog(ERROR, "unexpected result of writing a tuple: %u", static_cast<unsigned>(result));
	}
}

/* The row as it will be. */
class NewRow {
  public:
	NewRow(const ResultRelation &target, const Vector<SetColumn> &columns)
		: columns_(columns), executor_(target.executor),
		  slot_(table_slot_create(target.table, &target.executor->es_tupleTable)),
		  expressions_(static_cast<ExprState **>(palloc0(sizeof(ExprState *) * columns.size())))
	{
		for (std::size_t i = 0; i < columns.size(); i++) {
			stored_columns_ = Max(stored_columns_, columns[i].store_column);
			if (columns[i].to == SetColumn::To::expression)
				expressions_[i] = ExecPrepareExpr(reinterpret_cast<Expr *>(columns[i].expression),
												  target.executor);
		}
	}

	TupleTableSlot *slot() const noexcept { return slot_; }

	/* Values that are not set are those of the old row, TOAST pointers as they are. */
	PG_RAISES void make(TupleTableSlot *stored, TupleTableSlot *old)
	{
		std::size_t const count = slot_->tts_tupleDescriptor->natts;
		slot_getallattrs(old);
		slot_getsomeattrs(stored, stored_columns_);
		ExecClearTuple(slot_);
		memcpy(slot_->tts_values, old->tts_values, count * sizeof(Datum));
		memcpy(slot_->tts_isnull, old->tts_isnull, count * sizeof(bool));
		for (std::size_t i = 0; i < columns_.size(); i++)
			set(columns_[i], expressions_[i], stored);
		ExecStoreVirtualTuple(slot_);
		slot_->tts_tableOid = old->tts_tableOid;
	}

  private:
	PG_RAISES void set(const SetColumn &column, ExprState *expression, TupleTableSlot *stored)
	{
		Datum *const value = &slot_->tts_values[column.column - 1];
		bool *const is_null = &slot_->tts_isnull[column.column - 1];
		if (column.to == SetColumn::To::stored_value) {
			*value = stored->tts_values[column.store_column - 1];
			*is_null = stored->tts_isnull[column.store_column - 1];
		} else if (column.to == SetColumn::To::expression) {
			*value =
				ExecEvalExprSwitchContext(expression, GetPerTupleExprContext(executor_), is_null);
		}
	}

	const Vector<SetColumn> &columns_;
	EState *executor_;
	TupleTableSlot *slot_;
	ExprState **expressions_; /* of the columns, in their order */
	int stored_columns_ = 0;
};

/* Everything that an update does before the row is there, in the order of ExecUpdateAct(). */
PG_RAISES void check_new_row(const ResultRelation &target, TupleTableSlot *slot)
{
	const TupleConstr *const constraints = slot->tts_tupleDescriptor->constr;
	if (constraints != nullptr && constraints->has_generated_stored)
		ExecComputeStoredGenerated(target.info, target.executor, slot, CMD_UPDATE);
	if (target.table->rd_rel->relispartition)
		ExecPartitionCheck(target.info, slot, target.executor, true);
	if (constraints != nullptr)
		ExecConstraints(target.info, slot, target.executor);
}

PG_RAISES void queue_after_update(const ResultRelation &target, ItemPointer tid,
								  TupleTableSlot *slot, List *recheck)
{
	ExecARUpdateTriggers(target.executor, target.info, nullptr, nullptr, tid, nullptr, slot,
						 recheck, target.transition, false);
	list_free(recheck);
}

/* The old version is still on its page, which is pinned. */
PG_RAISES void tell(WrittenRows *written, TupleTableSlot *old_slot, TupleTableSlot *new_slot)
{
	if (written == nullptr)
		return;
	StoredRow const old_row = stored_row(old_slot);
	StoredRow const new_row = new_slot == nullptr ? StoredRow{} : stored_row(new_slot);
	written->written(&old_row, new_slot == nullptr ? nullptr : &new_row);
}

PG_RAISES uint64 delete_rows(ResultRelation &target, RowsInPlace &rows, WrittenRows *told)
{
	uint64 written = 0;
	while (rows.next()) {
		TM_FailureData failure;
		TM_Result const result =
			compat::delete_tuple(target.table, rows.tid(), target.executor, &failure);
		if (!was_written(target, result, failure))
			continue;
		written++;
		ExecARDeleteTriggers(target.executor, target.info, rows.tid(), nullptr, target.transition,
							 false);
		tell(told, rows.old(), nullptr);
	}
	return written;
}

PG_RAISES uint64 update_rows(ResultRelation &target, RowsInPlace &rows, NewRow &row,
							 WrittenRows *told)
{
	uint64 written = 0;
	while (rows.next()) {
		row.make(rows.stored(), rows.old());
		check_new_row(target, row.slot());
		TM_FailureData failure;
		compat::IndexUpdates updates = compat::all_indexes;
		TM_Result const result = compat::update_tuple(target.table, rows.tid(), row.slot(),
													  target.executor, &failure, &updates);
		if (!was_written(target, result, failure))
			continue;
		written++;
		List *recheck = NIL;
		if (target.info->ri_NumIndices > 0 && updates)
			recheck = compat::insert_index_tuples(target.info, row.slot(), target.executor, true,
												  updates);
		queue_after_update(target, rows.tid(), row.slot(), recheck);
		tell(told, rows.old(), row.slot());
	}
	return written;
}

PG_RAISES Bitmapset *set_columns(const Vector<SetColumn> &columns)
{
	Bitmapset *set = nullptr;
	for (const SetColumn &column : columns)
		set = bms_add_member(set, column.column - FirstLowInvalidHeapAttributeNumber);
	return set;
}

bool has_row_triggers_first(const TriggerDesc &triggers, CmdType command)
{
	switch (command) {
	case CMD_DELETE:
		return triggers.trig_delete_before_row || triggers.trig_delete_instead_row;
	case CMD_UPDATE:
		return triggers.trig_update_before_row || triggers.trig_update_instead_row;
	default:
		return triggers.trig_insert_before_row || triggers.trig_insert_instead_row;
	}
}

} // namespace

const char *obstacle_to_direct_write(const Relation &table, CmdType command) noexcept
{
	const TriggerDesc *const triggers = table.get()->trigdesc;
	if (table.kind() == RELKIND_PARTITIONED_TABLE)
		return "has partitions";
	if (table.has_children())
		return "has children";
	if (table.has_rules())
		return "has rules";
	if (triggers != nullptr && has_row_triggers_first(*triggers, command))
		return "has BEFORE triggers for rows";
	return nullptr;
}

uint64 delete_directly(const RowsById &rows, WriteObserver &observer)
{
	auto const describe = [&] { errcontext("deleting rows of \"%s\"", rows.table.name()); };
	return pg_call([&] {
		return with_error_context(describe, [&] {
			auto target = ResultRelation::open(rows.table, CMD_DELETE, rows.snapshot, nullptr);
			RowsInPlace in_place(target, rows, observer);
			uint64 const written = delete_rows(target, in_place, rows.written);
			in_place.finish();
			target.close();
			return written;
		});
	});
}

uint64 update_directly(const RowsById &rows, const Vector<SetColumn> &columns,
					   WriteObserver &observer)
{
	auto const describe = [&] { errcontext("updating rows of \"%s\"", rows.table.name()); };
	return pg_call([&] {
		return with_error_context(describe, [&] {
			auto target =
				ResultRelation::open(rows.table, CMD_UPDATE, rows.snapshot, set_columns(columns));
			RowsInPlace in_place(target, rows, observer);
			NewRow row(target, columns);
			uint64 const written = update_rows(target, in_place, row, rows.written);
			in_place.finish();
			target.close();
			return written;
		});
	});
}

} // namespace bulk_sync::pg
