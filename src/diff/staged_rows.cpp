#include "diff/staged_rows.hpp"

#include <algorithm>
#include <bit>

namespace bulk_sync {

namespace {

constexpr std::size_t smallest_arena = 16 * 1024; /* bytes */
constexpr uint64 smallest_positions = 256;
/* What positions can tell apart. */
constexpr std::size_t largest_arena = std::size_t{PG_UINT32_MAX} * MAXIMUM_ALIGNOF;

} // namespace

StagedRows::StagedRows(const ColumnMap &map, std::size_t limit)
	: map_(map), limit_(std::min(limit, largest_arena)), context_(CurrentMemoryContext),
	  fits_until_(first_row), left_(RowValues::with_room_for(map.key_count())),
	  right_(RowValues::with_room_for(map.key_count()))
{
	/* A row takes more than 32 bytes; its share of the slots at most 24, its position 8. */
	fits_until_ = std::max(limit_ / 2, first_row);
}

/* At most two thirds of the slots are taken, so that probes stay short. */
std::size_t StagedRows::slots_for(uint64 rows) noexcept
{
	return std::bit_ceil(rows + rows / 2 + 1);
}

bool StagedRows::exceeds_limit(std::size_t row_bytes) const noexcept
{
	std::size_t const position_bytes = positions_ == nullptr ? 0 : sizeof(*positions_);
	return count_ > 0 && used_ + StagedRow::footprint(row_bytes) +
								 slots_for(count_ + 1) * sizeof(Slot) +
								 (count_ + 1) * position_bytes >
							 limit_;
}

StagedRow *StagedRows::reserve(std::size_t row_bytes)
{
	std::size_t const needed = used_ + StagedRow::footprint(row_bytes);
	if (needed > capacity_)
		grow(needed);
	return reinterpret_cast<StagedRow *>(arena_ + used_);
}

/* Pages that are not touched yet take no memory, so there may be some in reserve. */
void StagedRows::grow(std::size_t needed)
{
	if (needed > largest_arena)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many rows of staging whose keys have the same hash value"),
						errdetail("They need more than %zu bytes of memory.", largest_arena)));
	std::size_t const size = std::max({needed, 2 * capacity_, smallest_arena});
	arena_ = static_cast<char *>(arena_ == nullptr ? MemoryContextAllocHuge(context_, size)
												   : repalloc_huge(arena_, size));
	capacity_ = size;
	pg::advise_huge_pages(arena_, size);
}

void StagedRows::grow_positions()
{
	std::size_t const size = std::max(2 * positions_size_, smallest_positions);
	std::size_t const bytes = size * sizeof(*positions_);
	positions_ =
		static_cast<uint64 *>(positions_ == nullptr ? MemoryContextAllocHuge(context_, bytes)
													: repalloc_huge(positions_, bytes));
	positions_size_ = size;
}

bool StagedRows::same_key(MinimalTuple left, MinimalTuple right)
{
	pg::deform_tuple(left, map_.key_desc, left_.values, left_.nulls);
	pg::deform_tuple(right, map_.key_desc, right_.values, right_.nulls);
	for (int i = 0; i < map_.key_count(); i++) {
		if (left_.nulls[i] != right_.nulls[i])
			return false;
		if (!left_.nulls[i] && !map_.keys[i].equal(left_.values[i], right_.values[i]))
			return false;
	}
	return true;
}

void StagedRows::note_duplicate(StagedRow *row, KeyList &duplicates)
{
	if (row->duplicate)
		return;
	row->duplicate = 1;
	pg::deform_tuple(row->image(), map_.key_desc, left_.values, left_.nulls);
	duplicates.add(map_.key_desc, left_.values, left_.nulls);
}

void StagedRows::drop_table()
{
	if (slots_ != nullptr)
		pfree(slots_);
	slots_ = nullptr;
}

void StagedRows::clear()
{
	used_ = first_row;
	count_ = 0;
	matched_ = 0;
	drop_table();
}

void StagedRows::make_slots()
{
	std::size_t const slots = slots_for(count_);
	std::size_t const size = slots * sizeof(Slot);
	slots_ = static_cast<Slot *>(MemoryContextAllocExtended(context_, size, MCXT_ALLOC_HUGE));
	pg::advise_huge_pages(slots_, size);
	memset(slots_, 0, size);
	mask_ = slots - 1;
}

/* Puts a row into the table, or returns the row there that has the same key. */
StagedRow *StagedRows::place(StagedRow *row)
{
	std::size_t i = row->hash & mask_;
	for (; slots_[i].position != 0; i = (i + 1) & mask_) {
		StagedRow *const other = row_in(slots_[i]);
		CHECK_FOR_INTERRUPTS(); /* types without a hash function compare with every row */
		if (slots_[i].tag == tag_of(row->hash) && same_key(row->image(), other->image()))
			return other;
	}
	auto const offset = static_cast<std::size_t>(reinterpret_cast<char *>(row) - arena_);
	slots_[i] = {tag_of(row->hash), static_cast<uint32>(offset / MAXIMUM_ALIGNOF)};
	return nullptr;
}

} // namespace bulk_sync
