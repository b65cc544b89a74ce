#include "diff/spill.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <new>
#include <type_traits>

namespace bulk_sync {

namespace {

constexpr int fewest_bits = 2;
constexpr std::size_t least_row_space = 64 * 1024; /* bytes */

/* An error while rows are put or batches run jumps over this one; the memory context and the
 * resource owner free what it has. */
static_assert(std::is_trivially_destructible_v<Spill>);
static_assert(std::is_trivially_destructible_v<Batch>);

} // namespace

int batch_bits(double parts, std::size_t limit) noexcept
{
	/* Both files of a batch have a buffer, and all buffers together get half of the limit. */
	auto const affordable = std::bit_width(limit / 2 / (2 * pg::smallest_piece)) - 1;
	/* Parts differ in size, and what is expected may be wrong. */
	double const wanted = std::ceil(std::log2(1.5 * std::max(1.0, parts)));
	return std::max(fewest_bits,
					std::min(static_cast<int>(std::min<double>(wanted, most_batch_bits)),
							 static_cast<int>(affordable)));
}

void Spill::begin(double parts)
{
	context_ = AllocSetContextCreateInternal(context_, "bulk_sync batches", ALLOCSET_DEFAULT_SIZES);
	open_parts(0, parts);
	has_begun_ = true;
}

void Spill::end()
{
	close_parts();
}

void Spill::make_space(std::size_t bytes)
{
	if (memory_ != nullptr)
		pfree(memory_);
	memory_ = nullptr;
	size_ = 0;
	std::size_t const size = std::max(bytes, least_row_space);
	memory_ = static_cast<char *>(MemoryContextAllocExtended(context_, size, MCXT_ALLOC_HUGE));
	size_ = size;
}

/* ---- parts ---- */

/* What the buffers may take, in whole pages. */
std::size_t Spill::piece_for(std::size_t buffers) const noexcept
{
	return TYPEALIGN_DOWN(BLCKSZ,
						  std::clamp(limit_ / 2 / buffers, pg::smallest_piece, pg::largest_piece));
}

void Spill::open_parts(int bits_used, double parts)
{
	bits_used_ = bits_used;
	bits_ = batch_bits(parts, limit_);
	std::size_t const piece = piece_for(std::size_t{2} << bits_);
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	for (int i = 0; i < 1 << bits_; i++) {
		parts_[i] = new (palloc(sizeof(Batch))) Batch(piece);
		parts_[i]->bits_used = bits_used + bits_;
	}
	MemoryContextSwitchTo(caller);
}

/* The parts that have rows become batches to run. */
void Spill::close_parts()
{
	for (int i = 0; i < 1 << bits_; i++) {
		Batch *const part = parts_[i];
		part->end();
		if (part->staged.exists() || part->target.exists()) {
			part->next = queue_;
			queue_ = part;
		} else {
			pfree(part);
		}
	}
	if (memory_ != nullptr)
		pfree(memory_);
	memory_ = nullptr;
	size_ = 0;
}

/* ---- the queue ---- */

Batch *Spill::next() noexcept
{
	Batch *const batch = queue_;
	if (batch != nullptr)
		queue_ = batch->next;
	return batch;
}

void Spill::finish(Batch *batch)
{
	batch->close();
	pfree(batch);
}

bool Spill::keep(Batch *batch)
{
	if ((kept_count_ + 1) * pg::smallest_piece > limit_ / 2)
		return false;
	batch->target.close();
	batch->next = kept_;
	kept_ = batch;
	kept_count_++;
	kept_rows_ += batch->staged_rows;
	return true;
}

Batch *Spill::next_kept() noexcept
{
	Batch *const batch = kept_;
	if (batch != nullptr) {
		kept_ = batch->next;
		kept_count_--;
		kept_rows_ -= batch->staged_rows;
	}
	return batch;
}

void Spill::divide(Batch *batch)
{
	open_parts(batch->bits_used, 4.0);
	bool const equal_hashes = divide_staged(batch);
	divide_target(batch);
	for (int i = 0; equal_hashes && i < 1 << bits_; i++)
		parts_[i]->bits_used =
			hash_bits; /* they would stay together, however often they are divided */
	close_parts();
	finish(batch);
}

/* Have all staged rows the same hash? */
bool Spill::divide_staged(Batch *batch)
{
	uint32 first_hash = 0;
	bool any = false;
	bool equal_hashes = true;
	read_staged(
		batch->staged, [&](std::size_t length) { return staged_space_for(length); },
		[&](StagedRow *row, uint64 position) {
			if (!any)
				first_hash = row->hash;
			any = true;
			equal_hashes = equal_hashes && row->hash == first_hash;
			put(row, position);
		});
	batch->staged.close();
	return equal_hashes;
}

void Spill::divide_target(Batch *batch)
{
	read_target(
		batch->target, nullptr, [&](std::size_t length) { return space_for(length); },
		[&](const TargetRow &row) { put(row); });
	batch->target.close();
}

} // namespace bulk_sync
