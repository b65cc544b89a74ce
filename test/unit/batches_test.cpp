/*
 * Batches: what is written comes back, in the pair that its hash belongs to.
 */
#include <algorithm>
#include <limits>

#include "rows.hpp"
#include "diff/batches.hpp"

namespace bulk_sync::unit {

using pg::pg_call;

namespace {

constexpr int row_count = 2000;
constexpr int large_length = 50000; /* beyond the buffer of a file */

/* Both ends of the range of hashes are among them. */
uint64 hash_of_sample(int key)
{
	return key == 0 ? 0 : key == 1 ? PG_UINT64_MAX : hash_of(key);
}

int length_of_sample(int key)
{
	return key % 500 == 499 ? large_length : key % 90;
}

RowId id_of_sample(int key)
{
	RowId id;
	id.table = 1000 + key;
	ItemPointerSet(&id.tid, key / 7, key % 7 + 1);
	id.xmin = 3 + key;
	return id;
}

bool same_id(const RowId &left, const RowId &right)
{
	return left.table == right.table && left.xmin == right.xmin &&
		   ItemPointerCompare(const_cast<ItemPointer>(&left.tid),
							  const_cast<ItemPointer>(&right.tid)) == 0;
}

/* Of the row in staging; beyond 32 bits for most. */
uint64 position_of_sample(int key)
{
	return static_cast<uint64>(key) << 25;
}

RowExtent extent_of(const StagedRow &row)
{
	return {row.total, row.second};
}

RowExtent extent_of(const TargetRow &row)
{
	return row.extent;
}

/* Writes each sample row to both sides. */
void put_samples(SampleRows &samples, StagedRows &rows, Batches &batches)
{
	for (int key = 0; key < row_count; key++) {
		StagedRow *const staged =
			samples.append(rows, hash_of_sample(key), key, length_of_sample(key));
		TargetRow target;
		target.hash = staged->hash;
		target.extent = {staged->total, staged->second};
		target.id = id_of_sample(key);
		target.bytes = staged->bytes();
		pg_call([&] {
			batches.put(staged, position_of_sample(key));
			batches.put(target);
		});
	}
}

/*
 * Reads the rows of a file, checks each, puts it into `next` if there is one, and closes the file; how
 * many there were. Row is StagedRow or TargetRow.
 */
template <typename Row>
int read_rows(SampleRows &samples, pg::TempFile &file, pg::Vector<bool> &seen, uint64 prefix,
			  int bits, Batches *next)
{
	constexpr bool is_staged = std::is_same_v<Row, StagedRow>;
	pg::Vector<char> memory(StagedRow::footprint(2 * large_length));
	auto &staged = *reinterpret_cast<StagedRow *>(memory.data());
	TargetRow target;
	target.bytes = staged.bytes();
	Row *row;
	if constexpr (is_staged)
		row = &staged;
	else
		row = &target;

	uint64 position = 0;
	auto const read_next = [&] {
		if constexpr (is_staged)
			return read_header(file, *row, position);
		else
			return read_header(file, *row);
	};
	int count = 0;
	int wrong = 0;
	pg_call([&] { file.rewind(); });
	while (pg_call(read_next)) {
		RowExtent const extent = extent_of(*row);
		CHECK(pg_call([&] { return file.read(staged.bytes(), extent.total); }));
		int const key = *samples.key_of(row->image());
		wrong += key < 0 || key >= row_count || seen[key] || row->hash != hash_of_sample(key);
		wrong += bits > 0 && (row->hash >> (64 - bits)) != prefix;
		wrong += !samples.is_row(staged.bytes(), extent, key, length_of_sample(key));
		if constexpr (is_staged)
			wrong += position != position_of_sample(key);
		else
			wrong += !same_id(row->id, id_of_sample(key));
		seen[key] = true;
		count++;
		if (next != nullptr)
			pg_call([&] {
				if constexpr (is_staged)
					next->put(row, position);
				else
					next->put(*row);
			});
	}
	CHECK(wrong == 0);
	pg_call([&] { file.close(); });
	return count;
}

/* Reads all pairs; divides the one with number `divided`, if it has rows, by further bits. */
void check_pairs(SampleRows &samples, Batches &batches, uint64 prefix, int bits,
				 pg::Vector<bool> &staged_seen, pg::Vector<bool> &target_seen, int further_bits)
{
	uint64 number = 0;
	for (Batch &pair : batches.all()) {
		CHECK(pair.bits_used == bits);
		uint64 const pair_prefix = prefix + number;
		std::optional<Batches> next;
		pg::Vector<bool> staged_here(row_count, false);
		pg::Vector<bool> target_here(row_count, false);
		if (number++ % 2 == 0 && further_bits > 0)
			next.emplace(bits, further_bits);
		auto &staged = next ? staged_here : staged_seen;
		auto &target = next ? target_here : target_seen;
		Batches *const parts = next ? &*next : nullptr;
		int const count =
			read_rows<StagedRow>(samples, pair.staged, staged, pair_prefix, bits, parts);
		CHECK(count ==
			  read_rows<TargetRow>(samples, pair.target, target, pair_prefix, bits, parts));
		if (next)
			check_pairs(samples, *next, pair_prefix << further_bits, bits + further_bits,
						staged_seen, target_seen, 0);
	}
}

void check_batches(SampleRows::Shape shape, int bits, int further_bits)
{
	SampleRows samples(shape);
	StagedRows rows(samples.map(), std::size_t{1} << 40);
	Batches batches(0, bits);
	CHECK(batches.all().size() == std::size_t{1} << bits);
	put_samples(samples, rows, batches);
	pg::Vector<bool> staged_seen(row_count, false);
	pg::Vector<bool> target_seen(row_count, false);
	check_pairs(samples, batches, 0, bits, staged_seen, target_seen, further_bits);
	CHECK(std::count(staged_seen.begin(), staged_seen.end(), true) == row_count);
	CHECK(std::count(target_seen.begin(), target_seen.end(), true) == row_count);
}

} // namespace

UNIT_TEST(complete, "batches: rows of one tuple, or of two, come back complete")
{
	check_batches(SampleRows::Shape::one_tuple, 2, 0);
	check_batches(SampleRows::Shape::two_tuples, 5, 0);
	check_batches(SampleRows::Shape::two_tuples, most_batch_bits, 0);
}

UNIT_TEST(divided_again, "batches: a pair is divided again, by the bits behind those used")
{
	check_batches(SampleRows::Shape::one_tuple, 2, 3);
	check_batches(SampleRows::Shape::two_tuples, 3, most_batch_bits);
}

UNIT_TEST(empty_pairs, "batches: a pair without rows has no files and reads as empty")
{
	Batches batches(60, 4);
	CHECK(batches.all().size() == 16);
	for (Batch &pair : batches.all()) {
		StagedRow staged;
		TargetRow target;
		uint64 position;
		CHECK(!pair.staged.exists() && !pair.target.exists());
		CHECK(pair.bits_used == 64);
		CHECK(!pg_call([&] {
			pair.staged.rewind();
			return read_header(pair.staged, staged, position);
		}));
		CHECK(!pg_call([&] {
			pair.target.rewind();
			return read_header(pair.target, target);
		}));
		pg_call([&] { pair.staged.close(); });
	}
}

UNIT_TEST(bits, "batches: as many as wanted, as few as their buffers allow")
{
	constexpr std::size_t plenty = std::size_t{1} << 30;
	int before = 0;
	for (double parts : {0.0, 0.5, 1.0, 2.0, 3.0, 10.0, 50.0, 1e3, 1e9, 1e100}) {
		int const bits = batch_bits(parts, plenty);
		CHECK(bits >= before && bits >= 1 && bits <= most_batch_bits);
		CHECK(bits == most_batch_bits || static_cast<double>(1 << bits) >= parts);
		before = bits;
		for (std::size_t limit : {std::size_t{0}, std::size_t{64} << 10, std::size_t{1} << 20}) {
			int const affordable = batch_bits(parts, limit);
			CHECK(affordable >= 1 && affordable <= bits);
			CHECK((std::size_t{2} << affordable) * pg::temp_file_buffer_bytes <= limit / 2 ||
				  affordable == batch_bits(parts, 0));
		}
	}
	CHECK(before == most_batch_bits);
	/* A planner may expect anything. */
	double const infinity = std::numeric_limits<double>::infinity();
	CHECK(batch_bits(1e300, plenty) == most_batch_bits);
	CHECK(batch_bits(infinity, plenty) == most_batch_bits);
	for (double const none : {-infinity, -1e300, std::numeric_limits<double>::quiet_NaN()})
		CHECK(batch_bits(none, plenty) == batch_bits(1, plenty));
}

} // namespace bulk_sync::unit
