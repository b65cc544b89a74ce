/*
 * Rows that are read one by one, wherever they are: in a store, or in memory that has them already.
 */
#pragma once

#include "pg/pg.hpp"

extern "C" {
#include "executor/tuptable.h"
}

namespace bulk_sync::pg {

class RowSource {
  public:
	virtual uint64 count() const noexcept = 0;
	/* Of the rows; outlives it. */
	virtual TupleDesc tuple_desc() const noexcept = 0;

	/* Goes before the first row. What is allocated up to close() is in the current memory context.
	 * Raises. */
	PG_RAISES virtual void open() = 0;

	/* The next row, a minimal tuple, which lasts until the one after it; nullptr at the end.
	 * Raises. */
	PG_RAISES virtual TupleTableSlot *next() = 0;

	/* Gives back memory and files, once no more rows are wanted. Raises. */
	PG_RAISES virtual void close() = 0;

  protected:
	~RowSource() = default;
};

} // namespace bulk_sync::pg
