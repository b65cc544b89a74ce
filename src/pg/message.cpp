#include "pg/message.hpp"

#include <cerrno>

#include "pg/fail.hpp"

extern "C" {
#include "lib/stringinfo.h"
#include "utils/json.h"
#include "utils/numeric.h"
}

namespace bulk_sync::pg {

namespace {

[[noreturn]] void refuse_kind(const char *name, const char *expected)
{
	fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
		  .message = format("\"%s\" in what is to be done on a shard must be %s", name, expected)});
}

[[noreturn]] void refuse_element(const char *expected)
{
	fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
		  .message = format("an element of a list in what is to be done on a shard must be %s",
							expected)});
}

PG_RAISES const char *string_of(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* Is there nothing, or a null, which says as much? */
bool is_nothing(const JsonbValue *value) noexcept
{
	return value == nullptr || value->type == jbvNull;
}

} // namespace

void MessageWriter::separate()
{
	char const last = text_.back();
	if (last != '{' && last != '[')
		text_.push_back(',');
}

void MessageWriter::open(char bracket)
{
	separate();
	text_.push_back(bracket);
}

void MessageWriter::add_quoted(const char *text)
{
	const char *const quoted = pg_call([&] {
		StringInfoData buffer;
		initStringInfo(&buffer);
		escape_json(&buffer, text);
		return buffer.data;
	});
	text_.append(quoted);
}

void MessageWriter::add(const char *name, const char *text)
{
	if (text == nullptr)
		return;
	separate();
	add_quoted(name);
	text_.push_back(':');
	add_quoted(text);
}

void MessageWriter::add(const char *name, int64 number)
{
	separate();
	add_quoted(name);
	text_.push_back(':');
	text_.append(format(INT64_FORMAT, number));
}

void MessageWriter::add(const char *name, const MessageReader &object)
{
	const char *const text =
		pg_call([&] { return JsonbToCString(nullptr, object.container_, -1); });
	separate();
	add_quoted(name);
	text_.push_back(':');
	text_.append(text);
}

void MessageWriter::add_texts(const char *name, const Vector<const char *> &texts)
{
	const char *const list = pg_call([&] {
		StringInfoData buffer;
		initStringInfo(&buffer);
		for (std::size_t i = 0; i < texts.size(); i++) {
			appendStringInfoChar(&buffer, i == 0 ? '[' : ',');
			if (texts[i] == nullptr)
				appendStringInfoString(&buffer, "null");
			else
				escape_json(&buffer, texts[i]);
		}
		appendStringInfoString(&buffer, texts.empty() ? "[]" : "]");
		return buffer.data;
	});
	separate();
	add_quoted(name);
	text_.push_back(':');
	text_.append(list);
}

void MessageWriter::begin(const char *name, char bracket)
{
	separate();
	add_quoted(name);
	text_.push_back(':');
	text_.push_back(bracket);
}

void MessageWriter::add_element(const char *text)
{
	separate();
	add_quoted(text);
}

Datum MessageWriter::finish()
{
	text_.push_back('}');
	return pg_call([&] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text_.c_str())); });
}

MessageReader MessageReader::of(Datum json)
{
	Jsonb *const object = pg_call([&] { return DatumGetJsonbPCopy(json); });
	if (!JB_ROOT_IS_OBJECT(object))
		fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			  .message = "what is to be done on a shard must be an object"});
	return MessageReader(&object->root);
}

JsonbValue *MessageReader::find(const char *name) const
{
	if (container_ == nullptr || !JsonContainerIsObject(container_))
		return nullptr;
	return pg_call([&] {
		return getKeyJsonValueFromContainer(container_, name, static_cast<int>(strlen(name)),
											nullptr);
	});
}

const char *MessageReader::text_if_any(const char *name) const
{
	const JsonbValue *const value = find(name);
	if (is_nothing(value))
		return nullptr;
	if (value->type != jbvString)
		refuse_kind(name, "a text");
	return pg_call([&] { return string_of(value); });
}

const char *MessageReader::text(const char *name) const
{
	const char *const found = text_if_any(name);
	if (found == nullptr)
		fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			  .message = format("what is to be done on a shard lacks \"%s\"", name)});
	return found;
}

int64 MessageReader::number(const char *name, int64 least, int64 most) const
{
	const JsonbValue *const value = find(name);
	if (is_nothing(value))
		return 0;
	if (value->type != jbvNumeric)
		refuse_kind(name, "a number");
	const char *const digits = pg_call([&] {
		return DatumGetCString(
			DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	});
	char *end = nullptr;
	errno = 0;
	int64 const number = strtoi64(digits, &end, 10);
	if (errno != 0 || *end != '\0' || number < least || number > most)
		refuse_kind(name,
					format("a whole number from " INT64_FORMAT " to " INT64_FORMAT, least, most));
	return number;
}

MessageReader MessageReader::member(const char *name) const
{
	const JsonbValue *const value = find(name);
	if (is_nothing(value))
		return MessageReader(nullptr);
	if (value->type != jbvBinary)
		refuse_kind(name, "a list or an object");
	return MessageReader(value->val.binary.data);
}

int MessageReader::count() const noexcept
{
	return container_ == nullptr ? 0 : static_cast<int>(JsonContainerSize(container_));
}

JsonbValue *MessageReader::at(int position) const
{
	if (position >= count() || !JsonContainerIsArray(container_))
		return nullptr;
	return pg_call([&] { return getIthJsonbValueFromContainer(container_, position); });
}

const char *MessageReader::element_text(int position) const
{
	const JsonbValue *const value = at(position);
	if (value == nullptr || value->type != jbvString)
		refuse_element("a text");
	return pg_call([&] { return string_of(value); });
}

MessageReader MessageReader::element(int position) const
{
	const JsonbValue *const value = at(position);
	if (value == nullptr || value->type != jbvBinary)
		refuse_element("an object");
	return MessageReader(value->val.binary.data);
}

Vector<const char *> MessageReader::texts(const char *name) const
{
	MessageReader const list = member(name);
	Vector<const char *> texts;
	texts.resize(list.count(), nullptr);
	bool const are_texts =
		list.container_ == nullptr || pg_call([&] {
			JsonbIterator *iterator = JsonbIteratorInit(list.container_);
			JsonbValue value;
			JsonbIteratorToken token;
			std::size_t i = 0;
			while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE) {
				if (token == WJB_KEY ||
					(token == WJB_ELEM && value.type != jbvString && value.type != jbvNull))
					return false;
				if (token == WJB_ELEM)
					texts[i++] = value.type == jbvNull ? nullptr : string_of(&value);
			}
			return true;
		});
	if (!are_texts)
		refuse_kind(name, "a list of texts");
	return texts;
}

Vector<const char *> MessageReader::names() const
{
	Vector<const char *> names;
	if (container_ == nullptr || !JsonContainerIsObject(container_))
		return names;
	names.resize(count(), nullptr);
	pg_call([&] {
		JsonbIterator *iterator = JsonbIteratorInit(container_);
		JsonbValue value;
		JsonbIteratorToken token;
		std::size_t i = 0;
		while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
			if (token == WJB_KEY)
				names[i++] = string_of(&value);
	});
	return names;
}

} // namespace bulk_sync::pg
