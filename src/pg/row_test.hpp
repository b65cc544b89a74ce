/*
 * A condition that is asked about one row after the other, while others are still to come: a query
 * over a store of one row that the executor keeps between them.
 *
 * A plan that is run by ExecReScan() gets new values for its columns, and keeps what does not
 * depend on them: the hash table of a sub-select, for one.
 */
#pragma once

#include "pg/statement.hpp"

namespace bulk_sync::pg {

class RowTest {
  public:
	/* `statement` selects one boolean from `store`; both outlive it. In the current memory context
	 * and resource owner. Throws Error. */
	RowTest(Statement &statement, RowStore &store);

	/* Is the condition true, and not NULL, of this row of the store's columns? Raises. */
	PG_RAISES bool is_true(const Datum *values, const bool *nulls);

	/* May it be asked while the executor has workers? */
	bool is_parallel_safe() const noexcept { return is_parallel_safe_; }

	/* Not called after an error: the abort ends it. Throws Error. */
	void finish();

  private:
	RowStore &store_;
	QueryDesc *query_;
	bool is_parallel_safe_;
};

} // namespace bulk_sync::pg
