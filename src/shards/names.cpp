#include "shards/names.hpp"

#include <algorithm>

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

} // namespace

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
	auto const change = [&](char *&text) { text = const_cast<char *>(without_numbers(text)); };
	change(error->message);
	change(error->detail);
	change(error->hint);
	change(error->context);
	change(error->table_name);
	change(error->constraint_name);
}

} // namespace bulk_sync::shards
