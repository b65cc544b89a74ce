#include "pg/direct_insert.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/error_context.hpp"
#include "pg/ordered_rows.hpp"
#include "pg/result_relation.hpp"
#include "pg/scratch.hpp"

extern "C" {
#include "executor/nodeModifyTable.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
}

namespace bulk_sync::pg {

namespace {

/* The limits of copyfrom.c. */
constexpr int most_rows = 1000;
constexpr std::size_t most_bytes = 65536;

/* What a column without a default gets: NULL, which a domain may refuse. nullptr for a plain
 * NULL. */
PG_RAISES Node *null_value(Form_pg_attribute attribute)
{
	int32 typmod = attribute->atttypmod;
	Oid const base = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
	if (base == attribute->atttypid)
		return nullptr;
	auto *const null = reinterpret_cast<Node *>(makeConst(
		base, typmod, attribute->attcollation, attribute->attlen, 0, true, attribute->attbyval));
	return coerce_to_domain(null, base, typmod, attribute->atttypid, COERCION_IMPLICIT,
							COERCE_IMPLICIT_CAST, -1, false);
}

/* Makes the new rows. */
class RowMaker {
  public:
	/* `desc` is that of a slot, which keeps it. Raises. */
	RowMaker(const ResultRelation &target, TupleDesc desc, const Vector<InsertedColumn> &columns)
		: executor_(target.executor), count_(desc->natts),
		  sources_(static_cast<Source *>(palloc0(sizeof(Source) * count_)))
	{
		bool *const is_given = static_cast<bool *>(palloc0(count_));
		for (const InsertedColumn &column : columns) {
			is_given[column.column - 1] = true;
			give(column);
		}
		for (int i = 0; i < count_; i++) {
			Form_pg_attribute const attribute = TupleDescAttr(desc, i);
			if (is_given[i] || attribute->attisdropped || attribute->attgenerated != '\0')
				continue;
			Node *const value = build_column_default(target.table, i + 1);
			give({static_cast<AttrNumber>(i + 1), 0,
				  value == nullptr ? null_value(attribute) : value});
		}
	}

	/* May an expression see what was inserted before its row? COPY takes sequences for harmless
	 * too. */
	bool sees_rows() const noexcept { return sees_rows_; }

	/* Values are those of the store's row and of the row's memory. Expressions are evaluated in the
	 * order of the columns. */
	PG_RAISES void make(TupleTableSlot *stored, TupleTableSlot *slot) const
	{
		slot_getsomeattrs(stored, stored_columns_);
		ExecClearTuple(slot);
		for (int i = 0; i < count_; i++) {
			const Source &source = sources_[i];
			slot->tts_isnull[i] = true;
			if (source.store_column != 0) {
				slot->tts_values[i] = stored->tts_values[source.store_column - 1];
				slot->tts_isnull[i] = stored->tts_isnull[source.store_column - 1];
			}
			if (slot->tts_isnull[i] && source.expression != nullptr)
				slot->tts_values[i] = ExecEvalExprSwitchContext(
					source.expression, GetPerTupleExprContext(executor_), &slot->tts_isnull[i]);
		}
		ExecStoreVirtualTuple(slot);
	}

  private:
	struct Source {
		int store_column;
		ExprState *expression;
	};

	PG_RAISES void give(const InsertedColumn &column)
	{
		Source &source = sources_[column.column - 1];
		source.store_column = column.store_column;
		stored_columns_ = Max(stored_columns_, column.store_column);
		if (column.expression == nullptr)
			return;
		sees_rows_ = sees_rows_ || contain_volatile_functions_not_nextval(column.expression);
		source.expression = ExecPrepareExpr(reinterpret_cast<Expr *>(column.expression), executor_);
	}

	EState *executor_;
	int count_;
	Source *sources_; /* of the table's columns */
	int stored_columns_ = 0;
	bool sees_rows_ = false;
};

/* May a CHECK constraint see what was inserted before its row? */
PG_RAISES bool checks_see_rows(const TupleConstr *constraints)
{
	for (int i = 0; constraints != nullptr && i < constraints->num_check; i++)
		if (contain_volatile_functions(
				static_cast<Node *>(stringToNode(constraints->check[i].ccbin))))
			return true;
	return false;
}

/*
 * Puts rows into the table, a batch at a time, or one by one where something in between could tell.
 * The pages are those that an INSERT would use; COPY's ring of buffers has them written out in our
 * time. Unlike COPY, which checks a row's constraints before it joins the batch, this checks them
 * right before the row goes into the indexes: so the first row that anything refuses is the one
 * that the error is about.
 */
class Inserter {
  public:
	/* `first` is the slot of the first row of each batch. Raises. */
	Inserter(const ResultRelation &target, TupleTableSlot *first, bool one_by_one, uint64 rows,
			 WrittenRows *written)
		: target_(target), written_(written), constraints_(first->tts_tupleDescriptor->constr),
		  computes_(constraints_ != nullptr && constraints_->has_generated_stored),
		  capacity_(one_by_one || computes_ || checks_see_rows(constraints_)
						? 1
						: static_cast<int>(Min(rows, uint64{most_rows}))),
		  slots_(static_cast<TupleTableSlot **>(palloc0(sizeof(TupleTableSlot *) * capacity_)))
	{
		slots_[0] = first;
	}

