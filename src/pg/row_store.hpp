/*
 * Rows set aside for a later statement: a tuplestore, which goes to disk beyond work_mem, and the
 * name under which SQL reads it (an ephemeral named relation, as trigger transition tables are).
 */
#pragma once

#include "pg/memory.hpp"

extern "C" {
#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"
}

namespace bulk_sync::pg {

class RowStore {
  public:
	/*
	 * An empty store for rows of `desc`, which must outlive it. Lives in the current memory context
	 * and its files in the current resource owner. `name` is kept, not copied. Throws Error.
	 */
	static RowStore create(const char *name, TupleDesc desc);

	/* Tells the planner of at least so many rows. */
	void expect(uint64 rows) noexcept { expected_ = rows; }

	/* Appends a copy of a row. Raises, 53400 beyond temp_file_limit among others. */
	PG_RAISES void put(const Datum *values, const bool *nulls);

	/* Leaves this row alone in the store. Raises. */
	PG_RAISES void replace(const Datum *values, const bool *nulls);

	/* Reads the rows from the first on; false at the end. Raises. */
	PG_RAISES void rewind();
	PG_RAISES bool next(TupleTableSlot *slot);

	/* Makes the store known to statements that are given `environment`, with its number of rows
	 * for the planner. Raises. */
	PG_RAISES void register_in(QueryEnvironment *environment) const;

	/* Frees memory and files. Not called after an error: the resource owner frees them. Throws. */
	void finish();

	const char *name() const noexcept { return name_; }
	uint64 count() const noexcept { return count_; }
	TupleDesc tuple_desc() const noexcept { return desc_; }

  private:
	RowStore(const char *name, TupleDesc desc, Tuplestorestate *store) noexcept
		: name_(name), desc_(desc), store_(store)
	{
	}

	const char *name_;
	TupleDesc desc_;
	Tuplestorestate *store_;
	uint64 count_ = 0;
	uint64 expected_ = 0;
};

} // namespace bulk_sync::pg
