/*
 * The rows of staging in memory: an arena that holds them in the order they came, and a hash table
 * over it.
 *
 * Rows are known by their position in the arena, so that a slot of the table takes 8 bytes: the
 * hash, and the position. The table is open addressing with linear probing: a probe touches one
 * cache line of the table and then, nearly always, only the row it looks for. The slot where a
 * probe begins comes from the leading bits of the hash.
 *
 * A row's position in staging is its place in the arena when all rows of staging are there; rows of
 * a batch have it in front of them.
 */
#pragma once

#include "diff/key_list.hpp"
#include "diff/row.hpp"
#include "diff/row_arena.hpp"

namespace bulk_sync {

class StagedRows {
  public:
	/* Empty, in the current memory context, which all memory comes from. `limit` is the size in
	 * bytes that the caller wants to stay within. */
	explicit StagedRows(std::size_t limit) noexcept;

	/* About so many rows, and bytes of them, will come, by an estimate. Before the first. */
	void expect(double rows, double bytes) noexcept;

	/* Would more rows, of this many bytes together, go beyond the limit, the table over all of them
	 * included? The first row never does. */
	bool is_full_for(std::size_t length, int rows = 1) const noexcept
	{
		return arena_.bytes() + StagedRow::footprint(length) > fits_until_ &&
			   exceeds_limit(length, rows);
	}

	/* Room for a row of at most this many bytes; it becomes one of the rows by append(). Raises. */
	PG_RAISES StagedRow *reserve(std::size_t length)
	{
		return reinterpret_cast<StagedRow *>(
			arena_.reserve(prefix_ + StagedRow::footprint(length)) + prefix_);
	}

	/* Takes the row that was reserved last, once its tuple is there. */
	void append(StagedRow *row, uint32 hash) noexcept
	{
		row->start(hash);
		arena_.take(prefix_ + StagedRow::footprint(row->length));
		count_++;
	}

	/* The same for a row that others of staging do not stand before: `position` is its place in
	 * staging, from 0. */
	void append(StagedRow *row, uint32 hash, uint64 position) noexcept
	{
		memcpy(reinterpret_cast<char *>(row) - prefix_, &position, sizeof(position));
		append(row, hash);
	}

	/*
	 * Takes the tuples of a page; `bytes` is the sum of their footprints. They are put into the
	 * table at once when there is one, see begin_table(); same_key() and duplicate() are those of
	 * build_table(). Raises.
	 */
	template <typename SameKey, typename Duplicate>
	void append_page(const HeapTupleData *tuples, const uint32 *hashes, int count,
					 std::size_t bytes, SameKey &&same_key, Duplicate &&duplicate)
	{
		char *at = arena_.reserve(bytes);
		uint32 position = arena_.position();
		Slot placed[MaxHeapTuplesPerPage];
		for (int i = 0; i < count; i++) {
			auto *const row = reinterpret_cast<StagedRow *>(at);
			pg::copy_aligned(tuples[i], at);
			row->start(hashes[i]);
			placed[i] = {hashes[i], position};
			std::size_t const taken = StagedRow::footprint(row->length);
			at += taken;
			position += static_cast<uint32>(taken / MAXIMUM_ALIGNOF);
		}
		arena_.take(bytes);
		count_ += count;
		if (slots_ != nullptr)
			place_page(placed, count, same_key, duplicate);
	}

	/* Makes the table for the rows that are expected, so that they are placed while their memory is
	 * in the cache. Does nothing where it might take too much of the limit. No rows are there yet.
	 * Raises. */
	PG_RAISES void begin_table();
	bool has_table() const noexcept { return slots_ != nullptr; }

	/* From now on the rows of batches come, with positions. There are none yet. */
	void begin_batches();

	/* Would these rows, in so many bytes with their positions, stay within the limit when there are
	 * no others? */
	bool fit(std::size_t bytes, uint64 count) const noexcept
	{
		return count <= 1 || bytes + slots_for(count) * sizeof(Slot) <= limit_;
	}

