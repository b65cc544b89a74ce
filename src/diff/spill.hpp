/*
 * Rows that do not fit into memory, divided by hash into batches: each can be run by itself, and is
 * divided again when it is still too large (a Grace hash join, as in nodeHash.c).
 *
 *   spill.begin(parts);
 *   spill.put(row, position); spill.put(target);
 *   spill.end();
 *   while (Batch *const batch = spill.next())
 *       if (batch->run(matcher))
 *           spill.finish(batch);
 *       else
 *           spill.divide(batch);
 *
 * Instead of finish(), a batch whose staged rows are all new can be kept up to the call's end.
 */
#pragma once

#include "diff/batch.hpp"

namespace bulk_sync {

/* The hash table uses the leading bits of a hash, batches the trailing ones. */
class Spill {
  public:
	/* Works in a part of the current memory context. `limit`: bytes that the diff wants to stay
	 * within; the buffers of the files get half of it. */
	explicit Spill(std::size_t limit) noexcept : limit_(limit), context_(CurrentMemoryContext) {}

	/* From now on rows can be put; those of staging are expected to take `parts` times the limit.
	 * Raises, as all of the following do. */
	PG_RAISES void begin(double parts);
	bool has_begun() const noexcept { return has_begun_; }

	/* Room for the tuple of a row that will be put, aligned; holds until the next call. */
	PG_RAISES char *space_for(std::size_t bytes)
	{
		if (bytes > size_)
			make_space(bytes);
		return memory_;
	}
	PG_RAISES StagedRow *staged_space_for(std::size_t bytes)
	{
		return reinterpret_cast<StagedRow *>(space_for(StagedRow::footprint(bytes)));
	}

	/* `position`: of the row in staging, from 0. */
	PG_RAISES void put(StagedRow *row, uint64 position) { part_for(row->hash).put(row, position); }
	PG_RAISES void put(const TargetRow &row) { part_for(row.hash).put(row); }

	/* All rows of both sides have been put. */
	PG_RAISES void end();

	/* Takes a batch out of the queue; nullptr when there is none. It goes to finish() or
	 * divide(). */
	Batch *next() noexcept;

	/* Frees a batch that has been run. */
	PG_RAISES void finish(Batch *batch);

	/* Keeps a batch that is_new in place of finish(). False, and nothing done, when a buffer for
	 * each would take more than half of the limit. */
	PG_RAISES bool keep(Batch *batch);

	/* Takes a batch out of those that are kept; nullptr when there is none. */
	Batch *next_kept() noexcept;
	int kept() const noexcept { return kept_count_; }
	/* Their rows of staging. */
	uint64 kept_rows() const noexcept { return kept_rows_; }

	/* All batches have been run, and some are kept: makes what they have a part of the current
	 * memory context. Raises. */
	PG_RAISES void change_owner() { MemoryContextSetParent(context_, CurrentMemoryContext); }

	/* Bytes of a buffer, of which so many are in use at a time. */
	std::size_t piece_for(std::size_t buffers) const noexcept;

	/* Puts a batch's rows into new batches, by the bits behind those that it has used. Frees it. */
	PG_RAISES void divide(Batch *batch);

  private:
	Batch &part_for(uint32 hash) noexcept
	{
		return *parts_[(hash >> bits_used_) & ((1u << bits_) - 1)];
	}
	PG_RAISES void make_space(std::size_t bytes);
	PG_RAISES void open_parts(int bits_used, double parts);
	PG_RAISES void close_parts();
	PG_RAISES bool divide_staged(Batch *batch);
	PG_RAISES void divide_target(Batch *batch);

	std::size_t limit_;
	MemoryContext context_;
	bool has_begun_ = false;
	/* The division that rows are being put into: 2^bits parts. */
	Batch *parts_[1 << most_batch_bits];
	int bits_used_ = 0;
	int bits_ = 0;
	Batch *queue_ = nullptr; /* the batch that was put there last comes out first */
	Batch *kept_ = nullptr;	 /* likewise */
	int kept_count_ = 0;
	uint64 kept_rows_ = 0;
	char *memory_ = nullptr; /* for one row */
	std::size_t size_ = 0;
};

/* Bits to divide by, when the staging rows are expected to be `parts` times what fits into the
 * limit, which is in bytes and has to have room for the buffers of the files too. */
int batch_bits(double parts, std::size_t limit) noexcept;

} // namespace bulk_sync
