/*
 * Spill and batches: what is written comes back, in a batch that its hash belongs to, and batches
 * run one by one find what a diff in memory finds.
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
uint32 hash_of_sample(int key)
{
	return key == 0 ? 0 : key == 1 ? PG_UINT32_MAX : hash_of(key);
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

/* Puts each sample row into both sides. Destination is Spill or Batch. */
template <typename Destination> void put_samples(SampleRows &samples, Destination &destination)
{
	for (int key = 0; key < row_count; key++) {
		samples.form(key, length_of_sample(key));
		samples.row()->start(hash_of_sample(key));
		TargetRow target;
		target.tuple = samples.row()->view();
		target.hash = hash_of_sample(key);
		target.id = id_of_sample(key);
		target.marked = key % 3 == 0;
		pg_call([&] {
			destination.put(samples.row(), position_of_sample(key));
			destination.put(target);
		});
	}
	pg_call([&] { destination.end(); });
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

/* Do the trailing bits of the two hashes agree? */
bool same_bits(uint32 left, uint32 right, int bits)
{
	return bits == 0 || static_cast<uint32>((left ^ right) << (hash_bits - bits)) == 0;
}

/* The rows of one side of a batch. */
struct SideCheck {
	SampleRows &samples;
	pg::Vector<bool> &seen;
	int bits;
	std::optional<uint32> hash; /* of any row */
	int count = 0;
	int wrong = 0;

	void row(const TupleView &tuple, uint32 row_hash)
	{
		int const key = *samples.key_of(tuple);
		wrong += key < 0 || key >= row_count || seen[key] || row_hash != hash_of_sample(key);
		if (!hash)
			hash = row_hash;
		wrong += !same_bits(row_hash, *hash, bits);
		wrong += !samples.is_row(tuple, key, length_of_sample(key));
		seen[key] = true;
		count++;
	}
};

/* Checks the rows of a batch; the hash of one of them. */
uint32 read_batch(SampleRows &samples, Batch &batch, Seen &seen)
{
	pg::Vector<char> memory(StagedRow::footprint(2 * large_length));
	SideCheck staged{samples, seen.staged, batch.bits_used, std::nullopt};
	pg_call([&] {
		read_staged(
			batch.staged, [&](std::size_t) { return reinterpret_cast<StagedRow *>(memory.data()); },
			[&](StagedRow *row, uint64 position) {
				staged.row(row->view(), row->hash);
				staged.wrong += position != position_of_sample(*samples.key_of(row->view()));
				staged.wrong += row->matched || row->matched_marked || row->duplicate;
			});
	});
	SideCheck target{samples, seen.target, batch.bits_used, staged.hash};
	pg_call([&] {
		read_target(
			batch.target, &samples.sides(), [&](std::size_t) { return memory.data(); },
			[&](const TargetRow &row) {
				target.row(row.tuple, row.hash);
				int const key = *samples.key_of(row.tuple);
				target.wrong += !same_id(row.id, id_of_sample(key)) ||
								row.marked != (key % 3 == 0) || row.side != samples.side();
			});
	});
	CHECK(staged.wrong == 0 && target.wrong == 0);
	CHECK(staged.count == target.count && staged.count > 0);
	CHECK(batch.staged_rows == static_cast<uint64>(staged.count));
	return staged.hash.value_or(0);
}

/* Spills the samples, divides the batches `divisions` times, and reads them all. */
void check_spill(std::size_t limit, double parts, int divisions)
{
	SampleRows samples;
	Spill spill(limit);
	int const bits = batch_bits(parts, limit);
	int const most_bits = bits + divisions * batch_bits(4.0, limit);
	CHECK(!spill.has_begun());
	pg_call([&] { spill.begin(parts); });
	CHECK(spill.has_begun());
	put_samples(samples, spill);

	Seen seen;
	pg::Vector<uint32> hashes;
	while (Batch *const batch = spill.next()) {
		if (batch->bits_used < most_bits) {
			pg_call([&] { spill.divide(batch); });
			continue;
		}
		CHECK(batch->bits_used == most_bits);
		uint32 const hash = read_batch(samples, *batch, seen);
		for (uint32 const other : hashes)
			CHECK(!same_bits(hash, other, most_bits)); /* else the two were one batch */
		hashes.push_back(hash);
		pg_call([&] { spill.finish(batch); });
	}
	CHECK(seen.all());
	CHECK(hashes.size() > 1 && hashes.size() <= std::size_t{1} << most_bits);
}

} // namespace

UNIT_TEST(complete, "batch: rows come back complete, whatever the pieces they are written in")
{
	for (std::size_t const piece :
		 {pg::smallest_piece, 3 * pg::smallest_piece, pg::largest_piece}) {
		SampleRows samples;
		Batch batch(piece);
		Seen seen;
		put_samples(samples, batch);
		read_batch(samples, batch, seen);
		CHECK(seen.all());
		pg_call([&] { batch.close(); });
		CHECK(!batch.staged.exists() && !batch.target.exists());
	}
}

UNIT_TEST(read_at_once, "batch: the staged rows, read at once, are as in memory")
{
	SampleRows samples;
	Batch batch;
	put_samples(samples, batch);
	StagedRows rows(std::size_t{1} << 30);
	pg_call([&] {
		rows.begin_batches();
		batch.staged.read_all(rows.append_all(batch.staged.size(), batch.staged_rows));
	});
	int key = 0;
	int wrong = 0;
	rows.for_each_with_position([&](StagedRow *row, uint64 position) {
		wrong += !samples.is_row(row->view(), key, length_of_sample(key)) ||
				 row->hash != hash_of_sample(key) || position != position_of_sample(key);
		key++;
	});
	CHECK(wrong == 0 && key == row_count);
	pg_call([&] { batch.close(); });
}

UNIT_TEST(empty, "batch: one without rows has no files and reads as empty")
{
	Batch batch;
	char memory[MAXIMUM_ALIGNOF];
	int rows = 0;
	CHECK(!batch.staged.exists() && !batch.target.exists());
	pg_call([&] {
		batch.end();
		read_staged(
			batch.staged, [&](std::size_t) { return reinterpret_cast<StagedRow *>(memory); },
			[&](StagedRow *, uint64) { rows++; });
		read_target(
			batch.target, nullptr, [&](std::size_t) { return memory; },
			[&](const TargetRow &) { rows++; });
		batch.close();
	});
	CHECK(rows == 0);
}

UNIT_TEST(divided, "spill: each row is in the batch that the trailing bits of its hash belong to")
{
	constexpr std::size_t plenty = std::size_t{64} << 20;
	check_spill(0, 1.0, 0);
	check_spill(plenty, 20.0, 0);
	check_spill(plenty, 1e6, 0);
}

UNIT_TEST(divided_again, "spill: a batch is divided again, by the bits behind those used")
{
	constexpr std::size_t plenty = std::size_t{64} << 20;
	check_spill(0, 1.0, 1);
	check_spill(0, 1.0, 3);
	check_spill(plenty, 100.0, 1);
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
			CHECK((std::size_t{2} << affordable) * pg::smallest_piece <= limit / 2 ||
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