	/* Takes them all, once they are in the memory that it returns, as they will be there.
	 * Raises. */
	PG_RAISES char *append_all(std::size_t bytes, uint64 count)
	{
		char *const memory = arena_.reserve(bytes);
		arena_.take(bytes);
		count_ = count;
		return memory;
	}

	/*
	 * Builds the table over all rows, once they are all there: it has its size from the start, and
	 * the memory of several rows is under way at a time. Of rows with the same key the first is in
	 * the table; for each other one, marked as matched, duplicate(first) is called. same_key(a, b)
	 * compares two rows. Nothing is left to do when all have been placed as they came. Raises.
	 */
	template <typename SameKey, typename Duplicate>
	void build_table(SameKey &&same_key, Duplicate &&duplicate)
	{
		note_length();
		if (slots_ != nullptr)
			return;
		repeated_ = 0;
		make_slots(slots_for(count_));
		Slot group[prefetched];
		int grouped = 0;
		auto const place_group = [&] {
			CHECK_FOR_INTERRUPTS();
			for (int i = 0; i < grouped; i++) {
				if (StagedRow *const first = place(group[i], same_key))
					tell_repeated(group[i], first, duplicate);
			}
			grouped = 0;
		};
		arena_.for_each([&](char *memory, uint32 position) {
			auto *const row = reinterpret_cast<StagedRow *>(memory + prefix_);
			__builtin_prefetch(memory + prefetched_bytes);
			prefetch_slot(row->hash);
			group[grouped++] = {row->hash, position};
			if (grouped == prefetched)
				place_group();
			return prefix_ + StagedRow::footprint(row->length);
		});
		place_group();
	}

	/* Calls visit(row) for each row in the order they came. */
	template <typename Visit> void for_each(Visit &&visit)
	{
		arena_.for_each([&](char *memory, uint32) {
			auto *const row = reinterpret_cast<StagedRow *>(memory + prefix_);
			std::size_t const length = prefix_ + StagedRow::footprint(row->length);
			visit(row);
			return length;
		});
	}

	/* Calls visit(row, position) for each row in the order they came, with its position in
	 * staging. */
	template <typename Visit> void for_each_with_position(Visit &&visit)
	{
		uint64 index = 0;
		for_each([&](StagedRow *row) {
			uint64 position = index++;
			if (prefix_ != 0)
				memcpy(&position, reinterpret_cast<char *>(row) - prefix_, sizeof(position));
			visit(row, position);
		});
	}

	/* Looks for the row with this hash for which match(row) is true; nullptr when there is none. */
	template <typename Match> StagedRow *find(uint32 hash, Match &&match)
	{
		for (std::size_t i = first_slot(hash); slots_[i].position != 0; i = next_slot(i))
			if (slots_[i].hash == hash && match(row_in(slots_[i])))
				return row_in(slots_[i]);
		return nullptr;
	}

	/* Asks for the memory that find() will touch: of the table, and, once that is there, of the
	 * first row that it will look at. It is returned, or nullptr when there is none. Inlined by
	 * force, because to the compiler a function that only prefetches does nothing. */
	pg_attribute_always_inline void prefetch_slot(uint32 hash) const noexcept
	{
		__builtin_prefetch(&slots_[first_slot(hash)]);
	}
	pg_attribute_always_inline StagedRow *prefetch_row(uint32 hash) const noexcept
	{
		std::size_t i = first_slot(hash);
		while (slots_[i].hash != hash && slots_[i].position != 0)
			i = next_slot(i);
		if (slots_[i].position == 0)
			return nullptr;
		char *const row = arena_.at(slots_[i].position);
		for (int bytes = 0; bytes < prefetched_of_row_; bytes += cache_line)
			__builtin_prefetch(row + bytes);
		__builtin_prefetch(row + prefetched_of_row_ - 1); /* it does not begin with a line */
		return reinterpret_cast<StagedRow *>(row + prefix_);
	}

