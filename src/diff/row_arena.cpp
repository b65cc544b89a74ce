#include "diff/row_arena.hpp"

#include <algorithm>

namespace bulk_sync {

void RowArena::expect(std::size_t bytes) noexcept
{
	if (bytes > std::size_t{1} << shift_)
		shift_ = std::bit_width(std::min(bytes, largest) - 1);
}

/* Pages that are not touched yet take no memory, so there may be some in reserve. */
void RowArena::open_piece(std::size_t bytes)
{
	int piece = end_ == 0 ? 0 : piece_ + 1;
	while (piece < most_pieces && end_of(piece) - start_of(piece) < bytes)
		piece++;
	if (piece >= most_pieces || end_of(piece) - MAXIMUM_ALIGNOF > largest)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many rows of staging whose keys have the same hash value"),
						errdetail("They need more than %zu bytes of memory.", largest)));
	std::size_t const start = start_of(piece);
	std::size_t const size = end_of(piece) - start;
	if (context_ == nullptr)
		context_ =
			AllocSetContextCreateInternal(owner_, "bulk_sync staged rows", ALLOCSET_SMALL_SIZES);
	if (base_[piece] == nullptr) {
		auto *const memory = static_cast<char *>(MemoryContextAllocHuge(context_, size));
		pg::advise_huge_pages(memory, size);
		base_[piece] = memory - start;
	}
	if (end_ != 0)
		filled_[piece_] = used_;
	for (int skipped = end_ == 0 ? 0 : piece_ + 1; skipped < piece; skipped++)
		filled_[skipped] = 0;
	piece_ = piece;
	used_ = start;
	end_ = end_of(piece);
}

void RowArena::clear() noexcept
{
	piece_ = 0;
	used_ = 0;
	end_ = 0;
	bytes_ = 0;
}

void RowArena::change_owner()
{
	owner_ = CurrentMemoryContext;
	if (context_ != nullptr)
		MemoryContextSetParent(context_, owner_);
}

void RowArena::release()
{
	if (context_ != nullptr)
		MemoryContextDelete(context_);
	context_ = nullptr;
	std::fill_n(base_, most_pieces, nullptr);
	clear();
	shift_ = smallest_shift;
}

} // namespace bulk_sync
