/*
 * Memory for rows that never moves them: pieces, each as large as all before it together, so that a
 * position of 32 bits tells the piece by its leading bit. When the planner's estimate was right,
 * there is one. The pieces are in a memory context of their own, so that they can be given to
 * another owner as they are.
 */
#pragma once

#include <bit>
#include <cstddef>

#include "pg/memory.hpp"

namespace bulk_sync {

/* Positions are in units of the alignment; none is 0. */
class RowArena {
  public:
	/* What positions can tell apart. */
	static constexpr std::size_t largest = std::size_t{PG_UINT32_MAX} * MAXIMUM_ALIGNOF;

	/* Empty. All memory will be a part of the current memory context. */
	RowArena() noexcept : owner_(CurrentMemoryContext) {}

	/* So many bytes will be needed, more or less. Before the first reserve(). */
	void expect(std::size_t bytes) noexcept;

	/* Room for this many bytes behind what was taken, aligned. Raises. */
	PG_RAISES char *reserve(std::size_t bytes)
	{
		if (bytes > ready_ - used_)
			make_ready(bytes);
		return base_[piece_] + used_;
	}

	/* Takes the front of the room that was reserved last; a multiple of the alignment. */
	void take(std::size_t bytes) noexcept
	{
		used_ += bytes;
		bytes_ += bytes;
	}

	/* Bytes that have been taken. */
	std::size_t bytes() const noexcept { return bytes_; }

	/* Of what was reserved last. */
	uint32 position() const noexcept { return static_cast<uint32>(used_ / MAXIMUM_ALIGNOF); }
	char *at(uint32 position) const noexcept
	{
		std::size_t const offset = std::size_t{position} * MAXIMUM_ALIGNOF;
		return base_[piece_of(offset)] + offset;
	}

	/* Where a walk over what has been taken is; from the start on. */
	struct Place {
		int piece = 0;
		std::size_t offset = first_position;
	};

	/* What lies there; nullptr at the end. The caller adds its length to the offset to go on. */
	char *at(Place &place) const noexcept
	{
		while (place.offset >= (place.piece == piece_ ? used_ : filled_[place.piece])) {
			if (place.piece == piece_)
				return nullptr;
			place.piece++;
			place.offset = start_of(place.piece);
		}
		return base_[place.piece] + place.offset;
	}

	/* Calls visit(memory, position) for what has been taken, in that order; it returns how much of
	 * it it has seen, in bytes. */
	template <typename Visit> void for_each(Visit &&visit) const
	{
		Place place;
		while (char *const memory = at(place))
			place.offset += visit(memory, static_cast<uint32>(place.offset / MAXIMUM_ALIGNOF));
	}

	/* Makes all memory, now and later, a part of the current context. Raises. */
	PG_RAISES void change_owner();

	/* Forgets what was taken and keeps the memory. */
	void clear() noexcept;

	/* Forgets what was taken and frees the memory; it is as new. */
	void release();

  private:
	static constexpr int most_pieces = 24;
	static constexpr int smallest_shift = 14;
	static constexpr std::size_t first_position = MAXIMUM_ALIGNOF;

	int piece_of(std::size_t offset) const noexcept { return std::bit_width(offset >> shift_); }
	std::size_t start_of(int piece) const noexcept
	{
		return piece == 0 ? first_position : std::size_t{1} << (shift_ + piece - 1);
	}
	std::size_t end_of(int piece) const noexcept { return std::size_t{1} << (shift_ + piece); }
	PG_RAISES void make_ready(std::size_t bytes);
	PG_RAISES void open_piece(std::size_t bytes);

	MemoryContext owner_;
	MemoryContext context_ = nullptr; /* of the pieces, when there are any */
	int shift_ = smallest_shift;	  /* the first piece has 2^shift bytes */
	int piece_ = 0;					  /* that is being filled */
	std::size_t used_ = 0;
	std::size_t ready_ = 0; /* up to here the system has been asked for the memory */
	std::size_t end_ = 0;	/* of the room in the piece; 0: nothing is reserved yet */
	std::size_t bytes_ = 0;
	char *base_[most_pieces] = {}; /* memory of a piece, less its offset; nullptr: none yet */
	std::size_t filled_[most_pieces] = {};
};

} // namespace bulk_sync
