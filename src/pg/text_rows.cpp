#include "pg/text_rows.hpp"

#include <iterator>

#include "pg/compat_table.hpp"
#include "pg/fail.hpp"

extern "C" {
#include "access/detoast.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
}

namespace bulk_sync::pg {

bool has_plain_text(Oid type)
{
	constexpr Oid plain[] = {BOOLOID,	   INT2OID,		   INT4OID, INT8OID,	FLOAT4OID,
							 FLOAT8OID,	   NUMERICOID,	   TEXTOID, VARCHAROID, BPCHAROID,
							 BYTEAOID,	   UUIDOID,		   DATEOID, TIMEOID,	TIMETZOID,
							 TIMESTAMPOID, TIMESTAMPTZOID, JSONOID, JSONBOID};
	Oid const element = pg_call([&] { return get_element_type(type); });
	Oid const base = OidIsValid(element) ? element : type;
	return std::find(std::begin(plain), std::end(plain), base) != std::end(plain);
}

void TextRows::look_up(TupleDesc desc)
{
	if (outputs_ != nullptr)
		return;
	auto *const outputs =
		static_cast<FmgrInfo *>(MemoryContextAlloc(context_, desc->natts * sizeof(FmgrInfo)));
	for (int i = 0; i < desc->natts; i++) {
		Oid output;
		bool is_varlena;
		getTypeOutputInfo(TupleDescAttr(desc, i)->atttypid, &output, &is_varlena);
		fmgr_info_cxt(output, &outputs[i], context_);
	}
	outputs_ = outputs;
}

void TextRows::row(TupleTableSlot *slot)
{
	TupleDesc const desc = slot->tts_tupleDescriptor;
	too_many_ = too_many_ || rows_++ == most_rows_;
	if (too_many_)
		return;
	slot_getallattrs(slot);
	look_up(desc);
	for (int i = 0; i < desc->natts; i++)
		if (!slot->tts_isnull[i])
			bytes_ += TupleDescAttr(desc, i)->attlen == -1
						  ? toast_raw_datum_size(slot->tts_values[i])
						  : sizeof(Datum);
	too_many_ = bytes_ > most_bytes_;
	if (too_many_)
		return;
	scratch_.run([&] { add(slot); });
}

void TextRows::add(TupleTableSlot *slot)
{
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
		add_value(slot->tts_isnull[i] ? nullptr
									  : OutputFunctionCall(&outputs_[i], slot->tts_values[i]));
}

void TextRows::add_value(const char *value)
{
	if (value == nullptr) {
		text_.append("\\N\t");
		return;
	}
	for (;;) {
		std::size_t const plain = strcspn(value, "\t\\");
		text_.append(value, plain);
		value += plain;
		if (*value == '\0')
			break;
		text_.push_back('\\');
		text_.push_back(*value++);
	}
	text_.push_back('\t');
}

Vector<const char *> values_of_text(const char *text)
{
	Vector<const char *> values;
	char *to = pg_call([&] { return pstrdup(text); });
	while (*text != '\0') {
		char *const value = to;
		bool const is_null = strncmp(text, "\\N\t", 3) == 0;
		for (; *text != '\t'; text++) {
			if (*text == '\\')
				text++;
			if (*text == '\0')
				fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
					  .message = "rows for a shard end within a value"});
			*to++ = *text;
		}
		*to++ = '\0';
		text++;
		values.push_back(is_null ? nullptr : value);
	}
	return values;
}

namespace {

/* How to read the texts of one column. */
struct Input {
	std::size_t position;
	FmgrInfo function;
	Oid parameter;
	int32 typmod;
};

PG_RAISES Input *look_up_inputs(const ColumnList &columns, const std::size_t *positions,
								std::size_t count)
{
	auto *const inputs = static_cast<Input *>(palloc0(count * sizeof(Input)));
	for (std::size_t i = 0; i < count; i++) {
		const ColumnType &type = columns.attributes()[positions[i]].type;
		Oid function;
		getTypeInputInfo(type.oid, &function, &inputs[i].parameter);
		fmgr_info(function, &inputs[i].function);
		inputs[i].position = positions[i];
		inputs[i].typmod = type.typmod;
	}
	return inputs;
}

PG_RAISES TupleTableSlot *make_slot(const ColumnList &columns, const std::size_t *positions,
									std::size_t count)
{
	TupleDesc const desc = CreateTemplateTupleDesc(static_cast<int>(count));
	for (std::size_t i = 0; i < count; i++) {
		const Attribute &column = columns.attributes()[positions[i]];
		TupleDescInitEntry(desc, static_cast<AttrNumber>(i + 1), column.name, column.type.oid,
						   column.type.typmod, 0);
	}
	compat::finish_tuple_desc(desc);
	return MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
}

/* A text may be NULL in a domain that forbids it, so that the function is asked for it, too. */
PG_RAISES void read_row(Input *inputs, std::size_t count, const char *const *texts,
						TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	for (std::size_t i = 0; i < count; i++) {
		const char *const text = texts[inputs[i].position];
		slot->tts_values[i] = InputFunctionCall(&inputs[i].function, const_cast<char *>(text),
												inputs[i].parameter, inputs[i].typmod);
		slot->tts_isnull[i] = text == nullptr;
	}
	ExecStoreVirtualTuple(slot);
}

} // namespace

void give_values(const ColumnList &columns, const Vector<std::size_t> &positions,
				 const Vector<const char *> &values, RowReceiver &receiver)
{
	Scratch const scratch("bulk_sync values");
	pg_call([&] {
		Input *const inputs = look_up_inputs(columns, positions.data(), positions.size());
		TupleTableSlot *const slot = make_slot(columns, positions.data(), positions.size());
		for (std::size_t at = 0; at < values.size(); at += columns.attributes().size()) {
			CHECK_FOR_INTERRUPTS();
			scratch.keep([&] { read_row(inputs, positions.size(), &values[at], slot); });
			receiver.row(slot);
			scratch.reset();
		}
		ExecDropSingleTupleTableSlot(slot);
	});
}

} // namespace bulk_sync::pg
