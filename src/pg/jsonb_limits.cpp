#include "pg/jsonb_limits.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

extern "C" {
#include "mb/pg_wchar.h"
}

namespace bulk_sync::pg {

namespace {

/* Conversion goes down the levels by recursion, and the server's limit depends on the caller's
 * stack. */
constexpr int most_levels = 1000;
/* jsonb's own limit on an object or array; and what an element may take beside the bytes of its
 * text. */
constexpr std::size_t most_bytes = 0x0FFFFFFF;
constexpr std::size_t bytes_beside_text = 20;
/* Of numeric: digits before the point, and behind it. */
constexpr int most_integer_digits = 131072;
constexpr int most_fraction_digits = 16383;
/* More are not told apart. */
constexpr int largest_exponent = 1000000;

bool is_digit(char character) noexcept
{
	return character >= '0' && character <= '9';
}

/* The exponent, from behind its letter. */
int skip_exponent(const char *&at) noexcept
{
	bool const negative = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	int exponent = 0;
	for (; is_digit(*at); at++)
		exponent = std::min(exponent * 10 + (*at - '0'), largest_exponent);
	return negative ? -exponent : exponent;
}

/* -12.34e5 */
bool skip_number(const char *&at) noexcept
{
	std::ptrdiff_t integer_digits = 0; /* from the first that is not 0; less than none for 0.01 */
	std::ptrdiff_t fraction_digits = 0;
	bool zero = true;
	bool fraction = false;
	for (; is_digit(*at) || *at == '.' || *at == '-'; at++) {
		if (*at == '.')
			fraction = true;
		if (!is_digit(*at))
			continue;
		bool const leading = zero && *at == '0';
		zero = leading;
		if (fraction)
			fraction_digits++;
		if (leading && fraction)
			integer_digits--;
		else if (!leading && !fraction)
			integer_digits++;
	}
	if (*at == 'e' || *at == 'E') {
		int const exponent = skip_exponent(++at);
		if (std::abs(exponent) == largest_exponent)
			return false;
		integer_digits += exponent;
		fraction_digits -= exponent;
	}
	return (zero || integer_digits <= most_integer_digits) &&
		   fraction_digits <= most_fraction_digits;
}

/* The four digits behind \u. */
unsigned code_unit(const char *digits) noexcept
{
	unsigned unit = 0;
	for (int i = 0; i < 4; i++) {
		char const digit = digits[i];
		unit = unit * 16 +
			   static_cast<unsigned>(is_digit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	return unit;
}

/* From behind the backslash. */
bool skip_escape(const char *&at) noexcept
{
	if (*at++ != 'u')
		return true;
	unsigned const unit = code_unit(at);
	at += 4;
	if (unit == 0 || (unit > 0x7F && GetDatabaseEncoding() != PG_UTF8))
		return false;
	if (unit < 0xD800 || unit > 0xDFFF)
		return true;
	if (unit > 0xDBFF || at[0] != '\\' || at[1] != 'u')
		return false;
	unsigned const second = code_unit(at + 2);
	at += 6;
	return second >= 0xDC00 && second <= 0xDFFF;
}

/* From behind the opening quotation mark. */
bool skip_string(const char *&at) noexcept
{
	while (*at != '"') {
		if (*at++ == '\\' && !skip_escape(at))
			return false;
	}
	at++;
	return true;
}

} // namespace

bool fits_into_jsonb(const char *json) noexcept
{
	std::size_t elements = 1;
	int levels = 0;
	const char *at = json;
	while (*at != '\0') {
		char const character = *at;
		if (character == '-' || is_digit(character)) {
			if (!skip_number(at))
				return false;
			continue;
		}
		at++;
		if (character == '"' && !skip_string(at))
			return false;
		if (character == ',' || character == ':')
			elements++;
		if (character == '{' || character == '[') {
			elements++;
			if (++levels > most_levels)
				return false;
		}
		if (character == '}' || character == ']')
			levels--;
	}
	return static_cast<std::size_t>(at - json) + elements * bytes_beside_text <= most_bytes;
}

} // namespace bulk_sync::pg
