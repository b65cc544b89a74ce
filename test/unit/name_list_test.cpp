/*
 * The list of names.
 */
#include "pg/name_list.hpp"
#include "unit.hpp"

namespace bulk_sync::unit {

using pg::NameList;
using pg::pg_call;

UNIT_TEST(few_names, "names: an empty list has none, others what was added, in that order")
{
	NameList names;
	CHECK(names.empty() && !names.contains("") && !names.contains("a"));
	for (const char *name : {"b", "", "a", "ab"})
		names.add(name);
	CHECK(names.size() == 4 && names.find("b") == 0 && names.find("") == 1 &&
		  names.find("ab") == 3);
	CHECK(!names.contains("A") && !names.contains("abc") && !names.contains(" "));
	CHECK_TEXT(names[2], "a");
	/* What is looked up need not end with a zero byte. */
	CHECK(names.find(std::string_view("abc").substr(0, 2)) == 3);
	CHECK(!names.contains(std::string_view("ab\0", 3)));
}

UNIT_TEST(many_names, "names: all of many are found, at their positions, also in a copy")
{
	constexpr int count = 100000;
	NameList names;
	for (int i = 0; i < count; i++)
		names.add(pg_call([&] { return psprintf("name %d", i); }));
	NameList const copy = names;
	bool right = true;
	std::size_t position = 0;
	for (const char *name : copy)
		right = right && copy.find(name) == position && names.find(name) == position++;
	CHECK(right && position == count);
	CHECK(!names.contains("name 100000") && !names.contains("name"));
}

} // namespace bulk_sync::unit
