/*
 * Matches rows of the target with the rows of staging that are in memory, and tells a sink what it
 * finds.
 *
 * A pair whose images are the same bytes is done with one memcmp; only others are taken apart. Rows
 * of the target are collected in groups, so that the memory a probe needs is on its way to the
 * cache before it is touched.
 *
 * It knows nothing of where the rows come from. Several can work on one set of staged rows, each on
 * a share of the target and with a result of its own:
 *
 *   first.build_table();                  once, when the staged rows are complete
 *   first.add(row); second.add(row);
 *   first.flush(); second.flush();
 *   first.emit_added();                   once, when all shares are done
 */
#pragma once

#include "diff/diff_result.hpp"
#include "diff/diff_sink.hpp"
#include "diff/staged_rows.hpp"

namespace bulk_sync {

class Matcher {
  public:
	/* In the current memory context, which all memory comes from. `rows` may be filled later.
	 * Counts, and notes duplicates, in `result`. Throws pg::Error. */
	Matcher(const ColumnMap &map, StagedRows &rows, DiffSink &sink, DiffResult &result);

	StagedRows &rows() noexcept { return rows_; }
	const DiffResult &result() const noexcept { return result_; }

	/* For what a row of the target needs on its way to add(). Reset with each group. */
	MemoryContext scratch() const noexcept { return scratch_; }

	/* Builds the table over the staged rows and notes the keys that several of them have. Raises. */
	PG_RAISES void build_table();

	/* Room for the bytes of the next row, aligned; add() takes it for good. Makes some by working
	 * off the rows that have come so far. Raises. */
	PG_RAISES char *space_for(std::size_t bytes)
	{
		std::size_t const needed = MAXALIGN(bytes);
		if (grouped_ == group_rows || used_ + needed > size_)
			make_space(needed);
		return memory_ + used_;
	}

	/* Takes a row whose bytes are where space_for() said. */
	void add(const TargetRow &row) noexcept
	{
		rows_.prefetch_slot(row.hash);
		group_[grouped_++] = row;
		used_ += MAXALIGN(row.extent.total);
	}

	/* Works off the rows that have come so far, and frees the room that a large row took. Raises. */
	PG_RAISES void flush();

	/* Tells of the staged rows without a counterpart, in the order they are kept. Raises. */
	PG_RAISES void emit_added();

  private:
	static constexpr int group_rows = 64;
	static constexpr std::size_t group_bytes = 256 * 1024;

	PG_RAISES void make_space(std::size_t bytes);
	PG_RAISES void match_group();
	PG_RAISES void match(const TargetRow &row);
	PG_RAISES bool has_same_key(const TargetRow &row, StagedRow *staged);
	PG_RAISES void count_pair(const TargetRow &row, StagedRow *staged);
	PG_RAISES bool compare_columns(const TargetRow &row, StagedRow *staged);

	const ColumnMap &map_;
	StagedRows &rows_;
	DiffSink &sink_;
	DiffResult &result_;
	MemoryContext context_;
	MemoryContext scratch_;

	TargetRow group_[group_rows];
	int grouped_ = 0;
	char *memory_ = nullptr; /* of the bytes of the group's rows */
	std::size_t size_ = 0;
	std::size_t used_ = 0;

	RowValues old_;
	RowValues new_;
	bool *changed_;
};

} // namespace bulk_sync
