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
	 * bytes that the caller wants to stay within. Throws pg::Error. */
	StagedRows(const ColumnMap &map, std::size_t limit);

	/* Would another row of this many bytes go beyond the limit, the table over all of them
	 * included? The first row never does. */
	bool is_full_for(std::size_t row_bytes) const noexcept
	{
		return !(count_ < rows_known_to_fit_ &&
				 StagedRow::footprint(row_bytes) <= room_in_chunk()) &&
			   exceeds_limit(row_bytes);
	}

	/* Room for a row of at most this many bytes; it becomes one of the rows by append(). Raises. */
	StagedRow *reserve(std::size_t row_bytes);

	/* Takes the row that was reserved last, once its bytes are there. */
	void append(StagedRow *row, uint64 hash, RowExtent extent) noexcept;

	/*
	 * Builds the table over all rows, once they are all there: it has its size from the start, and
	 * the memory of several rows is under way at a time. Of rows with the same key the first is
	 * in the table; for each other one, marked as matched, duplicate(first) is called. Raises.
	 */
	template <typename Duplicate> void build_table(Duplicate &&duplicate)
	{
		make_slots();
		StagedRow *group[prefetched];
		int grouped = 0;
		auto const place_group = [&] {
			CHECK_FOR_INTERRUPTS();
			for (int i = 0; i < grouped; i++)
				if (StagedRow *const first = place(group[i])) {
					group[i]->matched = true;
					duplicate(first);
				}
			grouped = 0;
		};
		for_each([&](StagedRow *row) {
			prefetch_slot(row->hash);
			group[grouped++] = row;
			if (grouped == prefetched)
				place_group();
		});
		place_group();
	}

	/* Calls visit(row) for each row in the order they came. */
	template <typename Visit> void for_each(Visit &&visit)
	{
		for (Chunk *chunk = first_; chunk != nullptr; chunk = chunk->next)
			for (char *at = chunk->begin(); at < chunk->used;) {
				auto *const row = reinterpret_cast<StagedRow *>(at);
				at += StagedRow::footprint(row->extent.total);
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

	/* Asks for the memory that find() will touch. */
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

	static constexpr int prefetched = 32;

	std::size_t room_in_chunk() const noexcept
	{
		return static_cast<std::size_t>(last_->end - last_->used);
	}
	bool exceeds_limit(std::size_t row_bytes) const noexcept;
	void add_chunk(std::size_t at_least);
	void make_slots();
	StagedRow *place(StagedRow *row);
	static std::size_t slots_for(uint64 rows) noexcept;

	const ColumnMap &map_;
	std::size_t limit_;
	MemoryContext context_;
	Chunk *first_ = nullptr;
	Chunk *last_ = nullptr;
	std::size_t next_chunk_;
	std::size_t arena_bytes_ = 0;
	Slot *slots_ = nullptr;
	std::size_t mask_ = 0;
	uint64 count_ = 0;
	uint64 rows_known_to_fit_ = 0; /* as far as the table goes, while the chunk has room */
	RowValues left_;
	RowValues right_;
};

} // namespace bulk_sync
