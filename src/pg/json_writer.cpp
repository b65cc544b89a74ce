#include "pg/json_writer.hpp"

#include <cinttypes>

extern "C" {
#include "utils/bytea.h"
#include "utils/datum.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES const char *member_of(const char *name)
{
	StringInfoData text;
	initStringInfo(&text);
	escape_json(&text, name);
	appendStringInfoString(&text, ": ");
	return text.data;
}

PG_RAISES Datum parse(const char *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

} // namespace

JsonColumn::JsonColumn(const char *name, const ColumnType &type)
	: name_(name), type_(type), member_(pg_call([&] { return member_of(name); })),
	  form_(pg_call([&] { return JsonForm::of(type.oid); }))
{
}

JsonText JsonValues::add(const JsonColumn &column, Datum value, bool is_null)
{
	bool exact;
	JsonText const text = add_plain(column, value, is_null, exact);
	return exact ? text : add_output(column, value, is_null);
}

void JsonValues::add_pair(const JsonColumn &column, const Datum values[2], const bool nulls[2],
						  JsonText texts[2])
{
	bool exact[2];
	for (int i = 0; i < 2; i++)
		texts[i] = add_plain(column, values[i], nulls[i], exact[i]);
	bool const reads_them = column.form().holds_json() || !exact[0] || !exact[1];
	bool const alike = look_alike(texts[0], texts[1], reads_them);
	for (int i = 0; i < 2; i++)
		if (alike || !exact[i])
			texts[i] = add_output(column, values[i], nulls[i]);
	if (alike && look_alike(texts[0], texts[1], false))
		for (int i = 0; i < 2; i++)
			texts[i] = add_with_hash(column, values[i]);
}

JsonText JsonValues::add_plain(const JsonColumn &column, Datum value, bool is_null, bool &exact)
{
	JsonText text;
	text.start = text_.len;
	exact = true;
	if (is_null)
		appendStringInfoString(&text_, "null");
	else
		exact = column.form().append(&text_, value);
	text.length = text_.len - text.start;
	return text;
}

JsonText JsonValues::add_output(const JsonColumn &column, Datum value, bool is_null)
{
	JsonText text;
	text.start = text_.len;
	if (is_null)
		appendStringInfoString(&text_, "null");
	else
		column.form().append_output(&text_, value);
	text.length = text_.len - text.start;
	return text;
}

/* "pg_catalog.lower (image 0000000000000366)" */
JsonText JsonValues::add_with_hash(const JsonColumn &column, Datum value)
{
	JsonText text = add_output(column, value, false);
	text_.len--; /* the quotation mark at the end */
	appendStringInfo(&text_, " (image %016" PRIx64 ")\"", image_hash(column.type(), value));
	text.length = text_.len - text.start;
	return text;
}

bool JsonValues::look_alike(JsonText left, JsonText right, bool reads_them)
{
	if (left.length == right.length && memcmp(at(left), at(right), left.length) == 0)
		return true;
	if (!reads_them)
		return false;
	return datum_image_eq(parse(pnstrdup(at(left), left.length)),
						  parse(pnstrdup(at(right), right.length)), false, -1);
}

void JsonObjectWriter::start(const JsonValues &values)
{
	values_ = &values;
	initStringInfo(&text_);
	appendStringInfoChar(&text_, '{');
}

void JsonObjectWriter::append(JsonText value)
{
	appendBinaryStringInfo(&text_, values_->at(value), value.length);
}

void JsonObjectWriter::add_name(const JsonColumn &column)
{
	if (text_.len > 1)
		appendStringInfoString(&text_, ", ");
	appendStringInfoString(&text_, column.member());
}

void JsonObjectWriter::add(const JsonColumn &column, JsonText value)
{
	add_name(column);
	append(value);
}

void JsonObjectWriter::add_change(const JsonColumn &column, JsonText old_value, JsonText new_value)
{
	add_name(column);
	appendStringInfoString(&text_, "{\"old\": ");
	append(old_value);
	appendStringInfoString(&text_, ", \"new\": ");
	append(new_value);
	appendStringInfoChar(&text_, '}');
}

Datum JsonObjectWriter::finish()
{
	appendStringInfoChar(&text_, '}');
	return parse(text_.data);
}

OutputSettings OutputSettings::current() noexcept
{
	return {extra_float_digits, DateStyle, IntervalStyle, bytea_output};
}

/* What pg_dump sets. Three digits more serve output functions that do not look for the shortest
 * exact form. */
OutputSettings OutputSettings::exact() noexcept
{
	return {3, USE_ISO_DATES, INTSTYLE_POSTGRES, BYTEA_OUTPUT_HEX};
}

void OutputSettings::apply() const noexcept
{
	extra_float_digits = float_digits;
	DateStyle = date_style;
	IntervalStyle = interval_style;
	bytea_output = bytes_style;
}

} // namespace bulk_sync::pg
