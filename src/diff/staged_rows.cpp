#include "diff/staged_rows.hpp"

#include <algorithm>

namespace bulk_sync {

StagedRows::StagedRows(std::size_t limit) noexcept
	: limit_(std::min(limit, RowArena::largest / 2)), context_(CurrentMemoryContext)
{
	/* A row takes 16 bytes or more, and its share of the slots 12. */
	fits_until_ = limit_ / 2;
}

void StagedRows::expect(double rows, double bytes) noexcept
{
	expected_ = rows;
	expected_bytes_ = bytes;
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

bool StagedRows::exceeds_limit(std::size_t length, int rows) const noexcept
{
	std::size_t const slots =
		std::max(slots_for(count_ + rows), slots_ == nullptr ? 0 : slot_count_);
	return count_ > 0 &&
		   arena_.bytes() + prefix_ + StagedRow::footprint(length) + slots * sizeof(Slot) > limit_;
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

void StagedRows::begin_table()
{
	double const slots = 1.5 * slack * expected_ + 1;
	if (expected_ < 1 ||
		expected_bytes_ + slots * sizeof(Slot) > slack * static_cast<double>(limit_))
		return;
	make_slots(static_cast<std::size_t>(slots));
	most_in_table_ = slot_count_ / 5 * 4;
}

void StagedRows::make_slots(std::size_t count)
{
	slot_count_ = count;
	std::size_t const size = slot_count_ * sizeof(Slot);
	slots_ = static_cast<Slot *>(MemoryContextAllocExtended(context_, size, MCXT_ALLOC_HUGE));
	if (size > pg::huge_page)
		pg::populate(slots_, size);
	memset(slots_, 0, size);
}

/* Where rows are longer than what is prefetched, the memory follows by itself. */
void StagedRows::note_length() noexcept
{
	constexpr uint64 most_prefetched = 4 * cache_line;
	prefetched_of_row_ =
		static_cast<int>(std::min(arena_.bytes() / std::max<uint64>(count_, 1), most_prefetched));
}

} // namespace bulk_sync
