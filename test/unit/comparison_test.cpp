/*
 * Rows as they are stored: where their columns are, whether they are the same, the hash of their
 * keys. Tuples of random shapes, with the columns in any order and others between them, are
 * compared with what their values say.
 */
#include <algorithm>
#include <optional>

#include "diff/key_hash.hpp"
#include "diff/row_arena.hpp"
#include "diff/row_comparison.hpp"
#include "unit.hpp"

extern "C" {
#include "catalog/pg_collation_d.h"
#include "utils/numeric.h"
}

namespace bulk_sync::unit {

using pg::ColumnType;
using pg::pg_call;

namespace {

/* The same numbers in each run. */
class Dice {
  public:
	explicit Dice(uint64 seed) noexcept : state_(seed) {}
	int below(int limit) noexcept
	{
		state_ = pg::hash_combine(state_, 1);
		return static_cast<int>(state_ % static_cast<uint64>(limit));
	}
	bool one_in(int count) noexcept { return below(count) == 0; }

  private:
	uint64 state_;
};

ColumnType type_of(Oid oid)
{
	ColumnType type;
	type.oid = oid;
	type.collation = oid == TEXTOID ? DEFAULT_COLLATION_OID : InvalidOid;
	pg_call([&] { get_typlenbyval(oid, &type.length, &type.by_value); });
	return type;
}

/* A value of the type, one of a few, some of which differ in a byte alone; in the current
 * context. */
Datum value_of(const ColumnType &type, int number)
{
	if (type.oid == TEXTOID) {
		constexpr int lengths[] = {0, 1, 5, 5, 126, 127, 300};
		int const length = lengths[number % 7];
		auto *const text =
			static_cast<struct varlena *>(pg_call([&] { return palloc(length + 4); }));
		SET_VARSIZE(text, length + VARHDRSZ);
		memset(VARDATA(text), 'a' + number % 7, length);
		return PointerGetDatum(text);
	}
	if (type.oid == UUIDOID) {
		auto *const uuid = static_cast<char *>(pg_call([&] { return palloc0(16); }));
		uuid[15] = static_cast<char>(number);
		return PointerGetDatum(uuid);
	}
	if (type.oid == NUMERICOID) /* their signs are not hashed */
		return NumericGetDatum(pg_call([&] { return int64_to_numeric(number * 5000); }));
	return static_cast<Datum>(number);
}

constexpr Oid oids[] = {INT4OID, TEXTOID, INT2OID, INT8OID,	  BOOLOID,
						UUIDOID, TEXTOID, CHAROID, NUMERICOID};

Oid any_of_them(Dice &dice)
{
	return oids[dice.below(static_cast<int>(std::size(oids)))];
}

/* One side: the columns of the image at random places, and others. */
struct RandomSide {
	TupleDesc desc = nullptr;
	pg::Vector<int> columns; /* of the image, or -1, for each attribute */
	std::optional<RowShape> shape;
	std::optional<KeyHash> hash;
	pg::Vector<char> memory;

	RandomSide(const ColumnMap &map, Dice &dice, bool is_staging);

