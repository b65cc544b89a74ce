/*
 * What a diff finds, row by row, and who takes it.
 */
#pragma once

#include "diff/row.hpp"

namespace bulk_sync {

class Spill;
class StagedRows;

/* A row of staging without a counterpart. */
struct AddedRow {
	StagedRow *row;
	const RowShape &shape;
	uint64 position; /* in staging, from 0 */
};

/* A matched pair whose stored images differ. Arrays have a value for each column of the image. */
struct ChangedRow {
	const TargetRow &target;
	RowValues old_values; /* and behind the image the carried columns */
	RowValues new_values; /* of columns that are not updated: the old value */
	const bool *changed;
	StagedRow *staged;
};

/* Takes what the diff finds. Rows and their values hold during the call. Called from executor
 * frames: may raise. */
class DiffSink {
  public:
	/* May the functions below be called while the executor has workers running? */
	virtual bool is_parallel_safe() const noexcept { return true; }

	/* Called before any row when new rows will not come in the order of staging. May throw, too. */
	virtual void expect_disorder() {}

	/* All new rows at once, when all rows of staging are in memory and the target has been read:
	 * those of `rows` that are not matched. True when it has taken what it wants of them, the rows
	 * themselves perhaps; else added() is called for each. */
	virtual bool all_added(StagedRows &, const RowShape &) { return false; }
	/* The same when staging is in files and all of it is new: the rows of the batches that are
	 * kept. Only then is a sink told so that keeps_new_rows(), instead of by added(). */
	virtual bool keeps_new_rows() const noexcept { return false; }
	virtual void all_added(Spill &, const RowShape &) {}
	PG_RAISES virtual void added(const AddedRow &row) = 0;
	PG_RAISES virtual void updated(const ChangedRow &row) = 0;
	PG_RAISES virtual void removed(const TargetRow &row) = 0;
	PG_RAISES virtual void unchanged(const TargetRow &row, StagedRow *staged) = 0;
	/* Does unchanged() do nothing, so that it need not be called? */
	virtual bool ignores_unchanged() const noexcept { return false; }
	/* A pair that would be updated() if the condition for updates were true of it. */
	PG_RAISES virtual void held_back(const ChangedRow &row) = 0;

  protected:
	~DiffSink() = default;
};

} // namespace bulk_sync
