#include "rows.hpp"

#include <algorithm>

namespace bulk_sync::unit {

using pg::ColumnType;
using pg::pg_call;

namespace {

ColumnType type(Oid oid, int16 length, bool by_value)
{
	ColumnType type;
	type.oid = oid;
	type.length = length;
	type.by_value = by_value;
	return type;
}

Column column(AttrNumber number, const ColumnType &type, bool updated)
{
	Column column;
	column.target = number;
	column.staging = number;
	column.type = type;
	column.updated = updated;
	return column;
}

} // namespace

SampleRows::SampleRows()
{
	ColumnType const number = type(INT4OID, 4, true);
	ColumnType const text = type(TEXTOID, -1, false);
	map_.keys.push_back(pg::KeyEquality::of(number));
	map_.key_desc = pg::describe({number});
	map_.image.push_back(column(1, number, false));
	map_.image.push_back(column(2, text, true));
	map_.image_desc = pg::describe({number, text});
	shape_.emplace(RowShape::formed_staging(map_, map_.image_desc));
	builder_.emplace(shape_->desc(), shape_->sources());
	sides_.emplace(map_);
	sides_->formed(*shape_, map_.image_desc);
}

void SampleRows::form(std::optional<int> key, int length)
{
	text_.resize(VARHDRSZ + static_cast<std::size_t>(length));
	SET_VARSIZE(text_.data(), text_.size());
	for (int i = 0; i < length; i++)
		text_[VARHDRSZ + i] = static_cast<char>('a' + (key.value_or(25) + i) % 26);
	Datum const values[] = {Int32GetDatum(key.value_or(0)), PointerGetDatum(text_.data())};
	bool const nulls[] = {!key, false};
	std::size_t const room = pg_call([&] { return builder_->most_bytes(values, nulls); });
	bytes_.resize(std::max(bytes_.size(), room));
	pg_call([&] { builder_->build(values, nulls, bytes_.data()); });
}

StagedRow *SampleRows::append(StagedRows &rows, uint32 hash, std::optional<int> key, int length)
{
	form(key, length);
	StagedRow *const added = pg_call([&] { return rows.reserve(row()->length); });
	memcpy(added, bytes_.data(), row()->length);
	rows.append(added, hash);
	return added;
}

StagedRow *SampleRows::find(StagedRows &rows, uint32 hash, std::optional<int> key)
{
	return rows.find(hash, [&](StagedRow *found) { return key_of(found->view()) == key; });
}

std::optional<int> SampleRows::key_of(const TupleView &tuple) const
{
	bool is_null;
	Datum const value = pg_call([&] { return shape_->value(tuple, 0, is_null); });
	return is_null ? std::nullopt : std::optional(DatumGetInt32(value));
}

bool SampleRows::is_row(const TupleView &tuple, std::optional<int> key, int length)
{
	form(key, length);
	constexpr std::size_t unused = offsetof(MinimalTupleData, t_infomask2);
	return minimal_length(tuple) == row()->length &&
		   memcmp(reinterpret_cast<const char *>(tuple.header) + MINIMAL_TUPLE_OFFSET + unused,
				  bytes_.data() + unused, row()->length - unused) == 0;
}

int SampleRows::build_table(StagedRows &rows)
{
	return pg_call([&] {
		int duplicates = 0;
		rows.build_table(
			[&](StagedRow *left, StagedRow *right) {
				return key_of(left->view()) == key_of(right->view());
			},
			[&](StagedRow *) { duplicates++; });
		return duplicates;
	});
}

} // namespace bulk_sync::unit
