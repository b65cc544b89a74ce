/*
 * Differences as rows of bulk_compare(): status, key, old, new, changes.
 */
#pragma once

#include "diff/change_set.hpp"
#include "diff/row_writer.hpp"

namespace bulk_sync {

class CompareRows final : public DiffSink {
  public:
	/* `changes` gets the rows too, for checks of what would be written; nullptr when there is none.
	 * In the current memory context. Throws pg::Error. */
	CompareRows(const Plan &plan, pg::ResultRows &result, ChangeSet *changes);

	/* A row is written as JSON when it comes, by output functions of all types. */
	bool is_parallel_safe() const noexcept override { return false; }
	PG_RAISES void added(const AddedRow &row) override;
	PG_RAISES void updated(const ChangedRow &row) override;
	PG_RAISES void removed(const TargetRow &row) override;
	PG_RAISES void unchanged(const TargetRow &row, StagedRow *staged) override;
	void held_back(const ChangedRow &) override {}

  private:
	PG_RAISES void load(const TargetRow &row);
	void load_new(const ChangedRow &row);

	const Plan &plan_;
	ChangeSet *changes_;
	RowWriter writer_;
	/* The row of the target, and what is to become of it; by column number less one. */
	RowValues row_;
	RowValues new_row_;
	bool *changed_;
	RowValues image_; /* and behind it the extra or the carried columns */
};

} // namespace bulk_sync
