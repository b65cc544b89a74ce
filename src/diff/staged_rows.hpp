/*
 * The rows of staging in memory: an arena that holds them in the order they came, and a hash table
 * over it.
 *
 * The arena is one piece that grows; large pieces grow by moving pages, not bytes. Rows are known
 * by their offset in it, so that a slot of the table takes 8 bytes: half of the hash, and the
 * offset. The table is open addressing with linear probing: a probe touches one cache line of the
 * table and then, nearly always, only the row it looks for.
 *
 * A row's position in staging is its place in the arena when all rows of staging are there; rows
 * of one batch have their positions in an array beside it.
 */
#pragma once

#include "diff/key_list.hpp"
#include "diff/row.hpp"

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
		return used_ + StagedRow::footprint(row_bytes) > fits_until_ && exceeds_limit(row_bytes);
	}

	/* Room for a row of at most this many bytes; it becomes one of the rows by append(). Moves the
	 * rows: pointers to them end here. Raises. */
	PG_RAISES StagedRow *reserve(std::size_t row_bytes);

	/* Takes the row that was reserved last, once its bytes are there. */
	void append(StagedRow *row, uint64 hash, RowExtent extent) noexcept
	{
		row->start(hash, extent);
		used_ += StagedRow::footprint(extent.total);
		count_++;
	}

	/* The same for a row that others of staging do not stand before: `position` is its place in
	 * staging, from 0. Either all rows are appended so or none. Raises. */
	PG_RAISES void append(StagedRow *row, uint64 hash, RowExtent extent, uint64 position)
	{
		if (count_ == positions_size_)
			grow_positions();
		positions_[count_] = position;
		append(row, hash, extent);
	}

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
					group[i]->matched = 1;
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
		for (std::size_t at = first_row; at < used_;) {
			auto *const row = reinterpret_cast<StagedRow *>(arena_ + at);
			at += StagedRow::footprint(row->total);
			visit(row);
		}
	}

	/* Calls visit(row, position) for each row in the order they came, with its position in
	 * staging. */
	template <typename Visit> void for_each_with_position(Visit &&visit)
	{
		uint64 index = 0;
		for_each([&](StagedRow *row) {
			visit(row, positions_ == nullptr ? index : positions_[index]);
			index++;
		});
	}

	/*
	 * Looks for the row with this hash for which match(row) is true; nullptr when there is none.
	 */
	template <typename Match> StagedRow *find(uint64 hash, Match &&match)
	{
		for (std::size_t i = hash & mask_; slots_[i].position != 0; i = (i + 1) & mask_)
			if (slots_[i].tag == tag_of(hash) && match(row_in(slots_[i])))
				return row_in(slots_[i]);
		return nullptr;
	}

	/* Asks for the memory that find() will touch. */
	void prefetch_slot(uint64 hash) const noexcept { __builtin_prefetch(&slots_[hash & mask_]); }
	void prefetch_row(uint64 hash) const noexcept
	{
		__builtin_prefetch(row_in(slots_[hash & mask_]));
	}

	/* Have two images the same key? Raises. */
	PG_RAISES bool same_key(MinimalTuple left, MinimalTuple right);

	/* A row of the target has this row's key; `marked`: as deleted. Once for each row. */
	void set_matched(StagedRow *row, bool marked) noexcept
	{
		row->matched = 1;
		row->matched_marked = marked;
		matched_++;
	}

	/* Adds a row's key to the keys that are there several times; each is noted once, however many
	 * rows have it. Raises. */
	PG_RAISES void note_duplicate(StagedRow *row, KeyList &duplicates);

	/* Frees the table and keeps the rows. Raises. */
	PG_RAISES void drop_table();

	/* Forgets all rows and frees the table. Raises. */
	PG_RAISES void clear();

	uint64 count() const noexcept { return count_; }
	/* How many set_matched() was called for. */
	uint64 matched() const noexcept { return matched_; }

  private:
	struct Slot {
		uint32 tag;		 /* the leading half of the hash */
		uint32 position; /* of the row in the arena, in units of the alignment; 0: empty */
	};
	static constexpr int prefetched = 32;
	/* So that no row has position 0. */
	static constexpr std::size_t first_row = MAXIMUM_ALIGNOF;

	static uint32 tag_of(uint64 hash) noexcept { return static_cast<uint32>(hash >> 32); }
	StagedRow *row_in(Slot slot) const noexcept
	{
		return reinterpret_cast<StagedRow *>(arena_ + std::size_t{slot.position} * MAXIMUM_ALIGNOF);
	}
	bool exceeds_limit(std::size_t row_bytes) const noexcept;
	PG_RAISES void grow(std::size_t bytes);
	PG_RAISES void grow_positions();
	PG_RAISES void make_slots();
	PG_RAISES StagedRow *place(StagedRow *row);
	static std::size_t slots_for(uint64 rows) noexcept;

	const ColumnMap &map_;
	std::size_t limit_;
	MemoryContext context_;
	char *arena_ = nullptr;
	std::size_t capacity_ = 0;
	std::size_t used_ = first_row;
	std::size_t fits_until_; /* use of the arena that is within the limit for sure */
	Slot *slots_ = nullptr;
	std::size_t mask_ = 0;
	uint64 count_ = 0;
	uint64 matched_ = 0;
	uint64 *positions_ = nullptr; /* nullptr: a row's position is its index */
	uint64 positions_size_ = 0;
	RowValues left_;
	RowValues right_;
};

} // namespace bulk_sync
