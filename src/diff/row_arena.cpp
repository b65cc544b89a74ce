#include "diff/row_arena.hpp"

#include <algorithm>

namespace bulk_sync {

void RowArena::expect(std::size_t bytes) noexcept
{
	if (bytes > std::size_t{1} << shift_)
		shift_ = std::bit_width(std::min(bytes, largest) - 1);
}

/* In steps that grow with what was needed: an estimate may be far too high. */
void RowArena::make_ready(std::size_t bytes)
{
	constexpr std::size_t least = 64 * 1024; /* bytes */
	if (bytes > end_ - used_)
		open_piece(bytes);
	std::size_t const start = start_of(piece_);
	std::size_t const wanted = std::max(bytes, std::clamp(used_ - start, least, pg::huge_page));
	std::size_t const from = std::max(ready_, used_);
	ready_ = std::min(used_ + wanted, end_);
	if (end_ - start > least)
		pg::populate(base_[piece_] + from, ready_ - from);
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
	if (base_[piece] == nullptr)
		base_[piece] = pg::allocate_aligned(context_, size) - start;
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
	ready_ = 0;
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
