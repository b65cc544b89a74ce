/*
 * TargetSides: tables that are laid out alike share what is known of their tuples, and no others;
 * where they are kept, each table is found again.
 */
#include "diff/diff_side.hpp"
#include "rows.hpp"

extern "C" {
#include "access/tupdesc_details.h"
}

namespace bulk_sync::unit {

using pg::pg_call;

namespace {

pg::ColumnType type_of(Oid oid)
{
	pg::ColumnType type;
	type.oid = oid;
	pg_call([&] { get_typlenbyval(oid, &type.length, &type.by_value); });
	return type;
}

TupleDesc table_of(std::initializer_list<Oid> types)
{
	pg::Vector<pg::ColumnType> columns;
	for (Oid const type : types)
		columns.push_back(type_of(type));
	return pg::describe(columns);
}

/* Older rows have this in the last column. */
TupleDesc with_stored_default(TupleDesc desc, std::optional<Datum> value)
{
	int const last = desc->natts - 1;
	pg_call([&] {
		desc->constr = static_cast<TupleConstr *>(palloc0(sizeof(TupleConstr)));
		desc->constr->missing =
			static_cast<AttrMissing *>(palloc0(sizeof(AttrMissing) * desc->natts));
	});
	desc->constr->missing[last] = {value.has_value(), value.value_or(0)};
	TupleDescAttr(desc, last)->atthasmissing = true;
	return desc;
}

TupleDesc without_column(TupleDesc desc, int column)
{
	TupleDescAttr(desc, column)->attisdropped = true;
	return desc;
}

constexpr AttrNumber in_order[] = {1, 2};
constexpr AttrNumber turned[] = {2, 1};

} // namespace

UNIT_TEST(shared_sides, "sides: tables that are laid out alike share one, and no others do")
{
	SampleRows samples;
	TargetSides sides(samples.map());
	auto const side = [&](TupleDesc desc, const AttrNumber *columns = in_order) {
		return sides.stored(samples.shape(), desc, 1, columns, true);
	};
	TargetSide *const plain = side(table_of({INT4OID, TEXTOID, INT4OID}));
	CHECK(plain->shape.attribute(0) == 0 && plain->shape.attribute(1) == 1);
	CHECK(side(table_of({INT4OID, TEXTOID, OIDOID})) == plain);
	CHECK(side(table_of({INT4OID, TEXTOID, INT8OID})) != plain);
	CHECK(side(table_of({INT4OID, TEXTOID})) != plain);
	CHECK(side(without_column(table_of({INT4OID, TEXTOID, INT4OID}), 2)) != plain);
	TargetSide *const other = side(table_of({TEXTOID, INT4OID, INT4OID}), turned);
	CHECK(other->shape.attribute(0) == 1 && other->shape.attribute(1) == 0);

	auto const filled = [&](std::optional<Datum> value) {
		return side(with_stored_default(table_of({INT4OID, TEXTOID, INT4OID}), value));
	};
	TargetSide *const seven = filled(Int32GetDatum(7));
	CHECK(seven != plain && filled(Int32GetDatum(7)) == seven);
	CHECK(filled(Int32GetDatum(8)) != seven && filled(std::nullopt) != seven);
	CHECK(filled(std::nullopt) == filled(std::nullopt));
	CHECK(side(table_of({INT4OID, TEXTOID, INT4OID})) == plain);
}

UNIT_TEST(kept_sides, "sides: where they are kept, each table is found again")
{
	SampleRows samples;
	TargetSides sides(samples.map());
	constexpr int count = 100;
	pg::Vector<TargetSide *> stored;
	for (int i = 0; i < count; i++)
		stored.push_back(i % 3 == 0 ? sides.stored(samples.shape(), table_of({TEXTOID, INT4OID}),
												   i + 1, turned, true)
									: sides.stored(samples.shape(), table_of({INT4OID, TEXTOID}),
												   i + 1, in_order, true));
	int wrong = 0;
	for (int step : {1, 7, 99})
		for (int i = 0; i < count; i++)
			wrong += sides.of(i * step % count + 1) != stored[i * step % count];
	CHECK(wrong == 0);
	CHECK(stored[0] == stored[99] && stored[1] == stored[98] && stored[0] != stored[1]);
}

UNIT_TEST(forgotten_sides,
		  "sides: where they are not, the next table may take the place of the last")
{
	SampleRows samples;
	TargetSides sides(samples.map());
	for (int i = 0; i < 1000; i++) {
		bool const turns = i % 2 == 0;
		TargetSide *const side =
			turns ? sides.stored(samples.shape(), table_of({TEXTOID, INT4OID}), 1, turned, false)
				  : sides.stored(samples.shape(), table_of({INT4OID, TEXTOID}), 1, in_order, false);
		CHECK(side->shape.attribute(0) == (turns ? 1 : 0));
		CHECK(sides.of(1) == side);
	}
}

} // namespace bulk_sync::unit
