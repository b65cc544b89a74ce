/*
 * Matches rows of the target with the rows of staging that are in memory, and tells a sink what it
 * finds.
 *
 * A pair whose images are the same bytes is done with a comparison of memory; only others are taken
 * apart. Rows of the target are collected in groups, so that the memory a probe needs is on its way
 * to the cache before it is touched.
 *
 * It knows nothing of where the rows come from. Several can work on one set of staged rows, each on
 * a share of the target and with a result of its own:
 *
 *   first.build_table(staged);            once, when the staged rows are complete
 *   first.add(row); second.add(row);
 *   first.flush(); second.flush();
 *   first.emit_added();                   once, when all shares are done
 */
#pragma once

#include "diff/diff_result.hpp"
#include "diff/diff_side.hpp"
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

	/* The shape of the staged rows. Outlives it. */
	void take_staged(const RowShape &staged) noexcept { staged_ = &staged; }

	/* Builds the table over the staged rows and notes the keys that several of them have.
	 * Raises. */
	PG_RAISES void build_table();

	/* Room for a row's tuple, aligned; add() takes it for good, up to the next group. Makes some by
	 * working off the rows that have come so far. Raises. */
	PG_RAISES char *space_for(std::size_t bytes)
	{
		std::size_t const needed = MAXALIGN(bytes);
		if (grouped_ == group_rows || used_ + needed > size_)
			make_space(needed);
		return memory_ + used_;
	}

	/* Takes a row whose tuple is where space_for() said, and whose side stays up to the next
	 * flush(). */
	void add(const TargetRow &row) noexcept
	{
		used_ += MAXALIGN(minimal_length(row.tuple));
		group_[grouped_] = row;
		take();
	}

	/* A place in the group for a row whose tuple stays where it is up to the next flush(); take()
	 * takes it, once it is filled. Raises. */
	PG_RAISES TargetRow &place()
	{
		if (grouped_ == group_rows)
			match_group();
		return group_[grouped_];
	}
	void take() noexcept { rows_.prefetch_slot(group_[grouped_++].hash); }

	/* Appends a page of staging; `bytes` is the sum of the rows' footprints. Raises. */
	PG_RAISES void append_page(const HeapTupleData *tuples, const uint32 *hashes, int count,
							   std::size_t bytes);

	/* Does match_page() work? */
	bool takes_pages() const noexcept;

	/* Matches rows that lie on a page, each of them as add() does, at once. Raises. */
	PG_RAISES void match_page(const HeapTupleData *tuples, int count, TargetSide &side);

	/* Works off the rows that have come so far. Raises. */
	PG_RAISES void flush() { match_group(); }

	/* The same at the end of all; frees the room that a large row took. Raises. */
	PG_RAISES void end();

	/* Tells of the staged rows without a counterpart, in the order they are kept. Raises. */
	PG_RAISES void emit_added();

  private:
	static constexpr int group_rows = 64;
	static constexpr std::size_t group_bytes = 256 * 1024;

	PG_RAISES void make_space(std::size_t bytes);
	PG_RAISES void match_group();
	PG_RAISES int match_tuples(const HeapTupleData *tuples, int count, TargetSide &side);
	PG_RAISES void match(const TargetRow &row);
	PG_RAISES bool is_pair(const TargetRow &row, StagedRow *staged);
	PG_RAISES bool staged_have_same_key(StagedRow *left, StagedRow *right) const;
	PG_RAISES void count_pair(const TargetRow &row, StagedRow *staged);
	PG_RAISES bool compare_columns(const TargetRow &row);
	PG_RAISES void note_duplicate(StagedRow *row, KeyList &duplicates);

	const ColumnMap &map_;
	StagedRows &rows_;
	DiffSink &sink_;
	DiffResult &result_;
	MemoryContext context_;
	MemoryContext scratch_;
	const RowShape *staged_ = nullptr;

	TargetRow group_[group_rows];
	int grouped_ = 0;
	char *memory_ = nullptr; /* of tuples of the group */
	std::size_t size_ = 0;
	std::size_t used_ = 0;

	/* The pair that is being looked at, when it had to be taken apart. */
	RowValues old_;
	RowValues new_;
	bool old_is_row_ = false; /* is old_ the row of the target that is being matched? */
	RowValues key_;			  /* to be shown */
	bool *changed_;
};

} // namespace bulk_sync
