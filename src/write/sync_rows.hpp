/*
 * Rows of bulk_sync_returning(): action, key, old, new, changes, for each row that was written or,
 * in a dry run, would be.
 */
#pragma once

#include "pg/written_rows.hpp"
#include "diff/change_set.hpp"
#include "diff/row_writer.hpp"

namespace bulk_sync {

class SyncRows final : public pg::WrittenRows {
  public:
	/* In the current memory context; plan and result outlive it. Throws pg::Error. */
	SyncRows(const Plan &plan, pg::ResultRows &result);

	/* Forgets what an attempt has put into the result. Throws pg::Error. */
	void restart() { result_.clear(); }

	/* What happens to the rows of which written() is told from now on. The text is kept. */
	void begin(const char *action) noexcept { action_ = action; }
	PG_RAISES void written(const pg::StoredRow *old_row, const pg::StoredRow *new_row) override;

	/* Puts the rows that the change set would write, in the order in which it would. Old ones are
	 * read under `snapshot`, that of the diff. Throws pg::Error. */
	void foresee(ChangeSet &changes, Snapshot snapshot);

  private:
	PG_RAISES void foresee_update(const pg::StoredRow &stored, const RowValues &image);
	PG_RAISES void foresee_insert(const RowValues &staged);
	PG_RAISES RowValues complete(const pg::StoredRow &stored, const RowValues &room);
	PG_RAISES void set_key(const RowValues &row);

	const Plan &plan_;
	pg::ResultRows &result_;
	RowWriter writer_;
	const char *action_ = nullptr;
	RowValues key_;
	/* By column number less one, of rows that lack values: */
	RowValues old_row_;
	RowValues new_row_;
	bool *changed_;
};

} // namespace bulk_sync
