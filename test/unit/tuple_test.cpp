/*
 * TupleBuilder against heap_form_minimal_tuple(), byte by byte.
 */
#include "pg/tuple.hpp"
#include "pg/tuple_layout.hpp"
#include "unit.hpp"

extern "C" {
#include "access/tableam.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/snapmgr.h"
}

UNIT_FUNCTION(unit_compare_forms);

namespace bulk_sync::unit {

using pg::ColumnType;
using pg::pg_call;
using pg::TupleBuilder;
using pg::Vector;

namespace {

/* Raises. */
MinimalTuple form_by_server(TupleDesc desc, Datum *values, bool *nulls)
{
#if PG_VERSION_NUM >= 180000
	return heap_form_minimal_tuple(desc, values, nulls, 0);
#else
	return heap_form_minimal_tuple(desc, values, nulls);
#endif
}

/* Is it the same value, whatever its form? Raises. */
bool same_value(Form_pg_attribute column, Datum left, Datum right)
{
	if (column->attlen == -2)
		return strcmp(DatumGetCString(left), DatumGetCString(right)) == 0;
	return datum_image_eq(left, right, column->attbyval, column->attlen);
}

/* Each column is the value of its place. */
pg::Vector<int> in_order(TupleDesc desc)
{
	pg::Vector<int> sources;
	for (int i = 0; i < desc->natts; i++)
		sources.push_back(i);
	return sources;
}

/* Compares what the two make of a row; nullptr, or what differs. Raises. */
const char *difference(const TupleBuilder &builder, TupleDesc desc, Datum *values, bool *nulls)
{
	constexpr int beyond = 64;
	constexpr char untouched = 0x5A;
	MinimalTuple const expected = form_by_server(desc, values, nulls);
	std::size_t const room = builder.most_bytes(values, nulls);
	char *const memory = static_cast<char *>(palloc(room + beyond));
	memset(memory, untouched, room + beyond);
	std::size_t const size = builder.build(values, nulls, memory);
	auto const formed = reinterpret_cast<MinimalTuple>(memory);
	if (size != expected->t_len || size > room)
		return psprintf("size %zu, at most %zu, instead of %u", size, room, expected->t_len);
	for (std::size_t i = size; i < room + beyond; i++)
		if (memory[i] != untouched)
			return psprintf("byte %zu beyond the end was written", i - size);
	if (formed->t_infomask != expected->t_infomask)
		return psprintf("infomask %x instead of %x", formed->t_infomask, expected->t_infomask);
	if (formed->t_infomask2 != expected->t_infomask2 || formed->t_hoff != expected->t_hoff)
		return "another infomask2 or offset";
	for (std::size_t i = 0; i < size; i++)
		if (memory[i] != reinterpret_cast<char *>(expected)[i])
			return psprintf("byte %zu of %zu differs", i, size);

	auto *const got = static_cast<Datum *>(palloc(sizeof(Datum) * desc->natts));
	auto *const got_nulls = static_cast<bool *>(palloc(sizeof(bool) * desc->natts));
	HeapTupleData whole = pg::TupleView::of(formed).heap_tuple();
	heap_deform_tuple(&whole, desc, got, got_nulls);
	for (int i = 0; i < desc->natts; i++)
		if (got_nulls[i] != nulls[i] ||
			(!nulls[i] && !same_value(TupleDescAttr(desc, i), got[i], values[i])))
			return psprintf("column %d comes back as another value", i + 1);
	return nullptr;
}

/* Raises. */
TableScanDesc begin_scan(::Relation relation)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan(relation, GetActiveSnapshot(), 0, nullptr, 0);
#else
	return table_beginscan(relation, GetActiveSnapshot(), 0, nullptr);
#endif
}

/* Compares all rows of a table; what differs in the first that does, or how many there are.
 * Raises. */
const char *compare_rows(::Relation relation, const TupleBuilder &builder)
{
	TupleTableSlot *const slot = table_slot_create(relation, nullptr);
	TableScanDesc const scan = begin_scan(relation);
	const char *differs = nullptr;
	int rows = 0;
	while (differs == nullptr && table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
		slot_getallattrs(slot);
		differs =
			difference(builder, slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
		rows++;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return differs == nullptr ? psprintf("%d rows", rows) : psprintf("row %d: %s", rows, differs);
}

ColumnType type_of(Oid oid)
{
	ColumnType type;
	type.oid = oid;
	pg_call([&] { get_typlenbyval(oid, &type.length, &type.by_value); });
	return type;
}

Datum text_value(const char *text)
{
	return pg_call([&] { return CStringGetTextDatum(text); });
}

struct Row {
	explicit Row(std::size_t columns) : values(columns), nulls(columns, false) {}
	Vector<Datum> values;
	Vector<bool> nulls;
};

bool equals_server(const Vector<ColumnType> &types, Row &row)
{
	TupleDesc const desc = pg::describe(types);
	TupleBuilder const builder(desc, in_order(desc));
	const char *const differs =
		pg_call([&] { return difference(builder, desc, row.values.data(), row.nulls.data()); });
	return differs == nullptr || !CHECK_TEXT(differs, "no difference");
}

} // namespace

UNIT_TEST(many_columns, "tuple: as many columns as a row can have, with and without NULLs")
{
	Oid const oids[] = {INT4OID, CHAROID, INT8OID, TEXTOID, INT2OID, BOOLOID, UUIDOID};
	Datum const text = text_value("text");
	char uuid[16];
	memset(uuid, 0xAB, sizeof(uuid));
	for (int columns : {1, 7, 8, 9, 64, 65, 1599, 1600, MaxTupleAttributeNumber})
		for (int nulls = 0; nulls < 3; nulls++) { /* none, every third, all */
			Vector<ColumnType> types;
			Row row(columns);
			for (int i = 0; i < columns; i++) {
				types.push_back(type_of(oids[i % lengthof(oids)]));
				row.values[i] = types.back().by_value		? Int32GetDatum(i % 2)
								: types.back().length == 16 ? PointerGetDatum(uuid)
															: text;
				row.nulls[i] = nulls == 2 || (nulls == 1 && i % 3 == 2);
			}
			CHECK(equals_server(types, row) || columns == 0);
		}
}

UNIT_TEST(padding, "tuple: equal rows give equal bytes, whatever was in the memory")
{
	TupleDesc const desc = pg::describe(
		{type_of(CHAROID), type_of(INT8OID), type_of(BOOLOID), type_of(INT4OID), type_of(INT2OID)});
	TupleBuilder const builder(desc, in_order(desc));
	Row row(5);
	/* What is above the bytes of a narrow type does not matter. */
	row.values = {static_cast<Datum>(-1), Int64GetDatum(-2), BoolGetDatum(true), Int32GetDatum(-4),
				  Int16GetDatum(-5)};
	Vector<char> first(200, '\xFF');
	Vector<char> second(200, '\x01');
	auto const form = [&](Vector<char> &memory) {
		memory.resize(pg_call(
			[&] { return builder.build(row.values.data(), row.nulls.data(), memory.data()); }));
	};
	form(first);
	row.values[0] = CharGetDatum(-1);
	form(second);
	CHECK(first == second);
}

UNIT_TEST(expanded, "tuple: expanded values are made flat, with their alignment")
{
	for (Oid element : {INT4OID, FLOAT8OID, TEXTOID})
		for (int length : {0, 1, 3, 5000}) {
			ColumnType const of_element = type_of(element);
			char const alignment = element == FLOAT8OID ? TYPALIGN_DOUBLE : TYPALIGN_INT;
			Datum const value = element == TEXTOID ? text_value("text") : Int32GetDatum(length);
			Vector<Datum> elements(length, value);
			Row row(4);
			row.values[0] = CharGetDatum('a');
			row.values[1] = pg_call([&] {
				ArrayType *const flat =
					construct_array(elements.data(), length, element, of_element.length,
									of_element.by_value, alignment);
				return expand_array(PointerGetDatum(flat), CurrentMemoryContext, nullptr);
			});
			row.values[2] = CharGetDatum('b');
			row.values[3] = text_value("behind it");
			Oid const array = pg_call([&] { return get_array_type(element); });
			CHECK(equals_server(
				{type_of(CHAROID), type_of(array), type_of(CHAROID), type_of(TEXTOID)}, row));
		}
}

UNIT_TEST(no_columns, "tuple: a row without columns, or with NULLs only")
{
	Row none(0);
	CHECK(equals_server({}, none));
	Row null(1);
	null.nulls[0] = true;
	CHECK(equals_server({type_of(TEXTOID)}, null));
}

UNIT_TEST(projected, "tuple: a projection takes columns in its own order; values come in any")
{
	TupleDesc const desc =
		pg::describe({type_of(INT4OID), type_of(TEXTOID), type_of(INT8OID), type_of(BOOLOID)});
	TupleDesc const some = pg::project(desc, {3, 2});
	CHECK(some->natts == 2);
	CHECK(TupleDescAttr(some, 0)->atttypid == INT8OID);
	CHECK(TupleDescAttr(some, 1)->atttypid == TEXTOID);
	CHECK_TEXT(NameStr(TupleDescAttr(some, 1)->attname), "c2");
	Row row(2);
	row.values = {Int64GetDatum(12345678901), text_value("text")};
	Row turned(2);
	turned.values = {row.values[1], row.values[0]};
	TupleBuilder const builder(some, {1, 0});
	for (bool const null : {false, true}) {
		row.nulls[1] = turned.nulls[0] = null;
		pg_call([&] {
			MinimalTuple const tuple = form_by_server(some, row.values.data(), row.nulls.data());
			auto *const memory = static_cast<char *>(
				palloc(builder.most_bytes(turned.values.data(), turned.nulls.data())));
			std::size_t const length =
				builder.build(turned.values.data(), turned.nulls.data(), memory);
			CHECK(length == tuple->t_len && memcmp(memory, tuple, length) == 0);
		});
	}
}

} // namespace bulk_sync::unit

using namespace bulk_sync;

/* The number of rows of a table, of which each is formed as the server does it; else what
 * differs. */
Datum unit_compare_forms(PG_FUNCTION_ARGS)
{
	return pg::pg_entry([&] {
		pg::Relation relation = pg::Relation::open(PG_GETARG_OID(0), AccessShareLock);
		pg::TupleBuilder const builder(relation.tuple_desc(),
									   unit::in_order(relation.tuple_desc()));
		const char *const result =
			pg::pg_call([&] { return unit::compare_rows(relation.get(), builder); });
		relation.close();
		return pg::pg_call([&] { return CStringGetTextDatum(result); });
	});
}
