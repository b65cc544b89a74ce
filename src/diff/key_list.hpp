/*
 * Keys for a message: the first few as text, and how many there are.
 */
#pragma once

#include "pg/tuple.hpp"

namespace bulk_sync {

struct KeyList {
	static constexpr int most_shown = 5;
	/* Of the texts: the one that was current when the list was made. */
	MemoryContext context = CurrentMemoryContext;
	const char *shown[most_shown] = {};
	uint64 count = 0;

	/* Adds the key that the leading columns of a row are. Raises. */
	PG_RAISES void add(TupleDesc key_desc, const Datum *values, const bool *nulls)
	{
		if (count < most_shown) {
			MemoryContext const caller = MemoryContextSwitchTo(context);
			shown[count] = pg::describe_values(key_desc, values, nulls, key_desc->natts);
			MemoryContextSwitchTo(caller);
		}
		count++;
	}

	/* "Keys (name)=(Bob), (name)=(Eve) and 12 more." In the current memory context. Raises. */
	PG_RAISES char *text() const
	{
		StringInfoData text;
		initStringInfo(&text);
		appendStringInfoString(&text, count == 1 ? "Key " : "Keys ");
		for (uint64 i = 0; i < count && i < most_shown; i++)
			appendStringInfo(&text, "%s%s", i == 0 ? "" : ", ", shown[i]);
		if (count > most_shown)
			appendStringInfo(&text, " and " UINT64_FORMAT " more", count - most_shown);
		appendStringInfoChar(&text, '.');
		return text.data;
	}
};

} // namespace bulk_sync
