#include "pg/direct_insert.hpp"

#include <algorithm>

#include "pg/compat_table.hpp"
#include "pg/error_context.hpp"
#include "pg/result_relation.hpp"
#include "pg/scratch.hpp"
#include "pg/tuple_layout.hpp"

extern "C" {
#include "executor/nodeModifyTable.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
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
	/* `desc` is that of a slot, which keeps it, `source` that of the rows. Raises. */
	RowMaker(const ResultRelation &target, TupleDesc desc, TupleDesc source,
			 const Vector<InsertedColumn> &columns)
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
		copies_ = source->natts == count_ && are_alike(desc, source);
	}

	/* May an expression see what was inserted before its row? COPY takes sequences for harmless
	 * too. */
	bool sees_rows() const noexcept { return sees_rows_; }

	/* Values are those of the source's row and of the row's memory. Expressions are evaluated in
	 * the order of the columns. */
	PG_RAISES void make(TupleTableSlot *row, TupleTableSlot *slot) const
	{
		if (copies_ && copy(row, slot))
			return;
		slot_getsomeattrs(row, used_columns_);
		ExecClearTuple(slot);
		for (int i = 0; i < count_; i++) {
			const Source &source = sources_[i];
			slot->tts_isnull[i] = true;
			if (source.column != 0) {
				slot->tts_values[i] = row->tts_values[source.column - 1];
				slot->tts_isnull[i] = row->tts_isnull[source.column - 1];
			}
			if (slot->tts_isnull[i] && source.expression != nullptr)
				slot->tts_values[i] = ExecEvalExprSwitchContext(
					source.expression, GetPerTupleExprContext(executor_), &slot->tts_isnull[i]);
		}
		ExecStoreVirtualTuple(slot);
	}

  private:
	struct Source {
		int column; /* of the source, from 1; 0 for none */
		ExprState *expression;
	};

	/* Is each of the table's columns the one at its place in the source, stored by the same rules?
	 * Dropped ones get no value, and so are not. */
	bool are_alike(TupleDesc desc, TupleDesc source) const noexcept
	{
		for (int i = 0; i < count_; i++)
			if (sources_[i].column != i + 1 || sources_[i].expression != nullptr ||
				!TupleLayout::same_rules(desc, i, source, i))
				return false;
		return true;
	}

	/* Takes the tuple as it is, with a header that the insert fills; false when it is from before a
	 * column was added. */
	PG_RAISES bool copy(TupleTableSlot *row, TupleTableSlot *slot) const
	{
		bool is_copy;
		MinimalTuple const tuple = ExecFetchSlotMinimalTuple(row, &is_copy);
		if (HeapTupleHeaderGetNatts(tuple) != count_)
			return false;
		HeapTuple const taken =
			in_context(slot->tts_mcxt, [&] { return heap_tuple_from_minimal_tuple(tuple); });
		ExecStoreHeapTuple(taken, slot, true);
		return true;
	}

	PG_RAISES void give(const InsertedColumn &column)
	{
		Source &source = sources_[column.column - 1];
		source.column = column.source_column;
		used_columns_ = Max(used_columns_, column.source_column);
		if (column.expression == nullptr)
			return;
		sees_rows_ = sees_rows_ || contain_volatile_functions_not_nextval(column.expression);
		source.expression = ExecPrepareExpr(reinterpret_cast<Expr *>(column.expression), executor_);
	}

	EState *executor_;
	int count_;
	Source *sources_;	   /* of the table's columns */
	int used_columns_ = 0; /* how many of the source's, from the first on */
	bool sees_rows_ = false;
	bool copies_ = false; /* are the tuples of the source those of the table? */
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
			slots_[count_] = ExecInitExtraTupleSlot(
				target_.executor, slots_[0]->tts_tupleDescriptor, &TTSOpsHeapTuple);
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
	TupleTableSlot *const slot =
		ExecInitExtraTupleSlot(target.executor, RelationGetDescr(target.table), &TTSOpsHeapTuple);
	RowMaker const maker(target, slot->tts_tupleDescriptor, rows.source.tuple_desc(), rows.columns);
	Inserter inserter(target, slot, maker.sees_rows(), rows.source.count(), rows.written);
	rows.source.open();
	uint64 count = 0;
	while (TupleTableSlot *const row = rows.source.next()) {
		CHECK_FOR_INTERRUPTS();
		if (++count % WriteObserver::told_writes == 0)
			observer.writing(count);
		target.next_row();
		maker.make(row, inserter.free_slot());
		inserter.add();
	}
	inserter.finish();
	rows.source.close();
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
