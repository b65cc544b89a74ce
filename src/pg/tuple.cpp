#include "pg/tuple.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "access/detoast.h"
#include "mb/pg_wchar.h"
}

namespace bulk_sync::pg {

namespace {

constexpr int longest_shown_value = 64; /* bytes, as ExecBuildSlotValueDescription is called with */

bool any_null(const bool *nulls, int count)
{
	return memchr(nulls, true, static_cast<std::size_t>(count)) != nullptr;
}

std::size_t header_size(int columns, bool has_nulls)
{
	return MAXALIGN(SizeofMinimalTupleHeader + (has_nulls ? BITMAPLEN(columns) : 0));
}

void append_value(StringInfo text, Form_pg_attribute column, Datum value)
{
	Oid output;
	bool is_varlena;
	getTypeOutputInfo(column->atttypid, &output, &is_varlena);
	char *const shown = OidOutputFunctionCall(output, value);
	int const length = static_cast<int>(strlen(shown));
	if (length <= longest_shown_value) {
		appendStringInfoString(text, shown);
		return;
	}
	appendBinaryStringInfo(text, shown, pg_mbcliplen(shown, length, longest_shown_value));
	appendStringInfoString(text, "...");
}

} // namespace

TupleDesc project(TupleDesc source, const Vector<AttrNumber> &columns)
{
	return pg_call([&] {
		TupleDesc const desc = CreateTemplateTupleDesc(static_cast<int>(columns.size()));
		for (int i = 0; i < desc->natts; i++)
			TupleDescCopyEntry(desc, static_cast<AttrNumber>(i + 1), source, columns[i]);
		compat::finish_tuple_desc(desc);
		return desc;
	});
}

TupleDesc describe(const Vector<ColumnType> &types)
{
	return pg_call([&] {
		TupleDesc const desc = CreateTemplateTupleDesc(static_cast<int>(types.size()));
		for (int i = 0; i < desc->natts; i++) {
			auto const number = static_cast<AttrNumber>(i + 1);
			TupleDescInitEntry(desc, number, psprintf("c%d", i + 1), types[i].oid,
							   types[i].typmod, 0);
			TupleDescInitEntryCollation(desc, number, types[i].collation);
		}
		compat::finish_tuple_desc(desc);
		return desc;
	});
}

std::size_t tuple_size(TupleDesc desc, const Datum *values, const bool *nulls)
{
	return header_size(desc->natts, any_null(nulls, desc->natts)) +
		   heap_compute_data_size(desc, const_cast<Datum *>(values), const_cast<bool *>(nulls));
}

MinimalTuple form_tuple(TupleDesc desc, const Datum *values, const bool *nulls, void *at,
						std::size_t size)
{
	bool const has_nulls = any_null(nulls, desc->natts);
	std::size_t const header = header_size(desc->natts, has_nulls);
	auto const tuple = static_cast<MinimalTuple>(at);

	memset(at, 0, size);
	tuple->t_len = static_cast<uint32>(size);
	HeapTupleHeaderSetNatts(tuple, desc->natts);
	tuple->t_hoff = static_cast<uint8>(header + MINIMAL_TUPLE_OFFSET);
	heap_fill_tuple(desc, const_cast<Datum *>(values), const_cast<bool *>(nulls),
					static_cast<char *>(at) + header, size - header, &tuple->t_infomask,
					has_nulls ? tuple->t_bits : nullptr);
	return tuple;
}

Datum without_toast_pointer(Datum value)
{
	auto *const varlena = reinterpret_cast<struct varlena *>(DatumGetPointer(value));
	if (!VARATT_IS_EXTERNAL(varlena))
		return value;
	return PointerGetDatum(detoast_external_attr(varlena));
}

const char *describe_values(TupleDesc desc, const Datum *values, const bool *nulls, int count)
{
	StringInfoData text;
	initStringInfo(&text);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, "%s%s", i == 0 ? "(" : ", ",
						 NameStr(TupleDescAttr(desc, i)->attname));
	for (int i = 0; i < count; i++) {
		appendStringInfoString(&text, i == 0 ? ")=(" : ", ");
		if (nulls[i])
			appendStringInfoString(&text, "null");
		else
			append_value(&text, TupleDescAttr(desc, i), values[i]);
	}
	appendStringInfoChar(&text, ')');
	return text.data;
}

const char *describe_value(TupleDesc desc, const Datum *values, const bool *nulls, int column)
{
	if (nulls[column])
		return "null";
	StringInfoData text;
	initStringInfo(&text);
	appendStringInfoChar(&text, '"');
	append_value(&text, TupleDescAttr(desc, column), values[column]);
	appendStringInfoChar(&text, '"');
	return text.data;
}

} // namespace bulk_sync::pg
