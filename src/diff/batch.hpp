/*
 * A batch, in the sense of nodeHash.c: the rows of both sides whose hashes agree in some trailing
 * bits, in a pair of temporary files. It can be run by itself, and a batch that is too large for
 * that is divided again.
 */
#pragma once

#include "diff/matcher.hpp"
#include "pg/temp_file.hpp"

namespace bulk_sync {

/* Files are made at the first piece of a side, with their memory in the context that was current
 * when the batch was made, owned by the current resource owner. All functions raise. */
struct Batch {
	pg::TempFile staged;
	pg::TempFile target;
	uint64 staged_rows = 0;
	int bits_used = 0;	   /* trailing bits of the hash that all rows have in common */
	bool is_new = false;   /* are all staged rows new, and has nobody been told of them? */
	Batch *next = nullptr; /* in the queue of a spill */

	/* `piece`: bytes that are written at a time. */
	explicit Batch(std::size_t piece = pg::smallest_piece) noexcept : staged(piece), target(piece)
	{
	}

	/* `position`: of the row in staging, from 0. */
	PG_RAISES void put(StagedRow *row, uint64 position);
	PG_RAISES void put(const TargetRow &row);

	/* All rows have been put. */
	PG_RAISES void end();

	/*
	 * Diffs the batch: staged rows go into the matcher's rows, which are empty before and after,
	 * target rows, of the given shape, past them, and then those are told of that have no
	 * counterpart. False, and nothing done, when the staged rows do not fit into the limit of the
	 * matcher's rows and the batch can be divided. With `keeps_new`, nobody is told of staged rows
	 * that are all new, each with a key of its own; then is_new is set.
	 */
	PG_RAISES bool run(Matcher &matcher, const RowShape &target_shape, bool keeps_new = false);

	/* Tells of the rows of a batch that is_new. */
	PG_RAISES void tell_new(Matcher &matcher);

	/* Frees the files. */
	PG_RAISES void close();

  private:
	PG_RAISES bool load(Matcher &matcher);
	PG_RAISES bool load_one_by_one(Matcher &matcher);
	PG_RAISES void match_target(Matcher &matcher, const RowShape &shape);
};

/* Bits of a hash, and the most that a single division uses. */
inline constexpr int hash_bits = 32;
inline constexpr int most_batch_bits = 8;

/*
 * A row of staging in its file is as it will be in memory: its position, and behind it the row and
 * what fills it up to the alignment. Of a row of the target there are this header, and of the tuple
 * what is behind the bytes that a minimal tuple does not use.
 */
struct TargetHeader {
	uint32 length; /* of the minimal tuple, in bytes */
	uint32 hash;
	Oid table;
	TransactionId xmin;
	ItemPointerData tid;
	uint16 marked;
};

/* Calls visit(row, position) for each staged row of the file. space(bytes) gives aligned memory for
 * one. Raises. */
template <typename Space, typename Visit>
void read_staged(pg::TempFile &file, Space &&space, Visit &&visit)
{
	uint64 position;
	StagedRow head;
	file.rewind();
	while (file.read(&position, sizeof(position))) {
		CHECK_FOR_INTERRUPTS();
		file.read_exactly(&head, sizeof(head));
		std::size_t const bytes = StagedRow::footprint(head.length);
		StagedRow *const row = space(head.length);
		memcpy(row, &head, sizeof(head));
		file.read_exactly(reinterpret_cast<char *>(row) + sizeof(head), bytes - sizeof(head));
		visit(row, position);
	}
}

/* The same for rows of the target, of the given shape. */
template <typename Space, typename Visit>
void read_target(pg::TempFile &file, const RowShape *shape, Space &&space, Visit &&visit)
{
	constexpr std::size_t unused = offsetof(MinimalTupleData, t_infomask2);
	TargetHeader header;
	file.rewind();
	while (file.read(&header, sizeof(header))) {
		CHECK_FOR_INTERRUPTS();
		char *const memory = space(header.length);
		memset(memory, 0, unused);
		file.read_exactly(memory + unused, header.length - unused);
		auto *const tuple = reinterpret_cast<MinimalTuple>(memory);
		tuple->t_len = header.length;
		TargetRow row;
		row.tuple = TupleView::of(tuple);
		row.shape = shape;
		row.hash = header.hash;
		row.id = {header.table, header.tid, header.xmin};
		row.marked = header.marked != 0;
		visit(row);
	}
}

} // namespace bulk_sync
