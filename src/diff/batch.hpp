/*
 * A batch, in the sense of nodeHash.c: the rows of both sides whose hashes agree in some leading
 * bits, in a pair of temporary files. It can be run by itself, and a batch that is too large for
 * that is divided again.
 */
#pragma once

#include "diff/matcher.hpp"
#include "pg/temp_file.hpp"

namespace bulk_sync {

/* Files are made at the first row of a side, in the memory context that was current when the batch
 * was made, owned by the current resource owner. All functions raise. */
struct Batch {
	pg::TempFile staged;
	pg::TempFile target;
	int bits_used = 0;	   /* leading bits of the hash that all rows have in common */
	Batch *next = nullptr; /* in the queue of a spill */

	/* `position`: of the row in staging, from 0. */
	PG_RAISES void put(StagedRow *row, uint64 position);
	PG_RAISES void put(const TargetRow &row);

	/*
	 * Diffs the batch: staged rows go into the matcher's rows, which are empty before and after,
	 * target rows past them, and then those are told of that have no counterpart. False, and
	 * nothing done, when the staged rows do not fit into the limit of the matcher's rows and the
	 * batch can be divided.
	 */
	PG_RAISES bool run(Matcher &matcher);

	/* Frees the files. */
	PG_RAISES void close();

  private:
	PG_RAISES bool load(Matcher &matcher);
	PG_RAISES void match_target(Matcher &matcher);
};

/* Most bits of the hash that a single division uses. */
inline constexpr int most_batch_bits = 8;

/* Header of the next row of a file; its bytes follow and are to be read next. A staged row
 * starts without flags, and row.bytes of a target row is left as it is. False at the end of the
 * file. Raise. */
PG_RAISES bool read_header(pg::TempFile &file, StagedRow &row, uint64 &position);
PG_RAISES bool read_header(pg::TempFile &file, TargetRow &row);

} // namespace bulk_sync
