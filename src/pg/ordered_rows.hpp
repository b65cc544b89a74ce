/*
 * The rows of a store, read without a plan: as they lie there, or sorted by one of its columns.
 */
#pragma once

#include "pg/row_source.hpp"
#include "pg/row_store.hpp"
#include "pg/statement.hpp"

extern "C" {
#include "utils/tuplesort.h"
}

namespace bulk_sync::pg {

class OrderedRows final : public RowSource {
  public:
	/* `column` is counted from 1; 0 stands for the order of the store. Sorting takes another
	 * work_mem, and goes to disk beyond. */
	OrderedRows(RowStore &store, int column) noexcept
		: store_(store), column_(static_cast<AttrNumber>(column))
	{
	}

	uint64 count() const noexcept override { return store_.count(); }
	TupleDesc tuple_desc() const noexcept override { return store_.tuple_desc(); }
	PG_RAISES void open() override;

	PG_RAISES TupleTableSlot *next() override
	{
		bool const found = sorted_ == nullptr
							   ? store_.next(slot_)
							   : tuplesort_gettupleslot(sorted_, true, false, slot_, nullptr);
		return found ? slot_ : nullptr;
	}

	PG_RAISES void close() override;

  private:
	PG_RAISES void sort();

	RowStore &store_;
	AttrNumber column_;
	TupleTableSlot *slot_ = nullptr;
	Tuplesortstate *sorted_ = nullptr;
};

/* Gives each row of the store to the receiver, in this order. Throws Error. */
void read_rows(RowStore &store, int order_column, RowReceiver &receiver);

} // namespace bulk_sync::pg
