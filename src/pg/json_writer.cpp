#include "pg/json_writer.hpp"

#include <algorithm>
#include <cinttypes>

extern "C" {
#include "utils/bytea.h"
#include "utils/datum.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES Datum parse(const char *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

/* JsonbValueToJsonb() takes an array or object as a part of another one only when it is taken apart
 * to the last of its values. */
PG_RAISES JsonbValue take_apart(const JsonbValue &value)
{
	if (value.type != jbvBinary)
		return value;
	check_stack_depth();
	JsonbContainer *const container = value.val.binary.data;
	int const count = static_cast<int>(JsonContainerSize(container));
	JsonbChildren children(container);
	JsonbValue result;
	if (JsonContainerIsObject(container)) {
		result.type = jbvObject;
		result.val.object.nPairs = count;
		result.val.object.pairs = static_cast<JsonbPair *>(palloc(sizeof(JsonbPair) * count));
		for (int i = 0; i < count; i++)
			result.val.object.pairs[i].key = children.next();
		for (int i = 0; i < count; i++)
			result.val.object.pairs[i].value = take_apart(children.next());
		return result;
	}
	result.type = jbvArray;
	result.val.array.nElems = count;
	result.val.array.rawScalar = false;
	result.val.array.elems = static_cast<JsonbValue *>(palloc(sizeof(JsonbValue) * count));
	for (int i = 0; i < count; i++) {
		CHECK_FOR_INTERRUPTS();
		result.val.array.elems[i] = take_apart(children.next());
	}
	return result;
}

/* Any JSON at all. */
PG_RAISES JsonbValue read_json(const char *json)
{
	Jsonb *const jsonb = DatumGetJsonbP(parse(json));
	if (JB_ROOT_IS_SCALAR(jsonb))
		return JsonbChildren(&jsonb->root).next();
	JsonbValue value;
	value.type = jbvBinary;
	value.val.binary.data = &jsonb->root;
	value.val.binary.len = static_cast<int>(VARSIZE(jsonb) - VARHDRSZ);
	return take_apart(value);
}

/* A string without escapes, as nearly all are. The server judges long ones. */
bool is_simple_string(const char *json, int length) noexcept
{
	constexpr int long_string = 0x10000;
	return length >= 2 && length < long_string && json[0] == '"' && json[length - 1] == '"' &&
		   memchr(json, '\\', length) == nullptr;
}

/* null, true or false? */
bool read_literal(const char *json, int length, JsonbValue &value) noexcept
{
	bool const boolean = length == 4 && memcmp(json, "true", 4) == 0;
	if (!boolean && !(length == 5 && memcmp(json, "false", 5) == 0)) {
		value.type = jbvNull;
		return length == 4 && memcmp(json, "null", 4) == 0;
	}
	value.type = jbvBool;
	value.val.boolean = boolean;
	return true;
}

bool is_number(const char *json) noexcept
{
	return *json == '-' || (*json >= '0' && *json <= '9');
}

JsonbValue string_value(const char *characters, int length) noexcept
{
	JsonbValue value;
	value.type = jbvString;
	value.val.string.val = const_cast<char *>(characters);
	value.val.string.len = length;
	return value;
}

/* Digits that an int64 holds in any case, behind a sign or not? Most numbers are, and for them
 * numeric_in() would cost a fifth of a row. */
bool read_integer(const char *number, int64 &value) noexcept
{
	constexpr int most_digits = 18;
	const char *const first = number + (*number == '-' ? 1 : 0);
	const char *at = first;
	for (value = 0; *at >= '0' && *at <= '9' && at - first < most_digits; at++)
		value = value * 10 + (*at - '0');
	if (first != number)
		value = -value;
	return *at == '\0' && at != first;
}

PG_RAISES JsonbValue number_value(const char *number)
{
	JsonbValue value;
	value.type = jbvNumeric;
	int64 integer;
	value.val.numeric =
		read_integer(number, integer)
			? int64_to_numeric(integer)
			: DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(number),
												  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return value;
}

/* The order in which jsonb keeps the members of an object. */
bool is_before(const JsonbPair &left, const JsonbPair &right) noexcept
{
	auto const &a = left.key.val.string;
	auto const &b = right.key.val.string;
	return a.len != b.len ? a.len < b.len : memcmp(a.val, b.val, a.len) < 0;
}

} // namespace

