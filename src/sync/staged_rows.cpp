#include "sync/staged_rows.hpp"

#include <algorithm>
#include <bit>

#include <sys/mman.h>

namespace bulk_sync {

namespace {

constexpr std::size_t smallest_table = 1024;		   /* slots */
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
	pg::pg_call([&] { resize(smallest_table); });
}

void StagedRows::expect(double rows)
{
	double const affordable = static_cast<double>(limit_) / 4 / sizeof(Slot);
	auto const wanted = static_cast<std::size_t>(std::min(rows * 1.6, affordable));
	if (wanted > mask_ + 1)
		resize(std::bit_floor(wanted));
}

bool StagedRows::is_full_for(RowExtent extent) const noexcept
{
	if (count_ == 0)
		return false;
	std::size_t const slots = (mask_ + 1) * sizeof(Slot);
	std::size_t needed = arena_bytes_ + slots;
	std::size_t const footprint = StagedRow::footprint(extent);
	if (footprint > static_cast<std::size_t>(last_->end - last_->used))
		needed += std::max(footprint, next_chunk_);
	if (needs_to_grow())
		needed += 2 * slots;
	return needed > limit_;
}

StagedRow *StagedRows::append(uint64 hash, RowExtent extent)
{
	std::size_t const footprint = StagedRow::footprint(extent);
	if (last_ == nullptr || footprint > static_cast<std::size_t>(last_->end - last_->used))
		add_chunk(footprint);
	auto *const row = reinterpret_cast<StagedRow *>(last_->used);
	last_->used += footprint;
	row->hash = hash;
	row->extent = extent;
	row->matched = false;
	row->duplicate = false;
	return row;
}

StagedRow *StagedRows::insert(StagedRow *row)
{
	if (needs_to_grow())
		resize((mask_ + 1) * 2);
	count_++;
	StagedRow *const same = find(
		row->hash, [&](StagedRow *other) { return same_key(row->image(), other->image()); });
	if (same == nullptr)
		place(row->hash, row);
	return same;
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
	memset(slots_, 0, (mask_ + 1) * sizeof(Slot));
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
}

void StagedRows::resize(std::size_t slots)
{
	Slot *const old = slots_;
	std::size_t const old_slots = old == nullptr ? 0 : mask_ + 1;
	std::size_t const size = slots * sizeof(Slot);
	auto *const fresh = static_cast<Slot *>(
		MemoryContextAllocExtended(context_, size, MCXT_ALLOC_HUGE));
	advise_huge_pages(fresh, size);
	memset(fresh, 0, size);

	slots_ = fresh;
	mask_ = slots - 1;
	for (std::size_t i = 0; i < old_slots; i++)
		if (old[i].row != nullptr)
			place(old[i].hash, old[i].row);
	if (old != nullptr)
		pfree(old);
}

void StagedRows::place(uint64 hash, StagedRow *row) noexcept
{
	std::size_t i = hash & mask_;
	while (slots_[i].row != nullptr)
		i = (i + 1) & mask_;
	slots_[i] = {hash, row};
}

} // namespace bulk_sync