	/* A row with these values, of which the last `missing` attributes are not there. */
	TupleView row(const Datum *values, const bool *nulls, Dice &dice, int missing);
};

RandomSide::RandomSide(const ColumnMap &map, Dice &dice, bool is_staging)
{
	int const count = static_cast<int>(map.image.size());
	for (int i = 0; i < count; i++)
		columns.push_back(i);
	int const style = dice.below(3);
	if (style == 0) /* any order; else the one of the image */
		for (int i = count - 1; i > 0; i--)
			std::swap(columns[i], columns[dice.below(i + 1)]);
	for (int i = style == 1 ? 0 : dice.below(4); i > 0; i--)
		columns.insert(columns.begin() + dice.below(static_cast<int>(columns.size()) + 1), -1);

	ColumnMap placed;
	placed.image = map.image;
	pg::Vector<int> attributes(map.image.size(), 0);
	pg::Vector<ColumnType> types;
	for (std::size_t i = 0; i < columns.size(); i++) {
		types.push_back(columns[i] < 0 ? type_of(any_of_them(dice)) : map.image[columns[i]].type);
		if (columns[i] < 0)
			continue;
		Column &column = placed.image[columns[i]];
		(is_staging ? column.staging : column.target) = static_cast<AttrNumber>(i + 1);
		attributes[columns[i]] = static_cast<int>(i);
	}
	desc = pg::describe(types);
	shape.emplace(is_staging ? RowShape::of_staging(placed, desc)
							 : RowShape::of_target(desc, attributes));
	hash.emplace(map, *shape);
}

TupleView RandomSide::row(const Datum *values, const bool *nulls, Dice &dice, int missing)
{
	int const count = static_cast<int>(columns.size()) - missing;
	pg::Vector<Datum> all;
	pg::Vector<bool> all_nulls;
	pg::Vector<AttrNumber> numbers;
	pg::Vector<int> sources;
	for (int i = 0; i < count; i++) {
		ColumnType const type = ColumnType::of(TupleDescAttr(desc, i));
		all.push_back(columns[i] < 0 ? value_of(type, dice.below(7)) : values[columns[i]]);
		all_nulls.push_back(columns[i] < 0 ? dice.one_in(4) : nulls[columns[i]]);
		numbers.push_back(static_cast<AttrNumber>(i + 1));
		sources.push_back(i);
	}
	pg::TupleBuilder const builder(pg::project(desc, numbers), sources);
	memory.resize(
		MAXALIGN(pg_call([&] { return builder.most_bytes(all.data(), all_nulls.data()); })));
	pg_call([&] { builder.build(all.data(), all_nulls.data(), memory.data()); });
	return TupleView::of(reinterpret_cast<MinimalTuple>(memory.data()));
}

ColumnMap random_map(Dice &dice)
{
	ColumnMap map;
	int const count = dice.one_in(20) ? 60 + dice.below(30) : 1 + dice.below(8);
	for (int i = 0; i < count; i++) {
		Column column;
		column.type = type_of(any_of_them(dice));
		map.image.push_back(column);
	}
	for (int i = std::min(count, 1 + dice.below(3)); i > 0; i--)
		map.keys.push_back(pg::KeyEquality::of(map.image[map.keys.size()].type));
	return map;
}

struct Outcome {
	int same = 0;
	int prefixes = 0;
	int wrong = 0;
};

/* Pairs of rows of one pair of shapes. */
void compare_rows(const ColumnMap &map, Dice &dice, Outcome &outcome)
{
	RandomSide staged(map, dice, true);
	RandomSide target(map, dice, false);
	RowComparison comparison(map, *staged.shape, *target.shape);
	outcome.prefixes += comparison.is_prefix();
	int const count = static_cast<int>(map.image.size());
	Datum values[100];
	bool nulls[100];
	Datum others[100];
	bool other_nulls[100];
	for (int round = 0; round < 20; round++) {
		bool const has_nulls = !dice.one_in(3);
		for (int i = 0; i < count; i++) {
			nulls[i] = has_nulls && dice.one_in(4);
			values[i] = value_of(map.image[i].type, dice.below(7));
		}
		std::copy_n(values, count, others);
		std::copy_n(nulls, count, other_nulls);
		if (dice.one_in(2)) {
			int const changed = dice.below(count);
			others[changed] = value_of(map.image[changed].type, dice.below(7));
			other_nulls[changed] = has_nulls && dice.one_in(3);
		}
		/* What is not there is NULL. */
		int const missing =
			dice.one_in(3) ? dice.below(static_cast<int>(target.columns.size())) : 0;
		for (int i = 0; i < missing; i++)
			if (int const column = target.columns[target.columns.size() - 1 - i]; column >= 0)
				other_nulls[column] = true;
		bool expected = true;
		bool same_key = true;
		for (int i = 0; i < count; i++) {
			bool const same = nulls[i] == other_nulls[i] &&
							  (nulls[i] || pg_call([&] {
								   return pg::same_image(map.image[i].type, values[i], others[i]);
							   }));
			expected = expected && same;
			same_key = same_key && (same || i >= map.key_count());
		}
		TupleView const here = staged.row(values, nulls, dice, 0);
		TupleView const there = target.row(others, other_nulls, dice, missing);
		outcome.same += expected;
		outcome.wrong += pg_call([&] { return comparison.is_same(here, there); }) != expected;
		uint32 const hash = pg_call([&] { return staged.hash->of(here); });
		uint32 const other = pg_call([&] { return target.hash->of(there); });
		outcome.wrong += hash != pg_call([&] { return staged.hash->of(values, nulls); });
		outcome.wrong += other != pg_call([&] { return target.hash->of(others, other_nulls); });
		outcome.wrong += (hash == other) != same_key;
	}
}

} // namespace

UNIT_TEST(shapes, "row comparison: tuples of any shapes are the same when their values are")
{
	Outcome outcome;
	for (int seed = 0; seed < 600; seed++) {
		pg::WorkContext context("unit shapes");
		Dice dice(seed);
		compare_rows(random_map(dice), dice, outcome);
		context.finish();
	}
	CHECK(outcome.wrong == 0);
	CHECK(outcome.same > 3000 && outcome.same < 11000);
	CHECK(outcome.prefixes > 30 && outcome.prefixes < 500);
}

UNIT_TEST(taken_apart, "row shape: a formed row is taken apart as it was formed, in any order")
{
	Dice dice(7);
	for (int round = 0; round < 200; round++) {
		pg::WorkContext context("unit shape");
		ColumnMap map = random_map(dice);
		RandomSide const target(map, dice, false);
		int number = 1;
		for (Column &column : map.image) {
			auto const place = std::find(target.columns.begin(), target.columns.end(), number - 1);
			column.target = static_cast<AttrNumber>(place - target.columns.begin() + 1);
			number++;
		}
		RowShape const staged = RowShape::formed_staging(map, target.desc);
		RowShape const other = RowShape::formed_target(map, target.desc, *target.shape);
		int const count = static_cast<int>(map.image.size());
		int wrong = 0;
		for (const RowShape *shape : {&staged, &other}) {
			pg::TupleBuilder const builder(shape->desc(), shape->sources());
			Datum values[100];
			bool nulls[100];
			Datum got[100];
			bool got_nulls[100];
			for (int i = 0; i < count; i++) {
				values[i] = value_of(map.image[i].type, dice.below(7));
				nulls[i] = dice.one_in(4);
			}
			pg::Vector<char> memory(pg_call([&] { return builder.most_bytes(values, nulls); }));
			pg_call([&] { builder.build(values, nulls, memory.data()); });
			TupleView const tuple = TupleView::of(reinterpret_cast<MinimalTuple>(memory.data()));
			pg_call([&] { shape->take_apart(tuple, got, got_nulls); });
			for (int i = 0; i < count; i++) {
				bool is_null;
				Datum const one = pg_call([&] { return shape->value(tuple, i, is_null); });
				wrong += got_nulls[i] != nulls[i] || is_null != nulls[i];
				wrong += !nulls[i] && !pg_call([&] {
					return pg::same_image(map.image[i].type, got[i], values[i]) &&
						   pg::same_image(map.image[i].type, one, values[i]);
				});
			}
		}
		CHECK(wrong == 0);
		context.finish();
	}
}

UNIT_TEST(pieces, "row arena: what is taken stays where it is, and is found by its position")
{
	for (std::size_t const expected :
		 {std::size_t{0}, std::size_t{1} << 20, std::size_t{3} << 20}) {
		RowArena arena;
		arena.expect(expected);
		for (int round = 0; round < 3; round++) {
			Dice dice(round);
			pg::Vector<std::pair<char *, uint32>> taken;
			std::size_t bytes = 0;
			for (int i = 0; i < 3000; i++) {
				std::size_t const length =
					MAXALIGN(dice.one_in(500) ? 300000 : 1 + dice.below(400));
				char *const memory = pg_call([&] { return arena.reserve(2 * length); });
				memset(memory, i % 251, length);
				memcpy(memory, &length, sizeof(length));
				taken.push_back({memory, arena.position()});
				arena.take(length);
				bytes += length;
			}
			CHECK(arena.bytes() == bytes);
			std::size_t index = 0;
			int wrong = 0;
			arena.for_each([&](char *memory, uint32 position) {
				std::size_t length;
				memcpy(&length, memory, sizeof(length));
				wrong += memory != taken[index].first || position != taken[index].second ||
						 position == 0 || arena.at(position) != memory ||
						 (length > 8 && static_cast<uint8>(memory[length - 1]) != index % 251);
				index++;
				return length;
			});
			CHECK(wrong == 0 && index == taken.size());
			if (round == 1)
				pg_call([&] { arena.release(); });
			arena.clear();
			CHECK(arena.bytes() == 0);
		}
	}
}

} // namespace bulk_sync::unit
