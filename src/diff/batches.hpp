/*
 * Rows that do not fit into memory, divided by hash into pairs of temporary files: every pair can
 * be compared by itself, and divided again when it is still too large (a Grace hash join, as in
 * nodeHash.c).
 */
#pragma once

#include "pg/temp_file.hpp"
#include "diff/staged_rows.hpp"

namespace bulk_sync {

/* The rows of both sides whose hashes agree in the leading bits that have been used so far. */
struct Batch {
	pg::TempFile staged;
	pg::TempFile target;
	int bits_used = 0;
};

/*
 * Divides rows among 2^bits pairs. The hash table uses the trailing bits of a hash, batches the
 * leading ones. All functions raise; reading ends with false.
 */
class Batches {
  public:
	/* Pairs for rows whose leading `bits_used` bits agree; throws std::bad_alloc. */
	Batches(int bits_used, int bits);

	/* `position`: of the row in staging, from 0. */
	void put(StagedRow *row, uint64 position);
	void put(const TargetRow &row);

	Vector<Batch> &all() noexcept { return all_; }

  private:
	Batch &pair_for(uint64 hash) noexcept { return all_[(hash << bits_used_) >> (64 - bits_)]; }

	int bits_used_;
	int bits_;
	Vector<Batch> all_;
};

/* Bits to divide by, when the staging rows are expected to be `parts` times what fits into the
 * limit, which is in bytes and has to have room for the buffers of the files too. */
int batch_bits(double parts, std::size_t limit) noexcept;

/* Most bits that a single division uses. */
inline constexpr int most_batch_bits = 8;

/* Header of the next row of a file; its bytes follow and are to be read next. A staged row
 * starts without flags, and row.bytes of a target row is left as it is. */
bool read_header(pg::TempFile &file, StagedRow &row, uint64 &position);
bool read_header(pg::TempFile &file, TargetRow &row);

} // namespace bulk_sync
