#include "shards/names.hpp"

#include <algorithm>
#include <iterator>

#include "pg/fail.hpp"
#include "pg/message.hpp"
#include "pg/sql.hpp"

namespace bulk_sync::shards {

namespace {

bool is_digit(char c) noexcept
{
	return c >= '0' && c <= '9';
}

bool is_of_name(char c) noexcept
{
	return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The number at the start of the text, whose length it gives; numbers of shards have less than 18
 * digits. */
int64 number_at(const char *text, std::size_t &length) noexcept
{
	int64 number = 0;
	for (length = 0; length < 18 && is_digit(text[length]); length++)
		number = 10 * number + (text[length] - '0');
	return number;
}

/* A line of a context begins with it, and an object of fields follows. */
constexpr const char *fields_mark = "bulk_sync fields: ";

struct Field {
	const char *name;
	char *ErrorData::*text;
};

constexpr Field fields[] = {{"schema", &ErrorData::schema_name},
							{"table", &ErrorData::table_name},
							{"column", &ErrorData::column_name},
							{"type", &ErrorData::datatype_name},
							{"constraint", &ErrorData::constraint_name}};

/* Cuts the line out of the context. */
void take_fields_from_context(ErrorData *error)
{
	char *const mark = error->context == nullptr ? nullptr : strstr(error->context, fields_mark);
	if (mark == nullptr)
		return;
	char *const object = mark + strlen(fields_mark);
	std::size_t const length = strcspn(object, "\n");
	const char *const json = pg::pg_call([&] { return pnstrdup(object, length); });
	pg::MessageReader const given =
		pg::MessageReader::of(pg::value_of("pg_catalog.jsonb", json).value);
	for (const Field &field : fields)
		if (const char *const text = given.text_if_any(field.name))
			error->*field.text = const_cast<char *>(text);
	const char *const end = object + length;
	const char *const rest = *end == '\n' ? end + 1 : end;
	memmove(mark, rest, strlen(rest) + 1);
}

} // namespace

void put_fields_into_context(ErrorData *error)
{
	if (std::all_of(std::begin(fields), std::end(fields),
					[&](const Field &field) { return error->*field.text == nullptr; }))
		return;
	pg::MessageWriter message;
	for (const Field &field : fields)
		message.add(field.name, error->*field.text);
	const char *const json = pg::text_of("pg_catalog.jsonb", message.finish());
	const char *const context = error->context == nullptr ? "" : error->context;
	error->context = const_cast<char *>(
		pg::format("%s%s%s%s", context, *context == '\0' ? "" : "\n", fields_mark, json));
}

LogicalNames::LogicalNames(Vector<int64> &&shards) noexcept : shards_(std::move(shards))
{
	std::sort(shards_.begin(), shards_.end());
}

const char *LogicalNames::without_numbers(const char *text) const
{
	if (text == nullptr)
		return nullptr;
	pg::String plain;
	for (const char *at = text; *at != '\0'; at++) {
		std::size_t length = 0;
		int64 const number = *at == '_' ? number_at(at + 1, length) : 0;
		if (length > 0 && !is_of_name(at[1 + length]) &&
			std::binary_search(shards_.begin(), shards_.end(), number))
			at += length;
		else
			plain.push_back(*at);
	}
	return pg::pg_call([&] { return pstrdup(plain.c_str()); });
}

void LogicalNames::rename(ErrorData *error) const
{
	take_fields_from_context(error);
	auto const change = [&](char *&text) { text = const_cast<char *>(without_numbers(text)); };
	change(error->message);
	change(error->detail);
	change(error->hint);
	change(error->context);
	change(error->table_name);
	change(error->constraint_name);
}

} // namespace bulk_sync::shards
