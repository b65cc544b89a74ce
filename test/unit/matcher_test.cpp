/*
 * Matcher: it finds what a comparison by hand finds, however the rows come: in groups, in shares of
 * the target, or in batches.
 */
#include <algorithm>

#include "sides.hpp"

namespace bulk_sync::unit {

using pg::pg_call;

namespace {

constexpr std::size_t unlimited = std::size_t{1} << 40;

/* Everything that a matcher needs; `limit` is that of the staged rows, in bytes. */
struct Matching {
	explicit Matching(SampleRows &samples, std::size_t limit = unlimited)
		: found(samples), rows(limit), matcher(samples.map(), rows, found, result)
	{
		matcher.take_staged(samples.shape());
	}

	/* The rows of batches will come. */
	void begin_batches()
	{
		pg_call([&] { rows.begin_batches(); });
	}

	FoundRows found;
	DiffResult result;
	StagedRows rows;
	Matcher matcher;
};

/* Diffs in memory by one matcher. */
void run(SampleRows &samples, const Sides &sides, Matching &matching)
{
	fill(samples, sides, matching.rows);
	pg_call([&] { matching.matcher.build_table(); });
	match(samples, sides, matching.matcher, 0, sides.target.size());
	pg_call([&] {
		matching.matcher.flush();
		matching.matcher.emit_added();
	});
}

uint64 count_of(const pg::Vector<Found> &found, Found::Kind kind)
{
	return std::count_if(found.begin(), found.end(),
						 [&](const Found &row) { return row.kind == kind; });
}

} // namespace

UNIT_TEST(kinds, "matcher: it tells of each row and counts, whatever the number of groups")
{
	SampleRows samples;
	for (int unchanged : {0, 55, 56, 57, 1000}) { /* with 200 others: about full groups of 64 */
		Sides const sides = Sides::of_all_kinds(unchanged);
		Matching matching(samples);
		run(samples, sides, matching);
		CHECK(matching.found.sorted() == expected(sides));
		CHECK(!matching.found.is_wrong());
		const DiffCounts &counts = matching.result.counts;
		CHECK(counts.unchanged == static_cast<uint64>(unchanged));
		CHECK(counts.matched == counts.unchanged + 100);
		CHECK(count_of(matching.found.all(), Found::added) == 100);
		CHECK(matching.rows.matched() == counts.matched);
		CHECK(matching.result.staging_duplicates.count == 0);
		CHECK(matching.result.target_duplicates.count == 0);
	}
}

/* Rows of the target as they are on a page, with the front of the header that minimal tuples
 * lack. */
struct TargetPage {
	pg::Vector<char> memory;
	pg::Vector<HeapTupleData> tuples;

