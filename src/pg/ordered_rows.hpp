/*
 * The rows of a store, read without a plan: as they lie there, or sorted by one of its columns.
 */
#pragma once

#include "pg/row_store.hpp"
#include "pg/statement.hpp"

extern "C" {
#include "executor/executor.h"
#include "utils/tuplesort.h"
}

namespace bulk_sync::pg {

class OrderedRows {
  public:
	/*
	 * `column` is counted from 1; 0 stands for the order of the store. Sorting takes another
	 * work_mem, and goes to disk beyond. What is allocated lives in the executor's memory. Raises.
	 */
	OrderedRows(EState *executor, RowStore &store, int column);

	/* The next row, which lasts until the one after it; nullptr at the end. */
	PG_RAISES TupleTableSlot *next()
	{
		bool const found = sorted_ == nullptr
							   ? store_.next(slot_)
							   : tuplesort_gettupleslot(sorted_, true, false, slot_, nullptr);
		return found ? slot_ : nullptr;
	}

	/* Gives back memory and files before the executor does. */
	PG_RAISES void finish();

  private:
	PG_RAISES void sort(AttrNumber column);

	RowStore &store_;
	TupleTableSlot *slot_;
	Tuplesortstate *sorted_ = nullptr;
};

/* Gives each row of the store to the receiver, in this order. Throws Error. */
void read_rows(RowStore &store, int order_column, RowReceiver &receiver);

} // namespace bulk_sync::pg
