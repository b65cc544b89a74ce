/*
 * Spill and batches: what is written comes back, in a batch that its hash belongs to, and batches run
 * one by one find what a diff in memory finds.
 */
#include <algorithm>
#include <limits>

#include "diff/spill.hpp"
#include "rows.hpp"

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

/* Puts each sample row into both sides. Destination is Spill or Batch. */
template <typename Destination> void put_samples(SampleRows &samples, Destination &destination)
{
	StagedRows rows(samples.map(), std::size_t{1} << 40);
	for (int key = 0; key < row_count; key++) {
		StagedRow *const staged =
			samples.append(rows, hash_of_sample(key), key, length_of_sample(key));
		TargetRow target;
		target.hash = staged->hash;
		target.extent = {staged->total, staged->second};
		target.id = id_of_sample(key);
		target.marked = key % 3 == 0;
		target.bytes = staged->bytes();
		pg_call([&] {
			destination.put(staged, position_of_sample(key));
			destination.put(target);
		});
	}
}

/* What batches are found to hold. */
struct Seen {
	pg::Vector<bool> staged = pg::Vector<bool>(row_count, false);
	pg::Vector<bool> target = pg::Vector<bool>(row_count, false);

	bool all() const
	{
		auto const is_complete = [](const pg::Vector<bool> &side) {
			return std::count(side.begin(), side.end(), true) == row_count;
		};
		return is_complete(staged) && is_complete(target);
	}
};

/* Do the leading bits of the two hashes agree? */
bool same_bits(uint64 left, uint64 right, int bits)
{
	return bits == 0 || ((left ^ right) >> (64 - bits)) == 0;
}

/*
 * Reads the rows of one file of a batch and checks each; how many there were. `hash` is that of any
 * row of the batch. Row is StagedRow or TargetRow.
 */
template <typename Row>
int read_rows(SampleRows &samples, pg::TempFile &file, int bits, pg::Vector<bool> &seen,
			  std::optional<uint64> &hash)
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
		if (!hash)
			hash = row->hash;
		wrong += !same_bits(row->hash, *hash, bits);
		wrong += !samples.is_row(staged.bytes(), extent, key, length_of_sample(key));
		if constexpr (is_staged)
			wrong += position != position_of_sample(key);
		else
			wrong += !same_id(row->id, id_of_sample(key)) || row->marked != (key % 3 == 0);
		seen[key] = true;
		count++;
	}
	CHECK(wrong == 0);
	return count;
}

/* Checks the rows of a batch; the hash of one of them. */
uint64 read_batch(SampleRows &samples, Batch &batch, Seen &seen)
{
	std::optional<uint64> hash;
	int const staged =
		read_rows<StagedRow>(samples, batch.staged, batch.bits_used, seen.staged, hash);
	int const target =
		read_rows<TargetRow>(samples, batch.target, batch.bits_used, seen.target, hash);
	CHECK(staged == target && staged > 0);
	return hash.value_or(0);
}

/* Spills the samples, divides the batches `divisions` times, and reads them all. */
void check_spill(SampleRows::Shape shape, std::size_t limit, double parts, int divisions)
{
	SampleRows samples(shape);
	Spill spill(limit);
	int const bits = batch_bits(parts, limit);
	int const most_bits = bits + divisions * batch_bits(4.0, limit);
	CHECK(!spill.has_begun());
	pg_call([&] { spill.begin(parts); });
	CHECK(spill.has_begun());
	put_samples(samples, spill);
	pg_call([&] { spill.end(); });

	Seen seen;
	pg::Vector<uint64> hashes;
	while (Batch *const batch = spill.next()) {
		if (batch->bits_used < most_bits) {
			pg_call([&] { spill.divide(batch); });
			continue;
		}
		CHECK(batch->bits_used == most_bits);
		uint64 const hash = read_batch(samples, *batch, seen);
		for (uint64 const other : hashes)
			CHECK(!same_bits(hash, other, most_bits)); /* else the two were one batch */
		hashes.push_back(hash);
		pg_call([&] { spill.finish(batch); });
	}
	CHECK(seen.all());
	CHECK(hashes.size() > 1 && hashes.size() <= std::size_t{1} << most_bits);
}

} // namespace

UNIT_TEST(complete, "batch: rows of one tuple, or of two, come back complete")
{
	for (auto const shape : {SampleRows::Shape::one_tuple, SampleRows::Shape::two_tuples}) {
		SampleRows samples(shape);
		Batch batch;
		Seen seen;
		put_samples(samples, batch);
		read_batch(samples, batch, seen);
		CHECK(seen.all());
		pg_call([&] { batch.close(); });
		CHECK(!batch.staged.exists() && !batch.target.exists());
	}
}

UNIT_TEST(empty, "batch: one without rows has no files and reads as empty")
{
	Batch batch;
	StagedRow staged;
	TargetRow target;
	uint64 position;
	CHECK(!batch.staged.exists() && !batch.target.exists());
	CHECK(!pg_call([&] {
		batch.staged.rewind();
		return read_header(batch.staged, staged, position);
	}));
	CHECK(!pg_call([&] {
		batch.target.rewind();
		return read_header(batch.target, target);
	}));
	pg_call([&] { batch.close(); });
}

UNIT_TEST(divided, "spill: each row is in the batch that the leading bits of its hash belong to")
{
	constexpr std::size_t plenty = std::size_t{64} << 20;
	check_spill(SampleRows::Shape::one_tuple, 0, 1.0, 0);
	check_spill(SampleRows::Shape::two_tuples, plenty, 20.0, 0);
	check_spill(SampleRows::Shape::two_tuples, plenty, 1e6, 0);
}

UNIT_TEST(divided_again, "spill: a batch is divided again, by the bits behind those used")
{
	constexpr std::size_t plenty = std::size_t{64} << 20;
	check_spill(SampleRows::Shape::one_tuple, 0, 1.0, 1);
	check_spill(SampleRows::Shape::two_tuples, 0, 1.0, 3);
	check_spill(SampleRows::Shape::two_tuples, plenty, 100.0, 1);
}

UNIT_TEST(no_rows, "spill: without rows there are no batches")
{
	Spill spill(0);
	pg_call([&] {
		spill.begin(1.0);
		spill.end();
	});
	CHECK(spill.next() == nullptr);
}

UNIT_TEST(bits, "spill: batches are as many as wanted, as few as their buffers allow")
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
