#include "pg/tuple.hpp"

#include "pg/compat_table.hpp"

extern "C" {
#include "access/detoast.h"
#include "mb/pg_wchar.h"
#include "utils/expandeddatum.h"
}

namespace bulk_sync::pg {

namespace {

constexpr int longest_shown_value = 64; /* bytes, as ExecBuildSlotValueDescription is called with */

/* Length of the front of a tuple, up to its first value. */
std::size_t header_size(int columns, bool has_nulls)
{
	return MAXALIGN(SizeofMinimalTupleHeader + (has_nulls ? BITMAPLEN(columns) : 0));
}

std::size_t aligned(std::size_t offset, std::size_t align)
{
	return (offset + align - 1) & ~(align - 1);
}

/* Goes on to the next multiple of `align`, leaving zeros. */
char *pad_to(char *at, std::size_t align)
{
	auto const end = aligned(reinterpret_cast<std::uintptr_t>(at), align);
	while (reinterpret_cast<std::uintptr_t>(at) < end)
		*at++ = 0;
	return at;
}

template <typename Integer> char *put_integer(Datum value, char *at)
{
	at = pad_to(at, sizeof(Integer));
	*reinterpret_cast<Integer *>(at) = static_cast<Integer>(value);
	return at + sizeof(Integer);
}

uint8 alignment_of(char code)
{
	switch (code) {
	case TYPALIGN_SHORT:
		return ALIGNOF_SHORT;
	case TYPALIGN_INT:
		return ALIGNOF_INT;
	case TYPALIGN_DOUBLE:
		return ALIGNOF_DOUBLE;
	default:
		return 1;
	}
}

PG_RAISES void append_value(StringInfo text, Form_pg_attribute column, Datum value)
{
	Oid output;
	bool is_varlena;
	getTypeOutputInfo(column->atttypid, &output, &is_varlena);
	appendStringInfoString(text, shortened(OidOutputFunctionCall(output, value)));
}

} // namespace

HeapTupleData stored_tuple(TupleTableSlot *slot)
{
	if (!TTS_IS_BUFFERTUPLE(slot))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
						errmsg("scan of bulk_sync gave a row that is not a stored tuple")));
	HeapTupleData tuple = *reinterpret_cast<BufferHeapTupleTableSlot *>(slot)->base.tuple;
	tuple.t_self = slot->tts_tid;
	tuple.t_tableOid = slot->tts_tableOid;
	return tuple;
}

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
			char name[NAMEDATALEN] = "c";
			pg_ltoa(number, name + 1);
			TupleDescInitEntry(desc, number, name, types[i].oid, types[i].typmod, 0);
			TupleDescInitEntryCollation(desc, number, types[i].collation);
		}
		compat::finish_tuple_desc(desc);
		return desc;
	});
}

TupleBuilder::TupleBuilder(TupleDesc desc, const Vector<int> &sources)
	: fixed_bytes_(header_size(desc->natts, true))
{
	columns_.reserve(desc->natts);
	for (int i = 0; i < desc->natts; i++) {
		Form_pg_attribute const attribute = TupleDescAttr(desc, i);
		columns_.push_back({value_kind(attribute), alignment_of(attribute->attalign),
							attribute->attlen, static_cast<uint16>(sources[i]),
							attribute->attstorage != TYPSTORAGE_PLAIN});
		if (attribute->attlen < 0)
			variable_columns_.push_back(i);
		else
			fixed_bytes_ += columns_.back().align - 1 + attribute->attlen;
	}
}

std::size_t TupleBuilder::variable_bytes(int column, Datum value) const
{
	if (columns_[column].kind == ValueKind::cstring)
		return strlen(DatumGetCString(value)) + 1;
	const char *const pointer = DatumGetCString(value);
	std::size_t const bytes = VARATT_IS_EXTERNAL_EXPANDED(pointer)
								  ? EOH_get_flat_size(DatumGetEOHP(value))
								  : VARSIZE_ANY(pointer);
	return columns_[column].align - 1 + bytes;
}

