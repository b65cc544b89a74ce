/*
 * The diff: which rows of staging are new, which differ from the row of the target that has the
 * same key, and which rows of the target staging does not have.
 *
 * A hash diff: all rows of staging go into memory (StagedRows), then the rows of the target stream
 * past (Matcher). When staging does not fit into the memory limit, both sides are divided into
 * files by hash (Spill) and done batch by batch.
 *
 * A row is hashed by its keys and formed: the columns that both sides compare become its image,
 * with equal bytes for equal values.
 */
#pragma once

#include "diff/diff_result.hpp"
#include "diff/spill.hpp"

namespace bulk_sync {

class Diff {
  public:
	/* Works in the current memory context and stays within `limit` bytes, but for single large
	 * rows and the buffers of its files. Throws pg::Error. */
	Diff(const ColumnMap &map, DiffSink &sink, DiffResult &result, std::size_t limit);
	Diff(const Diff &) = delete;
	Diff &operator=(const Diff &) = delete;

	/* How many rows of staging the planner expects, to divide them well if need be. */
	void expect_staged(double rows) noexcept { expected_rows_ = rows; }

	/*
	 * First all rows of staging, then end_staged(); then all rows of the target, then
	 * end_target(). Values are those of the image columns, then those of the extra or carried ones.
	 * All raise.
	 */
	PG_RAISES void add_staged(const Datum *values, const bool *nulls);
	PG_RAISES void end_staged();
	PG_RAISES void add_target(const RowId &id, const Datum *values, const bool *nulls);
	PG_RAISES void end_target();

	/* The rows of staging while they are all in memory; nullptr once they are in files. */
	StagedRows *staged_in_memory() noexcept { return spill_.has_begun() ? nullptr : &rows_; }

	const DiffCounts &counts() const noexcept { return result_.counts; }

  private:
	PG_RAISES uint64 hash_key(const Datum *values, const bool *nulls) const;
	PG_RAISES void begin_spill();
	PG_RAISES void run_batches();

	const ColumnMap &map_;
	DiffSink &sink_;
	DiffResult &result_;
	RowBuilder staged_builder_;
	RowBuilder target_builder_;
	StagedRows rows_;
	Matcher matcher_;
	Spill spill_;
	double expected_rows_ = 0;
};

} // namespace bulk_sync