	/* Where the next row is to be made. */
	PG_RAISES TupleTableSlot *free_slot()
	{
		if (slots_[count_] == nullptr)
			slots_[count_] = table_slot_create(target_.table, &target_.executor->es_tupleTable);
		return slots_[count_];
	}

	/* Takes the row that was made in the free slot. */
	PG_RAISES void add()
	{
		TupleTableSlot *const slot = slots_[count_];
		slot->tts_tableOid = RelationGetRelid(target_.table);
		if (computes_)
			ExecComputeStoredGenerated(target_.info, target_.executor, slot, CMD_INSERT);
		if (!checks_late())
			check(slot);
		if (capacity_ == 1) {
			table_tuple_insert(target_.table, slot, target_.executor->es_output_cid, 0, nullptr);
			complete(slot);
			return;
		}
		ExecMaterializeSlot(slot);
		bytes_ += reinterpret_cast<HeapTupleTableSlot *>(slot)->tuple->t_len;
		if (++count_ == capacity_ || bytes_ >= most_bytes)
			flush();
	}

	PG_RAISES void finish()
	{
		flush();
		table_finish_bulk_insert(target_.table, 0);
	}

  private:
	/* Without an index, nothing refuses a row that has been put into the table. */
	bool checks_late() const noexcept { return capacity_ > 1 && target_.info->ri_NumIndices > 0; }

	PG_RAISES void check(TupleTableSlot *slot)
	{
		if (constraints_ != nullptr)
			ExecConstraints(target_.info, slot, target_.executor);
		if (target_.table->rd_rel->relispartition)
			ExecPartitionCheck(target_.info, slot, target_.executor, true);
	}

	/* What follows when the row is in the table. */
	PG_RAISES void complete(TupleTableSlot *slot)
	{
		List *recheck = NIL;
		if (target_.info->ri_NumIndices > 0)
			recheck = compat::insert_index_tuples(target_.info, slot, target_.executor, false,
												  compat::all_indexes);
		ExecARInsertTriggers(target_.executor, target_.info, slot, recheck, target_.transition);
		list_free(recheck);
		tell(slot);
	}

	PG_RAISES void tell(TupleTableSlot *slot)
	{
		if (written_ == nullptr)
			return;
		StoredRow const row = stored_row(slot);
		written_->written(nullptr, &row);
	}

	PG_RAISES void flush()
	{
		if (count_ == 0)
			return;
		in_context(target_.row_memory(), [&] {
			table_multi_insert(target_.table, slots_, count_, target_.executor->es_output_cid, 0,
							   nullptr);
		});
		for (int i = 0; i < count_; i++) {
			target_.next_row();
			if (checks_late())
				check(slots_[i]);
			complete(slots_[i]);
			ExecClearTuple(slots_[i]);
		}
		count_ = 0;
		bytes_ = 0;
	}

	const ResultRelation &target_;
	WrittenRows *written_;
	const TupleConstr *constraints_;
	bool computes_; /* stored generated columns, whose expressions may fail */
	int capacity_;	/* rows of a batch */
	TupleTableSlot **slots_;
	int count_ = 0; /* rows that wait */
	std::size_t bytes_ = 0;
};

PG_RAISES Bitmapset *given_columns(const Vector<InsertedColumn> &columns)
{
	Bitmapset *given = nullptr;
	for (const InsertedColumn &column : columns)
		given = bms_add_member(given, column.column - FirstLowInvalidHeapAttributeNumber);
	return given;
}

PG_RAISES uint64 insert_rows(ResultRelation &target, const RowsToInsert &rows,
							 WriteObserver &observer)
{
	/* Keeps the descriptor, in place of which the relation cache may get another one. */
	TupleTableSlot *const slot = table_slot_create(target.table, &target.executor->es_tupleTable);
	RowMaker const maker(target, slot->tts_tupleDescriptor, rows.columns);
	Inserter inserter(target, slot, maker.sees_rows(), rows.store.count(), rows.written);
	OrderedRows ordered(target.executor, rows.store, rows.order_column);
	uint64 count = 0;
	while (TupleTableSlot *const stored = ordered.next()) {
		CHECK_FOR_INTERRUPTS();
		if (++count % WriteObserver::told_writes == 0)
			observer.writing(count);
		target.next_row();
		maker.make(stored, inserter.free_slot());
		inserter.add();
	}
	inserter.finish();
	ordered.finish();
	return count;
}

} // namespace

uint64 insert_directly(const RowsToInsert &rows, WriteObserver &observer)
{
	auto const describe = [&] { errcontext("inserting rows into \"%s\"", rows.table.name()); };
	return pg_call([&] {
		return with_error_context(describe, [&] {
			auto target = ResultRelation::open(rows.table, CMD_INSERT, rows.snapshot,
											   given_columns(rows.columns));
			uint64 const count = insert_rows(target, rows, observer);
			target.close();
			return count;
		});
	});
}

} // namespace bulk_sync::pg
