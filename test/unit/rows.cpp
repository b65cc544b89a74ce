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

SampleRows::SampleRows(Shape shape)
{
	ColumnType const number = type(INT4OID, 4, true);
	map_.keys.push_back(pg::KeyEquality::of(number));
	map_.key_desc = pg::describe({number});
	ColumnType const text = type(TEXTOID, -1, false);
	map_.image.push_back(column(1, number, false));
	map_.image.push_back(column(2, text, true));
	map_.image_desc = pg::describe({number, text});
	if (shape == Shape::two_tuples)
		map_.extra_desc = pg::describe({type(INT8OID, 8, FLOAT8PASSBYVAL)});
	builder_.emplace(map_.image_desc, map_.extra_desc);
}

void SampleRows::form(std::optional<int> key, int length)
{
	text_.resize(VARHDRSZ + static_cast<std::size_t>(length));
	SET_VARSIZE(text_.data(), text_.size());
	for (int i = 0; i < length; i++)
		text_[VARHDRSZ + i] = static_cast<char>('a' + (key.value_or(25) + i) % 26);
	int64 const number = key.value_or(-1);
	Datum const values[] = {Int32GetDatum(key.value_or(0)), PointerGetDatum(text_.data()),
							Int64GetDatum(number)};
	bool const nulls[] = {!key, false, false};
	std::size_t const room = pg_call([&] { return builder_->most_bytes(values, nulls); });
	bytes_.resize(std::max(bytes_.size(), room));
	extent_ = pg_call([&] { return builder_->build(values, nulls, bytes_.data()); });
}

StagedRow *SampleRows::append(StagedRows &rows, uint64 hash, std::optional<int> key, int length)
{
	form(key, length);
	StagedRow *const row = pg_call([&] { return rows.reserve(extent_.total); });
	memcpy(row->bytes(), bytes_.data(), extent_.total);
	rows.append(row, hash, extent_);
	return row;
}

StagedRow *SampleRows::find(StagedRows &rows, uint64 hash, std::optional<int> key)
{
	form(key, 0);
	return pg_call([&] {
		return rows.find(hash,
						 [&](StagedRow *row) { return rows.same_key(row->image(), image()); });
	});
}

std::optional<int> SampleRows::key_of(MinimalTuple image) const
{
	Datum value;
	bool is_null;
	pg_call([&] { pg::deform_tuple(image, map_.key_desc, &value, &is_null); });
	return is_null ? std::nullopt : std::optional(DatumGetInt32(value));
}

bool SampleRows::is_row(const char *bytes, RowExtent extent, std::optional<int> key, int length)
{
	form(key, length);
	return extent.total == extent_.total && extent.second == extent_.second &&
		   memcmp(bytes, bytes_.data(), extent.total) == 0;
}

int build_table(StagedRows &rows)
{
	return pg_call([&] {
		int duplicates = 0;
		rows.build_table([&](StagedRow *) { duplicates++; });
		return duplicates;
	});
}

} // namespace bulk_sync::unit
