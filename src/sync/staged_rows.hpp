/*
 * The rows of staging in memory: an arena that holds them in the order they came, and a hash table
 * over it.
 *
 * The table is open addressing with linear probing over (hash, pointer) pairs, so that a probe
 * touches one cache line of the table and then, nearly always, only the row it looks for.
 */
#pragma once

#include "sync/row.hpp"

namespace bulk_sync {

class StagedRows {
  public:
	/* Empty, in the current memory context, which all memory comes from. `limit` is the size in
	 * bytes that the caller wants to stay within. */
	StagedRows(const ColumnMap &map, std::size_t limit);

	/* Makes the table large enough for this many rows, within a part of the limit. Raises. */
	void expect(double rows);

	/* Would another row of this extent go beyond the limit? The first row never does. */
	bool is_full_for(RowExtent extent) const noexcept;

	/* Room for a row; its header is filled, its bytes are not. Raises. */
	StagedRow *append(uint64 hash, RowExtent extent);

	/* Puts an appended row into the table. Returns nullptr, or the row that has the same key
	 * already; then the new row stays out of the table. Raises. */
	StagedRow *insert(StagedRow *row);

	/* Calls visit(row) for each row in the order they came, also those that insert() refused. */
	template <typename Visit> void for_each(Visit &&visit)
	{
		for (Chunk *chunk = first_; chunk != nullptr; chunk = chunk->next)
			for (char *at = chunk->begin(); at < chunk->used;) {
				auto *const row = reinterpret_cast<StagedRow *>(at);
				at += StagedRow::footprint(row->extent);
				visit(row);
			}
	}

	/*
	 * Looks for the row with this hash for which match(row) is true; nullptr when there is none.
	 */
	template <typename Match> StagedRow *find(uint64 hash, Match &&match)
	{
		for (std::size_t i = hash & mask_; slots_[i].row != nullptr; i = (i + 1) & mask_)
			if (slots_[i].hash == hash && match(slots_[i].row))
				return slots_[i].row;
		return nullptr;
	}

	/* Ask for the memory that find() will touch. */
	void prefetch_slot(uint64 hash) const noexcept { __builtin_prefetch(&slots_[hash & mask_]); }
	void prefetch_row(uint64 hash) const noexcept
	{
		__builtin_prefetch(slots_[hash & mask_].row);
	}

	/* Have two images the same key? Raises. */
	bool same_key(MinimalTuple left, MinimalTuple right);

	/* Frees all rows. Raises. */
	void clear();

	uint64 count() const noexcept { return count_; }

  private:
	struct Slot {
		uint64 hash;
		StagedRow *row;
	};
	struct Chunk {
		Chunk *next;
		char *used;
		char *end;
		char *begin() noexcept { return reinterpret_cast<char *>(this) + MAXALIGN(sizeof(Chunk)); }
	};

	void add_chunk(std::size_t at_least);
	void resize(std::size_t slots);
	void place(uint64 hash, StagedRow *row) noexcept;
	bool needs_to_grow() const noexcept { return (count_ + 1) * 3 > (mask_ + 1) * 2; }

	const ColumnMap &map_;
	std::size_t limit_;
	MemoryContext context_;
	Chunk *first_ = nullptr;
	Chunk *last_ = nullptr;
	std::size_t next_chunk_;
	std::size_t arena_bytes_ = 0;
	Slot *slots_ = nullptr;
	std::size_t mask_ = 0;
	uint64 count_ = 0; /* rows appended, which is at least those in the table */
	RowValues left_;
	RowValues right_;
};

} // namespace bulk_sync
