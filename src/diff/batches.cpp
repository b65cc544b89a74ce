#include "diff/batches.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>

namespace bulk_sync {

namespace {

struct StagedHeader {
	uint64 hash;
	uint64 position;
	RowExtent extent;
};

struct TargetHeader {
	uint64 hash;
	RowExtent extent;
	Oid table;
	TransactionId xmin;
	ItemPointerData tid;
	uint16 marked;
};

/* Padding would carry bytes of the stack into the files. */
static_assert(std::has_unique_object_representations_v<StagedHeader>);
static_assert(std::has_unique_object_representations_v<TargetHeader>);

constexpr int fewest_bits = 2;

} // namespace

Batches::Batches(int bits_used, int bits)
	: bits_used_(bits_used), bits_(bits), all_(std::size_t{1} << bits)
{
	for (Batch &pair : all_)
		pair.bits_used = bits_used + bits;
}

void Batches::put(StagedRow *row, uint64 position)
{
	StagedHeader const header = {row->hash, position, {row->total, row->second}};
	pg::TempFile &file = pair_for(row->hash).staged;
	file.write(&header, sizeof(header));
	file.write(row->bytes(), row->total);
}

void Batches::put(const TargetRow &row)
{
	TargetHeader const header = {row.hash,	  row.extent, row.id.table,
								 row.id.xmin, row.id.tid, row.marked};
	pg::TempFile &file = pair_for(row.hash).target;
	file.write(&header, sizeof(header));
	file.write(row.bytes, row.extent.total);
}

int batch_bits(double parts, std::size_t limit) noexcept
{
	/* Both files of a pair have a buffer, and all buffers together get half of the limit. */
	auto const affordable = std::bit_width(limit / 2 / (2 * pg::temp_file_buffer_bytes)) - 1;
	/* Parts differ in size, and what is expected may be wrong. */
	double const wanted = std::ceil(std::log2(1.5 * std::max(1.0, parts)));
	return std::max(fewest_bits,
					std::min(static_cast<int>(std::min<double>(wanted, most_batch_bits)),
							 static_cast<int>(affordable)));
}

bool read_header(pg::TempFile &file, StagedRow &row, uint64 &position)
{
	StagedHeader header;
	if (!file.read(&header, sizeof(header)))
		return false;
	row.start(header.hash, header.extent);
	position = header.position;
	return true;
}

bool read_header(pg::TempFile &file, TargetRow &row)
{
	TargetHeader header;
	if (!file.read(&header, sizeof(header)))
		return false;
	row.hash = header.hash;
	row.extent = header.extent;
	row.id = {header.table, header.tid, header.xmin};
	row.marked = header.marked != 0;
	return true;
}

} // namespace bulk_sync