JsonColumn::JsonColumn(const char *name, const ColumnType &type)
	: name_(name), type_(type), form_(pg_call([&] { return JsonForm::of(type.oid); }))
{
}

void JsonValues::start()
{
	initStringInfo(&text_);
	texts_ = 0;
	room_ = 64;
	read_ = static_cast<JsonbValue **>(palloc(sizeof(JsonbValue *) * room_));
}

JsonText JsonValues::begin()
{
	if (texts_ == room_) {
		room_ *= 2;
		read_ = static_cast<JsonbValue **>(repalloc(read_, sizeof(JsonbValue *) * room_));
	}
	read_[texts_] = nullptr;
	JsonText text;
	text.start = text_.len;
	text.number = texts_++;
	return text;
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
	JsonText text = begin();
	exact = true;
	if (is_null)
		appendStringInfoString(&text_, "null");
	else
		exact = column.form().append(&text_, value);
	end(text);
	return text;
}

JsonText JsonValues::add_output(const JsonColumn &column, Datum value, bool is_null)
{
	JsonText text = begin();
	if (is_null)
		appendStringInfoString(&text_, "null");
	else
		column.form().append_output(&text_, value);
	end(text);
	return text;
}

/* "pg_catalog.lower (image 0000000000000366)" */
JsonText JsonValues::add_with_hash(const JsonColumn &column, Datum value)
{
	JsonText text = add_output(column, value, false);
	text_.len--; /* the quotation mark at the end */
	appendStringInfo(&text_, " (image %016" PRIx64 ")\"", image_hash(column.type(), value));
	end(text);
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

JsonbValue JsonValues::read(JsonText text)
{
	if (is_simple_string(at(text), text.length))
		return string_value(at(text) + 1, text.length - 2);
	JsonbValue literal;
	if (read_literal(at(text), text.length, literal))
		return literal;
	JsonbValue *&known = read_[text.number];
	if (known == nullptr) {
		char *const json = pnstrdup(at(text), text.length);
		JsonbValue const value = is_number(json) ? number_value(json) : read_json(json);
		pfree(json);
		known = static_cast<JsonbValue *>(palloc(sizeof(JsonbValue)));
		*known = value;
	}
	return *known;
}

void JsonObjectWriter::start(JsonValues &values)
{
	values_ = &values;
	count_ = 0;
	room_ = 16;
	members_ = static_cast<Member *>(palloc(sizeof(Member) * room_));
}

void JsonObjectWriter::append(const Member &member)
{
	if (count_ == room_) {
		room_ *= 2;
		members_ = static_cast<Member *>(repalloc(members_, sizeof(Member) * room_));
	}
	members_[count_++] = member;
}

void JsonObjectWriter::add(const JsonColumn &column, JsonText value)
{
	append({column.name(), value, {}, false});
}

void JsonObjectWriter::add_change(const JsonColumn &column, JsonText old_value, JsonText new_value)
{
	append({column.name(), new_value, old_value, true});
}

JsonbValue JsonObjectWriter::value_of(const Member &member) const
{
	JsonbValue const value = values_->read(member.value);
	if (!member.is_change)
		return value;
	JsonbValue change;
	change.type = jbvObject;
	change.val.object.nPairs = 2;
	change.val.object.pairs = static_cast<JsonbPair *>(palloc(sizeof(JsonbPair) * 2));
	change.val.object.pairs[0] = {string_value("new", 3), value, 0};
	change.val.object.pairs[1] = {string_value("old", 3), values_->read(member.old_value), 0};
	return change;
}

/* All values have their text by now, which stays where it is. */
Datum JsonObjectWriter::finish()
{
	JsonbValue object;
	object.type = jbvObject;
	object.val.object.nPairs = count_;
	object.val.object.pairs = static_cast<JsonbPair *>(palloc(sizeof(JsonbPair) * room_));
	for (int i = 0; i < count_; i++) {
		const Member &member = members_[i];
		object.val.object.pairs[i] = {
			string_value(member.name, static_cast<int>(strlen(member.name))), value_of(member), 0};
	}
	std::sort(object.val.object.pairs, object.val.object.pairs + count_, is_before);
	return JsonbPGetDatum(JsonbValueToJsonb(&object));
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
