#include "pg/invisible.hpp"

#include <algorithm>
#include <climits>
#include <iterator>

#include "pg/guard.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

namespace bulk_sync::pg {

namespace {

struct Range {
	uint32 first;
	uint32 last;
};

constexpr Range invisible[] = {
	{0x0000, 0x001F}, /* control characters */
	{0x007F, 0x00A0}, /* likewise; no-break space */
	{0x00AD, 0x00AD}, /* soft hyphen */
	{0x034F, 0x034F}, /* grapheme joiner */
	{0x061C, 0x061C}, /* direction mark */
	{0x115F, 0x1160}, /* fillers of Hangul */
	{0x180E, 0x180E}, /* vowel separator */
	{0x2000, 0x200F}, /* spaces, zero width, direction marks */
	{0x2028, 0x202F}, /* separators, directions, narrow space */
	{0x205F, 0x206F}, /* spaces, joiners, directions */
	{0x3000, 0x3000}, /* ideographic space */
	{0x3164, 0x3164}, /* filler of Hangul */
	{0xFE00, 0xFE0F}, /* variation selectors */
	{0xFEFF, 0xFEFF}, /* byte-order mark */
	{0xFFF9, 0xFFFB}, /* annotations */
};

constexpr uint32 not_known = UINT_MAX;
constexpr int most_shown = 3;

/* The characters of a name, as far as they are known. */
class Characters {
  public:
	explicit Characters(const char *name)
		: at_(reinterpret_cast<const unsigned char *>(name)), encoding_(GetDatabaseEncoding())
	{
		/* Anything may be in a database without an encoding; most often that is UTF-8. */
		if (encoding_ == PG_SQL_ASCII &&
			pg_verify_mbstr(PG_UTF8, name, static_cast<int>(strlen(name)), true))
			encoding_ = PG_UTF8;
	}

	const char *at() const noexcept { return reinterpret_cast<const char *>(at_); }
	bool at_end() const noexcept { return *at_ == '\0'; }

	PG_RAISES uint32 next()
	{
		const unsigned char *const start = at_;
		int const bytes = pg_encoding_mblen(encoding_, at());
		/* One that was cut off does not go beyond the end. */
		for (int i = 0; i < bytes && *at_ != '\0'; i++)
			at_++;
		if (*start < 0x80)
			return *start;
		if (encoding_ != PG_UTF8 || at_ - start != bytes)
			return not_known;
		return utf8_to_unicode(start);
	}

  private:
	const unsigned char *at_;
	int encoding_;
};

bool is_invisible(uint32 character, bool at_either_end) noexcept
{
	return (character == ' ' && at_either_end) ||
		   std::any_of(std::begin(invisible), std::end(invisible), [&](const Range &range) {
			   return character >= range.first && character <= range.last;
		   });
}

struct Character {
	const char *start;
	int length; /* bytes */
	uint32 code;
	int position; /* in the name, from 1 */
	int end;	  /* position of the last one */
	bool invisible;
};

/* Where the part of a name begins and ends that is more than blanks; positions from 1. */
struct Extent {
	int first = INT_MAX;
	int last = 0;
	int end = 0;

	explicit Extent(const char *name)
	{
		for (Characters characters(name); !characters.at_end();) {
			end++;
			if (is_invisible(characters.next(), true))
				continue;
			first = std::min(first, end);
			last = end;
		}
	}
};

/* Calls visit(character) for each. */
template <typename Visit> void each_character(const char *name, Visit &&visit)
{
	Extent const extent(name);
	Characters characters(name);
	for (int position = 1; !characters.at_end(); position++) {
		Character character = {};
		character.start = characters.at();
		character.code = characters.next();
		character.length = static_cast<int>(characters.at() - character.start);
		character.position = position;
		character.end = extent.end;
		character.invisible =
			is_invisible(character.code, position < extent.first || position > extent.last);
		visit(character);
	}
}

/* "U+FEFF at its start, U+000D at its end" */
PG_RAISES void append_character(StringInfo text, uint32 character, int position, int end)
{
	appendStringInfo(text, "%sU+%04X ", text->len == 0 ? "" : ", ", character);
	if (position == 1)
		appendStringInfoString(text, "at its start");
	else if (position == end)
		appendStringInfoString(text, "at its end");
	else
		appendStringInfo(text, "at position %d", position);
}

/* Raises. */
PG_RAISES char *visible_part(const char *name)
{
	StringInfoData text;
	initStringInfo(&text);
	each_character(name, [&](const Character &character) {
		if (!character.invisible)
			appendBinaryStringInfo(&text, character.start, character.length);
	});
	return text.data;
}

} // namespace

const char *describe_invisible(const char *name)
{
	return pg_call([&]() -> const char * {
		StringInfoData list;
		initStringInfo(&list);
		int count = 0;
		each_character(name, [&](const Character &character) {
			if (character.invisible && count++ < most_shown)
				append_character(&list, character.code, character.position, character.end);
		});
		if (count == 0)
			return nullptr;
		return psprintf("the invisible character%s %s%s", count == 1 ? "" : "s", list.data,
						count > most_shown ? " .." : "");
	});
}

bool look_the_same(const char *left, const char *right)
{
	return pg_call([&] { return strcmp(visible_part(left), visible_part(right)) == 0; });
}

} // namespace bulk_sync::pg