	TargetPage(SampleRows &samples, const Sides &sides, std::size_t begin, std::size_t end)
	{
		pg::Vector<std::size_t> starts;
		for (std::size_t i = begin; i < end; i++) {
			samples.form(sides.target[i].key, sides.target[i].length);
			starts.push_back(memory.size() + MINIMAL_TUPLE_OFFSET);
			memory.resize(starts.back() + StagedRow::footprint(samples.row()->length));
			memcpy(memory.data() + starts.back(), samples.row(), samples.row()->length);
		}
		for (std::size_t const start : starts) {
			auto *const row = reinterpret_cast<StagedRow *>(memory.data() + start);
			tuples.push_back(row->view().heap_tuple());
			tuples.back().t_tableOid = static_cast<Oid>(begin + tuples.size());
		}
	}
};

UNIT_TEST(pages,
		  "matcher: pages of the target are matched as rows one by one are, and nobody is told of "
		  "pairs that are the same")
{
	SampleRows samples;
	KeyHash const hash(samples.map(), samples.shape());
	Sides const sides = Sides::of_all_kinds(300);
	pg::Vector<Found> wanted;
	for (const Found &row : expected(sides))
		if (row.kind != Found::unchanged)
			wanted.push_back(row);
	for (std::size_t size : {1, 63, 64, 65, 200}) {
		Matching matching(samples);
		CHECK(!matching.matcher.takes_pages()); /* its sink wants to know of all of them */
		for (const SampleRow &row : sides.staged) {
			samples.form(row.key, row.length);
			uint32 const of_key = pg_call([&] { return hash.of(samples.row()->view()); });
			samples.append(matching.rows, of_key, row.key, row.length);
		}
		pg_call([&] { matching.matcher.build_table(); });
		for (std::size_t begin = 0; begin < sides.target.size(); begin += size) {
			TargetPage const page(samples, sides, begin,
								  std::min(begin + size, sides.target.size()));
			pg_call([&] {
				matching.matcher.match_page(page.tuples.data(),
											static_cast<int>(page.tuples.size()), *samples.side());
			});
		}
		pg_call([&] { matching.matcher.emit_added(); });
		CHECK(matching.found.sorted() == wanted);
		CHECK(!matching.found.is_wrong());
		CHECK(matching.result.counts.unchanged == 300);
		CHECK(matching.result.counts.matched == 400);
		CHECK(matching.rows.matched() == 400);
	}
}

UNIT_TEST(added_order, "matcher: new rows come in the order of staging")
{
	SampleRows samples;
	Sides const sides = Sides::of_all_kinds(10);
	Matching matching(samples);
	run(samples, sides, matching);
	uint64 position = 0;
	for (const Found &row : matching.found.all())
		if (row.kind == Found::added) {
			CHECK(row.number > position);
			position = row.number;
		}
	CHECK(position > 0);
}

UNIT_TEST(large_rows,
		  "matcher: rows beyond the room of a group are matched, and their room is freed")
{
	SampleRows samples;
	Sides sides;
	for (int key = 0; key < 20; key++) {
		int const length = key % 4 == 0 ? 300000 + key * 10000 : 100;
		sides.staged.push_back({key, length});
		sides.target.push_back({key, key % 8 == 0 ? length + 1 : length});
	}
	pg::WorkContext context("unit large rows");
	Matching matching(samples);
	fill(samples, sides, matching.rows);
	pg_call([&] { matching.matcher.build_table(); });
	Size const before = MemoryContextMemAllocated(context.get(), true);
	match(samples, sides, matching.matcher, 0, sides.target.size());
	pg_call([&] { matching.matcher.end(); });
	CHECK(matching.found.sorted() == expected(sides));
	CHECK(MemoryContextMemAllocated(context.get(), true) < before + 300000);
	context.finish();
}

UNIT_TEST(shares, "matcher: two over halves of the target find together what one finds")
{
	SampleRows samples;
	Sides sides = Sides::of_all_kinds(500);
	/* The same row of staging is met by both, and the one that comes second notes that. */
	SampleRow again = sides.target[1];
	again.marked = true;
	sides.target.push_back(again);
	Matching whole(samples);
	run(samples, sides, whole);

	Matching first(samples);
	FoundRows found(samples);
	DiffResult result;
	Matcher second(samples.map(), first.rows, found, result);
	second.take_staged(samples.shape());
	fill(samples, sides, first.rows);
	pg_call([&] { first.matcher.build_table(); });
	std::size_t const half = sides.target.size() / 2;
	for (std::size_t i = 0; i < half; i++) { /* in turns */
		match(samples, sides, first.matcher, i, i + 1);
		match(samples, sides, second, half + i, half + i + 1);
	}
	match(samples, sides, second, 2 * half, sides.target.size());
	pg_call([&] {
		first.matcher.flush();
		second.flush();
		first.matcher.emit_added();
	});

	pg::Vector<Found> both = first.found.all();
	both.insert(both.end(), found.all().begin(), found.all().end());
	std::sort(both.begin(), both.end());
	CHECK(both == whole.found.sorted() && both == expected(sides));
	CHECK(first.result.counts.unchanged + result.counts.unchanged == whole.result.counts.unchanged);
	CHECK(first.result.counts.matched + result.counts.matched == whole.result.counts.matched);
	CHECK(first.rows.matched() == whole.result.counts.matched);
	CHECK(first.result.target_duplicates.count == 0 && result.target_duplicates.count == 1);
	CHECK(whole.result.target_duplicates.count == 1);
	CHECK(!first.result.marked_among_duplicates && result.marked_among_duplicates);
	CHECK(whole.result.marked_among_duplicates);
}

UNIT_TEST(duplicate_keys, "matcher: keys of duplicates are noted once, and outlive it")
{
	SampleRows samples;
	Sides sides;
	for (int i = 0; i < 3; i++)
		for (int key : {1, 2, 3, 4, 5, 6, 7, 8}) {
			sides.staged.push_back({key, 10 + i});
			sides.target.push_back({key + 4, 10});
		}
	DiffResult result;
	MemoryContext const outer = CurrentMemoryContext;
	{
		pg::WorkContext context("unit duplicates");
		FoundRows found(samples);
		StagedRows rows(unlimited);
		Matcher matcher(samples.map(), rows, found, result);
		matcher.take_staged(samples.shape());
		fill(samples, sides, rows);
		pg_call([&] { matcher.build_table(); });
		match(samples, sides, matcher, 0, sides.target.size());
		pg_call([&] {
			matcher.flush();
			matcher.emit_added();
		});
		/* Of each key the first row of staging counts. */
		CHECK(result.counts.matched == 4 && result.counts.unchanged == 12);
		CHECK(count_of(found.all(), Found::added) == 4);
		CHECK(count_of(found.all(), Found::removed) == 12);
		context.finish();
	}
	CHECK(result.staging_duplicates.count == 8);
	CHECK_TEXT(pg_call([&] { return result.staging_duplicates.text(); }),
			   "Keys (c1)=(1), (c1)=(2), (c1)=(3), (c1)=(4), (c1)=(5) and 3 more.");
	/* Those are noted already: a key is named once. */
	CHECK(result.target_duplicates.count == 0);
	CHECK(GetMemoryChunkContext(const_cast<char *>(result.staging_duplicates.shown[0])) == outer);
}

UNIT_TEST(marked_duplicates, "matcher: it says whether a row that is marked is among duplicates")
{
	SampleRows samples;
	for (int marked : {0, 1, 2}) { /* 2: none of the two */
		Sides sides;
		sides.staged.push_back({1, 10});
		for (int i = 0; i < 2; i++)
			sides.target.push_back({1, 10, i == marked});
		sides.target.push_back({2, 10, true}); /* no duplicate */
		Matching matching(samples);
		run(samples, sides, matching);
		CHECK(matching.result.target_duplicates.count == 1);
		CHECK(matching.result.marked_among_duplicates == (marked < 2));
	}
}

UNIT_TEST(run_batch, "batch: run by itself it finds what a matcher in memory finds")
{
	for (int unchanged : {0, 1000}) {
		SampleRows samples;
		Sides const sides = Sides::of_all_kinds(unchanged);
		Matching in_memory(samples);
		run(samples, sides, in_memory);

		Matching matching(samples);
		matching.begin_batches();
		Batch batch;
		put_sides(samples, sides, batch);
		CHECK(pg_call([&] { return batch.run(matching.matcher, samples.sides()); }));
		pg_call([&] { batch.close(); });
		CHECK(matching.found.all() == in_memory.found.all());
		CHECK(matching.found.sorted() == expected(sides));
		CHECK(matching.result.counts.matched == in_memory.result.counts.matched);
		CHECK(matching.result.counts.unchanged == in_memory.result.counts.unchanged);
		CHECK(matching.rows.count() == 0 && matching.rows.matched() == 0);
	}
}

UNIT_TEST(one_side, "batch: with rows of one side alone, all of them are new or removed")
{
	SampleRows samples;
	for (bool const staged : {true, false}) {
		Sides sides = Sides::of_all_kinds(70);
		(staged ? sides.target : sides.staged).clear();
		Matching matching(samples);
		matching.begin_batches();
		Batch batch;
		put_sides(samples, sides, batch);
		CHECK(pg_call([&] { return batch.run(matching.matcher, samples.sides()); }));
		CHECK(matching.found.sorted() == expected(sides));
		CHECK(count_of(matching.found.all(), staged ? Found::added : Found::removed) == 270);
		pg_call([&] { batch.close(); });
	}
}

UNIT_TEST(too_large, "batch: one that does not fit is left as it was, as long as it can be divided")
{
	SampleRows samples;
	Sides const sides = Sides::of_all_kinds(1000);
	Matching matching(samples, 16 * 1024);
	matching.begin_batches();
	Batch batch;
	put_sides(samples, sides, batch);
	for (int round = 0; round < 2; round++) {
		CHECK(!pg_call([&] { return batch.run(matching.matcher, samples.sides()); }));
		CHECK(matching.found.all().empty() && matching.rows.count() == 0);
		CHECK(matching.result.counts.matched == 0);
	}
	batch.bits_used = 64;
	CHECK(pg_call([&] { return batch.run(matching.matcher, samples.sides()); }));
	CHECK(matching.found.sorted() == expected(sides));
	pg_call([&] { batch.close(); });
}

UNIT_TEST(run_spill, "spill: its batches find what a matcher in memory finds, divided as they need")
{
	SampleRows samples;
	Sides const sides = Sides::of_all_kinds(3000);
	pg::Vector<Found> const wanted = expected(sides);
	for (std::size_t limit : {std::size_t{4} << 10, std::size_t{32} << 10, std::size_t{1} << 20}) {
		Matching matching(samples, limit);
		matching.begin_batches();
		Spill spill(limit);
		pg_call([&] { spill.begin(1.0); });
		put_sides(samples, sides, spill);
		int runs = 0;
		int divisions = 0;
		while (Batch *const batch = spill.next()) {
			bool const fits =
				pg_call([&] { return batch->run(matching.matcher, samples.sides()); });
			(fits ? runs : divisions)++;
			pg_call([&] { fits ? spill.finish(batch) : spill.divide(batch); });
		}
		CHECK(matching.found.sorted() == wanted);
		CHECK(!matching.found.is_wrong());
		CHECK(matching.result.counts.unchanged == 3000 && matching.result.counts.matched == 3100);
		CHECK(runs >= 4 && (divisions > 0) == (limit < 1 << 20));
	}
}

UNIT_TEST(one_hash, "spill: rows of one hash are not divided for ever")
{
	SampleRows samples;
	Spill spill(0);
	constexpr int count = 300;
	Matching matching(samples, 4 * 1024);
	matching.begin_batches();
	pg_call([&] { spill.begin(1.0); });
	for (int key = 0; key < count; key++) {
		samples.form(key, 20);
		samples.row()->start(42);
		TargetRow target;
		target.tuple = samples.row()->view();
		target.side = samples.side();
		target.hash = 42;
		target.id.table = static_cast<Oid>(key + 1);
		pg_call([&] {
			spill.put(samples.row(), key);
			spill.put(target);
		});
	}
	pg_call([&] { spill.end(); });
	int divisions = 0;
	while (Batch *const batch = spill.next()) {
		bool const fits = pg_call([&] { return batch->run(matching.matcher, samples.sides()); });
		divisions += fits ? 0 : 1;
		pg_call([&] { fits ? spill.finish(batch) : spill.divide(batch); });
	}
	CHECK(divisions == 1);
	CHECK(matching.result.counts.unchanged == count && matching.found.all().size() == count);
}

} // namespace bulk_sync::unit
