/*
 * The new rows of staging where the diff has them anyway: in the arena, or in the files of batches.
 * They are kept there for as long as they are to be written. Where a good part of staging is new,
 * as in a first load, that saves a store with a copy of each row.
 */
#pragma once

#include "diff/row_shape.hpp"
#include "diff/spill.hpp"
#include "pg/row_source.hpp"

namespace bulk_sync {

/* Gives the rows in the order of staging, as the diff keeps them: each column where the shape of
 * the staged rows says. What it has is in the memory context that was current when it was made. */
class AddedRows : public pg::RowSource {
  public:
	uint64 count() const noexcept override { return count_; }
	TupleDesc tuple_desc() const noexcept override { return desc_; }
	PG_RAISES void open() override;
	PG_RAISES void close() override;

	/* Which attribute of the tuples a column of a staged row is; both from 0. */
	int attribute(std::size_t column) const noexcept { return attributes_[column]; }

	/* Frees the rows. Raises. */
	PG_RAISES virtual void release() = 0;

  protected:
	/* Raises. */
	AddedRows(uint64 count, const RowShape &shape);
	~AddedRows() = default;

	PG_RAISES TupleTableSlot *store(StagedRow *row)
	{
		return ExecStoreMinimalTuple(row->tuple(), slot_, false);
	}
	/* The one that was current in open(). */
	MemoryContext memory() const noexcept { return slot_->tts_mcxt; }

  private:
	uint64 count_;
	TupleDesc desc_;
	int *attributes_;
	TupleTableSlot *slot_ = nullptr;
};

/* Those of the arena that nothing matched. */
class AddedRowsInMemory final : public AddedRows {
  public:
	/* Takes the rows, which are all of staging, out of the diff. Raises. */
	AddedRowsInMemory(StagedRows &rows, const RowShape &shape)
		: AddedRows(rows.unmatched(), shape), arena_(rows.take_arena())
	{
	}

	PG_RAISES void open() override;
	PG_RAISES TupleTableSlot *next() override;
	void release() override { arena_.release(); }

  private:
	RowArena arena_;
	RowArena::Place place_; /* of the next row */
};

/* All of the batches that are kept, merged by their positions in staging. */
class AddedRowsInFiles final : public AddedRows {
  public:
	/* Takes the batches out of the spill. Raises. */
	AddedRowsInFiles(Spill &spill, const RowShape &shape);

	PG_RAISES void open() override;
	PG_RAISES TupleTableSlot *next() override;
	PG_RAISES void release() override;

  private:
	/* The next row of a batch. */
	struct Head {
		uint64 position; /* in staging */
		Batch *batch;

		/* For a heap whose front is the first in staging. */
		bool operator<(const Head &other) const noexcept { return position > other.position; }
	};

	PG_RAISES void push(Batch *batch);
	PG_RAISES char *space_for(std::size_t bytes);

	std::size_t piece_; /* bytes that are read of a file at a time */
	Batch **batches_;
	int batch_count_ = 0;
	Head *heads_; /* a heap */
	int head_count_ = 0;
	char *row_ = nullptr; /* the row that was read last, and its room in bytes */
	std::size_t size_ = 0;
};

} // namespace bulk_sync