std::size_t TupleBuilder::build(const Datum *values, const bool *nulls, void *memory) const
{
	/* Copies, for stores into the tuple might change the members as far as the compiler knows. */
	const FormedColumn *const formed = columns_.data();
	int const count = columns();
	bool const has_nulls = count > 0 && memchr(nulls, true, count) != nullptr;
	std::size_t const header = header_size(count, has_nulls);
	auto const tuple = static_cast<MinimalTuple>(memory);
	memset(memory, 0, header);
	HeapTupleHeaderSetNatts(tuple, count);
	tuple->t_hoff = static_cast<uint8>(header + MINIMAL_TUPLE_OFFSET);
	uint16 infomask = has_nulls ? HEAP_HASNULL : 0;

	char *at = static_cast<char *>(memory) + header;
	for (int i = 0; i < count; i++) {
		const FormedColumn &column = formed[i];
		if (nulls[column.source])
			continue;
		if (has_nulls)
			tuple->t_bits[i / 8] |= static_cast<uint8>(1 << (i % 8));
		Datum const value = values[column.source];
		switch (column.kind) {
		case ValueKind::byte1:
			at = put_integer<uint8>(value, at);
			break;
		case ValueKind::byte2:
			at = put_integer<uint16>(value, at);
			break;
		case ValueKind::byte4:
			at = put_integer<uint32>(value, at);
			break;
		case ValueKind::byte8:
			at = put_integer<uint64>(value, at);
			break;
		case ValueKind::fixed:
			at = pad_to(at, column.align);
			memcpy(at, DatumGetPointer(value), column.length);
			at += column.length;
			break;
		case ValueKind::cstring:
			infomask |= HEAP_HASVARWIDTH;
			at = stpcpy(at, DatumGetCString(value)) + 1;
			break;
		default:
			infomask |= HEAP_HASVARWIDTH;
			at = put_varlena(column, value, at, infomask);
		}
	}
	tuple->t_infomask = infomask;
	tuple->t_len = static_cast<uint32>(at - static_cast<char *>(memory));
	return tuple->t_len;
}

char *TupleBuilder::put_varlena(const FormedColumn &column, Datum value, char *at,
								uint16 &infomask) const
{
	const char *const pointer = DatumGetCString(value);
	if (VARATT_IS_EXTERNAL_EXPANDED(pointer)) {
		ExpandedObjectHeader *const object = DatumGetEOHP(value);
		at = pad_to(at, column.align);
		std::size_t const length = EOH_get_flat_size(object);
		EOH_flatten_into(object, at, length);
		return at + length;
	}
	if (VARATT_IS_EXTERNAL(pointer))
		infomask |= HEAP_HASEXTERNAL;
	if (column.may_be_short && VARATT_CAN_MAKE_SHORT(pointer)) {
		std::size_t const length = VARATT_CONVERTED_SHORT_SIZE(pointer);
		SET_VARSIZE_SHORT(at, length);
		memcpy(at + 1, VARDATA(pointer), length - 1);
		return at + length;
	}
	if (!VARATT_IS_1B(pointer))
		at = pad_to(at, column.align);
	std::size_t const length = VARSIZE_ANY(pointer);
	memcpy(at, pointer, length);
	return at + length;
}

Datum without_toast_pointer(Datum value)
{
	auto *const varlena = reinterpret_cast<struct varlena *>(DatumGetPointer(value));
	if (!VARATT_IS_EXTERNAL(varlena))
		return value;
	return PointerGetDatum(detoast_external_attr(varlena));
}

const char *shortened(const char *text)
{
	int const length = static_cast<int>(strlen(text));
	if (length <= longest_shown_value)
		return text;
	return psprintf("%.*s...", pg_mbcliplen(text, length, longest_shown_value), text);
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
