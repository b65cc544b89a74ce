/*
 * StagedRows: every row is found by its key, within the limit.
 */
#include <algorithm>

#include "pg/scratch.hpp"
#include "rows.hpp"

namespace bulk_sync::unit {

using pg::pg_call;

namespace {

constexpr std::size_t unlimited = std::size_t{1} << 40;

/* Appends rows with keys from 0 until they are full; how many there are then. */
int fill(SampleRows &samples, StagedRows &rows, int length)
{
	int count = 0;
	for (;; count++) {
		int const this_length = length == 0 ? static_cast<int>(hash_of(count) % 300) : length;
		samples.form(count, this_length);
		if (rows.is_full_for(samples.row()->length))
			return count;
		samples.append(rows, hash_of(count), count, this_length);
	}
}

pg::Vector<StagedRow *> all_of(StagedRows &rows)
{
	pg::Vector<StagedRow *> all;
	rows.for_each([&](StagedRow *row) { all.push_back(row); });
	return all;
}

/* Appends a row with a position; the bytes that both take. */
std::size_t append_at(SampleRows &samples, StagedRows &rows, int key, uint64 position)
{
	samples.form(key, 10);
	uint32 const length = samples.row()->length;
	StagedRow *const row = pg_call([&] { return rows.reserve(length); });
	memcpy(row, samples.row(), length);
	rows.append(row, hash_of(key), position);
	return sizeof(position) + StagedRow::footprint(length);
}

} // namespace

UNIT_TEST(found, "staged rows: each is found by its key, others are not")
{
	SampleRows samples;
	for (int count : {0, 1, 2, 31, 32, 33, 64, 10000}) {
		StagedRows rows(unlimited);
		for (int key = 0; key < count; key++)
			samples.append(rows, hash_of(key), key, key % 200);
		CHECK(samples.build_table(rows) == 0);
		CHECK(rows.count() == static_cast<uint64>(count));
		int wrong = 0;
		for (int key = 0; key < count; key++) {
			StagedRow *const row = samples.find(rows, hash_of(key), key);
			wrong += row == nullptr || row->matched || row->duplicate ||
					 !samples.is_row(row->view(), key, key % 200);
		}
		for (int key = count; key < count + 100; key++)
			wrong += samples.find(rows, hash_of(key), key) != nullptr;
		CHECK(wrong == 0);
	}
}

UNIT_TEST(collisions, "staged rows: keys of one hash, or of one slot, are told apart")
{
	SampleRows samples;
	StagedRows rows(unlimited);
	constexpr int count = 300;
	constexpr uint32 hash = PG_UINT32_MAX; /* the table's last slot: probing goes round */
	auto const hash_by_slot = [](int key) { return static_cast<uint32>(key); };
	for (int key = 0; key < count; key++) {
		samples.append(rows, hash, key);
		samples.append(rows, hash_by_slot(key), key + count);
	}
	CHECK(samples.build_table(rows) == 0);
	int wrong = 0;
	for (int key = 0; key < count; key++) {
		StagedRow *const same = samples.find(rows, hash, key);
		wrong += same == nullptr || samples.key_of(same->view()) != key;
		StagedRow *const near = samples.find(rows, hash_by_slot(key), key + count);
		wrong += near == nullptr || samples.key_of(near->view()) != key + count;
		/* A key under another's hash is not there. */
		wrong += samples.find(rows, hash, key + count) != nullptr;
	}
	CHECK(wrong == 0);
}

UNIT_TEST(duplicates,
		  "staged rows: of equal keys, NULL too, the first counts and the others are told")
{
	SampleRows samples;
	StagedRows rows(unlimited);
	samples.append(rows, 1, 7, 10);
	samples.append(rows, 1, std::nullopt, 10);
	samples.append(rows, 1, 8, 10);
	for (int i = 0; i < 100; i++) {
		samples.append(rows, 1, 7, i);
		samples.append(rows, 1, std::nullopt, i);
	}
	pg::Vector<StagedRow *> const all = all_of(rows);
	StagedRow *const first = all[0];
	StagedRow *const null = all[1];
	StagedRow *const other = all[2];
	int of_first = 0;
	int of_null = 0;
	int of_others = 0;
	pg_call([&] {
		rows.build_table(
			[&](StagedRow *left, StagedRow *right) {
				return samples.key_of(left->view()) == samples.key_of(right->view());
			},
			[&](StagedRow *row) {
				(row == first ? of_first : row == null ? of_null : of_others)++;
			});
	});
	CHECK(of_first == 100 && of_null == 100 && of_others == 0);
	CHECK(!first->matched && !null->matched && !other->matched);
	CHECK(
		std::all_of(all.begin() + 3, all.end(), [](StagedRow *row) { return row->matched != 0; }));
	CHECK(samples.find(rows, 1, 7) == first);
	CHECK(samples.find(rows, 1, std::nullopt) == null);
	CHECK(samples.find(rows, 1, 8) == other);
	CHECK(rows.count() == 203);
}

UNIT_TEST(order, "staged rows: they are visited in the order they came, whatever their size")
{
	SampleRows samples;
	StagedRows rows(unlimited);
	auto const length_of = [](int key) { return key % 100 == 99 ? 200000 : key % 50; };
	constexpr int count = 1000;
	for (int key = 0; key < count; key++)
		samples.append(rows, hash_of(key), key, length_of(key));
	pg::Vector<StagedRow *> const visited = all_of(rows);
	CHECK(visited.size() == count);
	int wrong = 0;
	for (int key = 0; key < count; key++)
		wrong += visited[key]->hash != hash_of(key) ||
				 reinterpret_cast<std::uintptr_t>(visited[key]) % MAXIMUM_ALIGNOF != 0 ||
				 !samples.is_row(visited[key]->view(), key, length_of(key));
	CHECK(wrong == 0);
}

UNIT_TEST(given_away, "staged rows: given away, they live as long as their new owner")
{
	SampleRows samples;
	pg::WorkContext owner("unit owner");
	RowArena arena;
	constexpr int count = 3000;
	{
		pg::WorkContext diff("unit diff");
		StagedRows rows(unlimited);
		for (int key = 0; key < count; key++)
			samples.append(rows, hash_of(key), key, key % 100);
		samples.append(rows, hash_of(5), 5);
		CHECK(samples.build_table(rows) == 1);
		for (int key = 0; key < count; key += 3)
			rows.set_matched(samples.find(rows, hash_of(key), key), false);
		CHECK(rows.unmatched() == count - count / 3);
		pg_call([&] { pg::in_context(owner.get(), [&] { arena = rows.take_arena(); }); });
		CHECK(rows.count() == 0 && rows.unmatched() == 0);
		diff.finish();
	}
	int key = 0;
	int wrong = 0;
	arena.for_each([&](char *memory, uint32) {
		auto *const row = reinterpret_cast<StagedRow *>(memory);
		if (key < count)
			wrong += !samples.is_row(row->view(), key, key % 100) || row->matched != (key % 3 == 0);
		key++;
		return StagedRow::footprint(row->length);
	});
	CHECK(wrong == 0 && key == count + 1);
	owner.finish();
}

UNIT_TEST(limit, "staged rows: full rows and their table stay within the limit, and use it")
{
	for (std::size_t limit :
		 {std::size_t{64} << 10, std::size_t{1} << 20, std::size_t{3} << 20, std::size_t{20} << 20})
		for (int length : {1, 0, 5000, 40000}) { /* 0: of different lengths */
			SampleRows samples;
			pg::WorkContext context("unit limit");
			StagedRows rows(limit);
			if (length == 0)
				rows.expect(1e12); /* an estimate may be anything */
			int const count = fill(samples, rows, length);
			std::size_t payload = 0;
			for (StagedRow *row : all_of(rows))
				payload += StagedRow::footprint(row->length);
			Size const before_table = MemoryContextMemAllocated(context.get(), true);
			CHECK(samples.build_table(rows) == 0);
			CHECK(rows.count() == static_cast<uint64>(count) && count > 0);
			/* The context takes small tables in blocks of its own. */
			std::size_t const table = MemoryContextMemAllocated(context.get(), true) - before_table;
			CHECK(payload + table <= limit + 32 * 1024);
			CHECK(payload > limit / 4 || limit < 100 * 1024);
			/* The arena may have room that is not touched yet. */
			CHECK(MemoryContextMemAllocated(context.get(), true) < 3 * limit + 16 * 1024);
			context.finish();
		}
}

UNIT_TEST(first_row, "staged rows: the first row always fits, the next one does not")
{
	SampleRows samples;
	for (std::size_t limit : {0, 1, 100}) {
		StagedRows rows(limit);
		for (int round = 0; round < 3; round++) {
			CHECK(fill(samples, rows, 100000) == 1);
			CHECK(samples.build_table(rows) == 0);
			CHECK(samples.find(rows, hash_of(0), 0) != nullptr);
			CHECK(samples.find(rows, hash_of(1), 1) == nullptr);
			pg_call([&] { rows.clear(); });
		}
	}
}

UNIT_TEST(positions,
		  "staged rows: each has its place among the rows, or the position that came with it")
{
	SampleRows samples;
	StagedRows rows(std::size_t{1} << 30);
	constexpr int count = 5000;
	auto const wrong_positions = [&](uint64 factor) {
		uint64 expected = 0;
		int wrong = 0;
		rows.for_each_with_position([&](StagedRow *, uint64 position) {
			wrong += position != expected;
			expected += factor;
		});
		return wrong + (expected != count * factor);
	};
	for (int key = 0; key < count; key++)
		samples.append(rows, hash_of(key), key);
	CHECK(wrong_positions(1) == 0);

	constexpr uint64 factor = uint64{1} << 40;
	pg_call([&] {
		rows.clear();
		rows.begin_batches();
	});
	for (int round = 0; round < 2; round++) {
		for (int key = 0; key < count; key++)
			append_at(samples, rows, key, key * factor);
		CHECK(wrong_positions(factor) == 0);
		pg_call([&] { rows.clear(); });
	}
}

UNIT_TEST(at_once,
		  "staged rows: a batch that is taken at once is as if its rows had come one by one")
{
	SampleRows samples;
	StagedRows one_by_one(std::size_t{1} << 30);
	StagedRows at_once(std::size_t{1} << 30);
	pg_call([&] {
		one_by_one.begin_batches();
		at_once.begin_batches();
	});
	constexpr int count = 3000;
	std::size_t bytes = 0;
	for (int key = 0; key < count; key++)
		bytes += append_at(samples, one_by_one, key, key + 7);
	const char *const first = reinterpret_cast<char *>(all_of(one_by_one)[0]) - sizeof(uint64);
	for (int round = 0; round < 2; round++) {
		memcpy(pg_call([&] { return at_once.append_all(bytes, count); }), first, bytes);
		CHECK(at_once.count() == count && samples.build_table(at_once) == 0);
		int wrong = 0;
		int key = 0;
		at_once.for_each_with_position([&](StagedRow *row, uint64 position) {
			wrong += samples.key_of(row->view()) != key || position != key + uint64{7};
			key++;
		});
		CHECK(wrong == 0 && key == count);
		CHECK(samples.find(at_once, hash_of(count - 1), count - 1) != nullptr);
		pg_call([&] { at_once.clear(); });
	}
}

UNIT_TEST(positions_count, "staged rows: positions count against the limit")
{
	SampleRows samples;
	constexpr std::size_t limit = std::size_t{2} << 20;
	pg::WorkContext context("unit positions");
	StagedRows rows(limit);
	pg_call([&] { rows.begin_batches(); });
	samples.form(0, 10);
	std::size_t const row_bytes = StagedRow::footprint(samples.row()->length);
	for (int key = 0; !rows.is_full_for(samples.row()->length); key++)
		append_at(samples, rows, key, key);
	CHECK(rows.count() * (row_bytes + sizeof(uint64) + 12) <= limit);
	CHECK(rows.count() * (row_bytes + sizeof(uint64) + 24) >= limit / 2);
	CHECK(rows.fit(rows.count() * (row_bytes + sizeof(uint64)), rows.count()));
	CHECK(!rows.fit(limit, rows.count()) && rows.fit(2 * limit, 1) && rows.fit(0, 0));
	context.finish();
}

UNIT_TEST(reused, "staged rows: cleared, they are as new and take no more memory")
{
	SampleRows samples;
	pg::WorkContext context("unit reused");
	StagedRows rows(std::size_t{2} << 20);
	Size most = 0;
	int first_count = 0;
	for (int round = 0; round < 5; round++) {
		int const count = fill(samples, rows, 50);
		first_count = round == 0 ? count : first_count;
		CHECK(count == first_count);
		CHECK(samples.build_table(rows) == 0);
		CHECK(samples.find(rows, hash_of(count - 1), count - 1) != nullptr);
		CHECK(samples.find(rows, hash_of(count), count) == nullptr);
		pg_call([&] { rows.clear(); });
		CHECK(rows.count() == 0);
		CHECK(all_of(rows).empty());
		Size const allocated = MemoryContextMemAllocated(context.get(), true);
		most = round == 0 ? allocated : most;
		CHECK(allocated <= most);
	}
	/* Cleared without a table, and twice. */
	samples.append(rows, 1, 1);
	pg_call([&] { rows.clear(); });
	pg_call([&] { rows.clear(); });
	CHECK(samples.build_table(rows) == 0);
	CHECK(samples.find(rows, 1, 1) == nullptr);
	context.finish();
}

} // namespace bulk_sync::unit