	/* A row of the target has this row's key; `marked`: as deleted. Once for each row. */
	void set_matched(StagedRow *row, bool marked) noexcept
	{
		row->matched = 1;
		row->matched_marked = marked;
		matched_++;
	}

	/* Frees the table and keeps the rows. Raises. */
	PG_RAISES void drop_table();

	/* Gives the rows away, of which each is at its position in staging: the arena's memory becomes
	 * a part of the current context. Frees the table; there are no rows then, and none will come.
	 * Raises. */
	PG_RAISES RowArena take_arena();

	/* Forgets all rows and frees the table. Raises. */
	PG_RAISES void clear();

	uint64 count() const noexcept { return count_; }
	/* How many set_matched() was called for. */
	uint64 matched() const noexcept { return matched_; }
	/* How many others there are, less those whose key a row before them has. */
	uint64 unmatched() const noexcept { return count_ - matched_ - repeated_; }

  private:
	struct Slot {
		uint32 hash;
		uint32 position; /* of the row, and what is in front of it, in the arena; 0: empty */
	};
	static constexpr int prefetched = 32;
	static constexpr int cache_line = 64;		  /* bytes, of nearly every machine */
	static constexpr int prefetched_bytes = 1024; /* of the rows that follow */
	static constexpr double slack = 1.03;		  /* of an estimate of rows */

	StagedRow *row_in(Slot slot) const noexcept
	{
		return reinterpret_cast<StagedRow *>(arena_.at(slot.position) + prefix_);
	}
	std::size_t first_slot(uint32 hash) const noexcept
	{
		return static_cast<std::size_t>((uint64{hash} * slot_count_) >> 32);
	}
	std::size_t next_slot(std::size_t i) const noexcept { return i + 1 == slot_count_ ? 0 : i + 1; }

	/* Puts a row into the table, or returns the row there that has the same key. */
	template <typename SameKey> StagedRow *place(Slot slot, SameKey &&same_key)
	{
		std::size_t i = first_slot(slot.hash);
		for (; slots_[i].position != 0; i = next_slot(i)) {
			if (slots_[i].hash != slot.hash)
				continue;
			CHECK_FOR_INTERRUPTS(); /* types without a hash function compare with every row */
			StagedRow *const other = row_in(slots_[i]);
			if (same_key(row_in(slot), other))
				return other;
		}
		slots_[i] = slot;
		return nullptr;
	}

	/* Gives the table up when there are far more rows than were expected. */
	template <typename SameKey, typename Duplicate>
	void place_page(const Slot *placed, int count, SameKey &&same_key, Duplicate &&duplicate)
	{
		if (count_ > most_in_table_) {
			drop_table();
			return;
		}
		for (int i = 0; i < count; i++)
			if (StagedRow *const first = place(placed[i], same_key))
				tell_repeated(placed[i], first, duplicate);
	}
	template <typename Duplicate>
	void tell_repeated(Slot slot, StagedRow *first, Duplicate &&duplicate)
	{
		row_in(slot)->matched = 1;
		repeated_++;
		duplicate(first);
	}

	bool exceeds_limit(std::size_t length, int rows) const noexcept;
	PG_RAISES void make_slots(std::size_t count);
	void note_length() noexcept;
	static std::size_t slots_for(uint64 rows) noexcept;

	std::size_t limit_;
	MemoryContext context_;
	RowArena arena_;
	std::size_t prefix_ = 0; /* bytes in front of each row, for its position */
	std::size_t fits_until_; /* bytes of rows that are within the limit for sure */
	Slot *slots_ = nullptr;
	uint64 slot_count_ = 0;
	uint64 most_in_table_ = 0; /* rows, of a table that is made before them */
	double expected_ = 0;	   /* rows, and bytes of them */
	double expected_bytes_ = 0;
	int prefetched_of_row_ = 0; /* bytes */
	uint64 count_ = 0;
	uint64 matched_ = 0;
	uint64 repeated_ = 0; /* whose key a row before them has */
};

} // namespace bulk_sync
