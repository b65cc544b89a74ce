/*
 * The diff: which rows of staging are new, which differ from the row of the target that has the
 * same key, and which rows of the target staging does not have.
 *
 * A hash diff: all rows of staging go into memory (StagedRows), then the rows of the target stream
 * past (Matcher). When staging does not fit into the memory limit, both sides are divided into
 * files by hash (Spill) and done batch by batch.
 *
 * Each side comes either as tuples that are stored in a table, which are taken as they are, or as
 * values, of which a tuple is formed. What the columns of the image are in it, its shape says.
 */
#pragma once

#include "diff/diff_result.hpp"
#include "diff/key_hash.hpp"
#include "diff/spill.hpp"

namespace bulk_sync {

/* One side of a diff: the shape of its rows, and what makes them. */
struct DiffSide {
	RowShape shape;
	KeyHash hash;
	std::optional<pg::TupleBuilder>
		builder; /* of values; nothing when tuples come as they are stored */

	/* Throws pg::Error. */
	DiffSide(const ColumnMap &map, RowShape &&of, bool forms);
	DiffSide(const DiffSide &) = delete;
	DiffSide &operator=(const DiffSide &) = delete;

	/* Bytes that build() writes for this row at the most. Raises. */
	PG_RAISES std::size_t most_bytes(const Datum *values, const bool *nulls) const;
};

class Diff {
  public:
	/* Works in the current memory context and stays within `limit` bytes, but for single large
	 * rows and the buffers of its files. Throws pg::Error. */
	Diff(const ColumnMap &map, DiffSink &sink, DiffResult &result, std::size_t limit);
	Diff(const Diff &) = delete;
	Diff &operator=(const Diff &) = delete;

	/* How many rows of staging the planner expects, and how long it thinks that they are in bytes,
	 * to have room for them or to divide them well. Before any row. */
	void expect_staged(double rows, double width) noexcept;

	/*
	 * How rows of staging will come: as tuples that are stored with this descriptor, or as values,
	 * of which tuples are formed with the types of the target's. Then the same of the target, once
	 * staging is complete. All throw pg::Error.
	 */
	void take_stored_staging(TupleDesc desc);
	void form_staging(TupleDesc target);
	void take_stored_target(TupleDesc desc);
	void form_target(TupleDesc target);

	/*
	 * First all rows of staging, then end_staged(); then all rows of the target, then
	 * end_target(). Values are those of the image columns, then those of the extra or carried ones.
	 * All raise.
	 */
	PG_RAISES void add_staged(const Datum *values, const bool *nulls);
	PG_RAISES void add_staged(const TupleView &tuple);
	PG_RAISES void end_staged();
	PG_RAISES void add_target(const RowId &id, const Datum *values, const bool *nulls);
	/* The tuple is copied, or else has to stay where it is up to the next flush_target(). */
	PG_RAISES void add_target(const HeapTupleData &tuple);
	PG_RAISES void add_target_in_place(const HeapTupleData &tuple);
	PG_RAISES void flush_target();
	PG_RAISES void end_target();

	/* The rows of staging while they are all in memory; nullptr once they are in files. */
	StagedRows *staged_in_memory() noexcept { return spill_.has_begun() ? nullptr : &rows_; }
	const RowShape &staged_shape() const noexcept { return staged_->shape; }

	const DiffCounts &counts() const noexcept { return result_.counts; }

  private:
	PG_RAISES void begin_spill();
	PG_RAISES void run_batches();
	PG_RAISES void tell_kept();
	PG_RAISES StagedRow *staged_space_for(std::size_t bytes);
	PG_RAISES void take_staged(StagedRow *row, uint32 hash);
	PG_RAISES void fill(TargetRow &row, const HeapTupleData &tuple);
	void note_mark(TargetRow &row, Datum mark, bool is_null) noexcept;

	const ColumnMap &map_;
	DiffResult &result_;
	DiffSink &sink_;
	std::optional<DiffSide> staged_;
	std::optional<DiffSide> target_;
	StagedRows rows_;
	Matcher matcher_;
	Spill spill_;
	double expected_rows_ = 0;
};

} // namespace bulk_sync
