/*
 * Of the rows that differ, those for which the condition for updates is true.
 */
#pragma once

#include "diff/diff_sink.hpp"
#include "pg/row_test.hpp"
#include "plan/update_test.hpp"

namespace bulk_sync {

/* Tells another sink what it is told, but for rows that differ and are not wanted: those are held
 * back. */
class WantedUpdates final : public DiffSink {
  public:
	/* In the current memory context and resource owner. Throws pg::Error. */
	WantedUpdates(const Plan &plan, Snapshot snapshot, DiffSink &next);
	WantedUpdates(const WantedUpdates &) = delete;
	WantedUpdates &operator=(const WantedUpdates &) = delete;

	bool is_parallel_safe() const noexcept override
	{
		return row_test_.is_parallel_safe() && next_.is_parallel_safe();
	}
	void expect_disorder() override { next_.expect_disorder(); }
	PG_RAISES bool all_added(StagedRows &rows, const RowShape &shape) override
	{
		return next_.all_added(rows, shape);
	}
	bool keeps_new_rows() const noexcept override { return next_.keeps_new_rows(); }
	PG_RAISES void all_added(Spill &spill, const RowShape &shape) override
	{
		next_.all_added(spill, shape);
	}
	PG_RAISES void added(const AddedRow &row) override { next_.added(row); }
	PG_RAISES void removed(const TargetRow &row) override { next_.removed(row); }
	PG_RAISES void unchanged(const TargetRow &row, StagedRow *staged) override
	{
		next_.unchanged(row, staged);
	}
	PG_RAISES void held_back(const ChangedRow &row) override { next_.held_back(row); }
	/* Raises also what the condition raises, and 0A000 when it uses a generated column whose new
	 * value comes from columns that the target lacks. */
	PG_RAISES void updated(const ChangedRow &row) override;

	/* Once all rows have come. Throws pg::Error. */
	void finish();

  private:
	PG_RAISES bool is_wanted(const ChangedRow &row);
	PG_RAISES void refuse_unknown(const pg::Generation &generation, const ChangedRow &row) const;

	const Plan &plan_;
	DiffSink &next_;
	UpdateTest test_;
	pg::RowStore store_;
	pg::Statement statement_;
	pg::RowTest row_test_;
	RowValues row_; /* of the store */
};

} // namespace bulk_sync
