/*
 * The diff: which rows of staging are new, which differ from the row of the target that has the
 * same key, and which rows of the target staging does not have.
 *
 * A hash diff: all rows of staging go into memory, then the rows of the target stream past. A pair
 * whose formed images are the same bytes is done with one memcmp; only others are taken apart. When
 * staging does not fit into the memory limit, both sides are divided into files by hash and done
 * pair by pair. Rows of the target are collected in batches, so that the memory a probe needs is
 * on its way to the cache before it is touched.
 */
#pragma once

#include <optional>

#include "diff/key_list.hpp"
#include "diff/batches.hpp"

namespace bulk_sync {

/* A matched pair whose stored images differ. Arrays have a value for each column of the image. */
struct ChangedRow {
	const TargetRow &target;
	RowValues old_values;
	RowValues new_values; /* of columns that are not updated: the old value */
	const bool *changed;
	StagedRow *staged;
};

/* Takes what the diff finds, row by row. Called from executor frames: may raise. */
class DiffSink {
  public:
	/* Called before any row when new rows will not come in the order of staging. May throw, too. */
	virtual void expect_disorder() {}

	/* `position`: of the row in staging, from 0. */
	virtual void added(StagedRow *row, uint64 position) = 0;
	virtual void updated(const ChangedRow &row) = 0;
	virtual void removed(const TargetRow &row) = 0;
	virtual void unchanged(const TargetRow &row, StagedRow *staged) = 0;

  protected:
	~DiffSink() = default;
};

struct DiffCounts {
	uint64 staged = 0;	  /* rows in staging */
	uint64 in_scope = 0;  /* rows of the target that were read */
	uint64 marked = 0;	  /* of them, rows that are marked as deleted */
	uint64 unchanged = 0; /* pairs with the same image */
	uint64 matched = 0;	  /* rows of staging that have a counterpart */
};

class Diff {
  public:
	/* Works in the current memory context and stays within `limit` bytes, but for single large
	 * rows and the buffers of its files. Throws pg::Error. */
	Diff(const ColumnMap &map, DiffSink &sink, std::size_t limit);

	/* How many rows of staging the planner expects, to divide them well if need be. */
	void expect_staged(double rows) noexcept;
	void expect_target(double rows) noexcept;

	/*
	 * First all rows of staging, then end_staged(); then all rows of the target, then
	 * end_target(). Values are those of the image columns, then those of the extra or carried ones.
	 * All raise.
	 */
	void add_staged(const Datum *values, const bool *nulls);
	void end_staged();
	void add_target(const RowId &id, const Datum *values, const bool *nulls);
	void end_target();

	/* Did staging not fit into memory? */
	bool is_divided() const noexcept { return batches_.has_value(); }

	/* The rows of staging while they are all in memory; nullptr once they are in files. */
	StagedRows *staged_in_memory() noexcept { return batches_ ? nullptr : &rows_; }

	const DiffCounts &counts() const noexcept { return counts_; }
	const KeyList &staging_duplicates() const noexcept { return staging_duplicates_; }
	const KeyList &target_duplicates() const noexcept { return target_duplicates_; }
	/* Is one of them marked as deleted? */
	bool marked_among_duplicates() const noexcept { return marked_among_duplicates_; }

  private:
	static constexpr int batch_rows = 64;
	static constexpr uint64 reported_rows = 1024; /* rows between two reports of progress */
	static constexpr std::size_t batch_bytes = 256 * 1024;

	uint64 hash_key(const Datum *values, const bool *nulls) const;
	void build_table();
	StagedRow *spare_row(std::size_t row_bytes);
	void divide_rows();

	char *batch_space(std::size_t bytes);
	void batch(TargetRow row);
	void flush_batch();
	void compare(const TargetRow &row);
	bool match(const TargetRow &row, StagedRow *staged);
	bool compare_columns(const TargetRow &row, StagedRow *staged);
	void count_pair(const TargetRow &row, StagedRow *staged);
	void emit_added(uint64 matched_before);

	void process(Batch &pair, Vector<Batch> &queue);
	bool has_duplicates();
	bool load_staged(Batch &pair);
	void divide_pair(Batch &pair, Vector<Batch> &queue);
	void compare_file(pg::TempFile &file);

	void note_duplicate(KeyList &duplicates, StagedRow *row);

	const ColumnMap &map_;
	DiffSink &sink_;
	std::size_t limit_;
	MemoryContext context_;
	MemoryContext scratch_; /* for what a single row or batch needs */
	RowFormer staged_former_;
	RowFormer target_former_;
	StagedRows rows_;
	std::optional<Batches> batches_;
	double expected_rows_ = 0;

	TargetRow batch_[batch_rows];
	int batched_ = 0;
	char *batch_memory_ = nullptr;
	std::size_t batch_size_ = 0;
	std::size_t batch_used_ = 0;

	RowValues old_;
	RowValues new_;
	bool *changed_;

	DiffCounts counts_;
	KeyList staging_duplicates_;
	KeyList target_duplicates_;
	bool marked_among_duplicates_ = false;
};

} // namespace bulk_sync
