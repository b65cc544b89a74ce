#include "diff/staged_rows.hpp"

#include <algorithm>

namespace bulk_sync {

StagedRows::StagedRows(std::size_t limit) noexcept
	: limit_(std::min(limit, RowArena::largest / 2)), context_(CurrentMemoryContext)
{
	/* A row takes 16 bytes or more, and its share of the slots 12. */
	fits_until_ = limit_ / 2;
}

void StagedRows::expect(double bytes) noexcept
{
	if (bytes > 0)
		arena_.expect(static_cast<std::size_t>(std::min(bytes, static_cast<double>(limit_))));
}

/* A batch is read in one piece. */
void StagedRows::begin_batches()
{
	arena_.release();
	arena_.expect(limit_);
	prefix_ = sizeof(uint64);
}

/* At most two thirds of the slots are taken, so that probes stay short. */
std::size_t StagedRows::slots_for(uint64 rows) noexcept
{
	return rows + rows / 2 + 1;
}

bool StagedRows::exceeds_limit(std::size_t length) const noexcept
{
	return count_ > 0 && arena_.bytes() + prefix_ + StagedRow::footprint(length) +
								 slots_for(count_ + 1) * sizeof(Slot) >
							 limit_;
}

void StagedRows::drop_table()
{
	if (slots_ != nullptr)
		pfree(slots_);
	slots_ = nullptr;
}

void StagedRows::clear()
{
	arena_.clear();
	count_ = 0;
	matched_ = 0;
	repeated_ = 0;
	drop_table();
}

RowArena StagedRows::take_arena()
{
	arena_.change_owner();
	RowArena const arena = arena_;
	arena_ = RowArena();
	clear();
	return arena;
}

void StagedRows::make_slots()
{
	slot_count_ = slots_for(count_);
	std::size_t const size = slot_count_ * sizeof(Slot);
	slots_ = static_cast<Slot *>(MemoryContextAllocExtended(context_, size, MCXT_ALLOC_HUGE));
	pg::advise_huge_pages(slots_, size);
	memset(slots_, 0, size);
	/* Where rows are longer, the memory follows by itself. */
	constexpr uint64 most_prefetched = 4 * cache_line;
	prefetched_of_row_ =
		static_cast<int>(std::min(arena_.bytes() / std::max<uint64>(count_, 1), most_prefetched));
}

} // namespace bulk_sync
