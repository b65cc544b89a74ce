#include "sync/staged_rows.hpp"

#include <algorithm>
#include <bit>

#include <sys/mman.h>

namespace bulk_sync {

namespace {

constexpr std::size_t smallest_chunk = 16 * 1024;	   /* bytes */
constexpr std::size_t largest_chunk = 32 * 1024 * 1024; /* bytes */
constexpr std::size_t huge_page = 2 * 1024 * 1024;	   /* bytes */

/* Large pages save most of the misses in the translation of addresses that random access to a large
 * table has. Best effort. */
void advise_huge_pages(void *memory, std::size_t length)
{
#ifdef MADV_HUGEPAGE
	if (length < 2 * huge_page)
		return;
	auto const begin = TYPEALIGN(huge_page, reinterpret_cast<std::uintptr_t>(memory));
	auto const end =
		TYPEALIGN_DOWN(huge_page, reinterpret_cast<std::uintptr_t>(memory) + length);
	madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

} // namespace

StagedRows::StagedRows(const ColumnMap &map, std::size_t limit)
	: map_(map), limit_(limit), context_(CurrentMemoryContext), next_chunk_(smallest_chunk),
	  left_(RowValues::with_room_for(map.key_count())),
	  right_(RowValues::with_room_for(map.key_count()))
{
}

/* At most two thirds of the slots are taken, so that probes stay short. */
std::size_t StagedRows::slots_for(uint64 rows) noexcept
{
	return std::bit_ceil(rows + rows / 2 + 1);
}

bool StagedRows::exceeds_limit(std::size_t row_bytes) const noexcept
{
	if (count_ == 0)
		return false;
	std::size_t needed = arena_bytes_ + slots_for(count_ + 1) * sizeof(Slot);
	std::size_t const footprint = StagedRow::footprint(row_bytes);
	if (footprint > room_in_chunk())
		needed += std::max(footprint, next_chunk_);
	return needed > limit_;
}

StagedRow *StagedRows::reserve(std::size_t row_bytes)
{
	std::size_t const footprint = StagedRow::footprint(row_bytes);
	if (last_ == nullptr || footprint > room_in_chunk())
		add_chunk(footprint);
	return reinterpret_cast<StagedRow *>(last_->used);
}

void StagedRows::append(StagedRow *row, uint64 hash, RowExtent extent) noexcept
{
	last_->used += StagedRow::footprint(extent.total);
	count_++;
	row->hash = hash;
	row->extent = extent;
	row->matched = false;
	row->duplicate = false;
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

void StagedRows::clear()
{
	while (first_ != nullptr) {
		Chunk *const next = first_->next;
		pfree(first_);
		first_ = next;
	}
	last_ = nullptr;
	next_chunk_ = smallest_chunk;
	arena_bytes_ = 0;
	count_ = 0;
	rows_known_to_fit_ = 0;
	if (slots_ != nullptr)
		pfree(slots_);
	slots_ = nullptr;
}

void StagedRows::add_chunk(std::size_t at_least)
{
	std::size_t const size = std::max(MAXALIGN(sizeof(Chunk)) + at_least, next_chunk_);
	auto *const chunk =
		static_cast<Chunk *>(MemoryContextAllocExtended(context_, size, MCXT_ALLOC_HUGE));
	advise_huge_pages(chunk, size);
	chunk->next = nullptr;
	chunk->used = chunk->begin();
	chunk->end = reinterpret_cast<char *>(chunk) + size;
	(last_ == nullptr ? first_ : last_->next) = chunk;
	last_ = chunk;
	arena_bytes_ += size;
	next_chunk_ = std::clamp(arena_bytes_ / 4, smallest_chunk, largest_chunk);
	/* Half of the slots of a table that is twice as large fit for sure. */
	std::size_t const left = limit_ > arena_bytes_ ? limit_ - arena_bytes_ : 0;
	rows_known_to_fit_ = std::bit_floor(left / sizeof(Slot)) / 2;
}

void StagedRows::make_slots()
{
	std::size_t const slots = slots_for(count_);
	std::size_t const size = slots * sizeof(Slot);
	slots_ = static_cast<Slot *>(MemoryContextAllocExtended(context_, size, MCXT_ALLOC_HUGE));
	advise_huge_pages(slots_, size);
	memset(slots_, 0, size);
	mask_ = slots - 1;
}

/* Puts a row into the table, or returns the row there that has the same key. */
StagedRow *StagedRows::place(StagedRow *row)
{
	std::size_t i = row->hash & mask_;
	for (; slots_[i].row != nullptr; i = (i + 1) & mask_)
		if (slots_[i].hash == row->hash && same_key(row->image(), slots_[i].row->image()))
			return slots_[i].row;
	slots_[i] = {row->hash, row};
	return nullptr;
}

} // namespace bulk_sync
