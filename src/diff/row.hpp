/*
 * How the diff keeps a row: one tuple, of a shape that each side has for itself. In memory and in
 * files it is a minimal tuple, whose unused bytes hold what the diff has to know of it; a row of
 * the target may also lie on its page.
 */
#pragma once

#include <algorithm>

#include "diff/row_shape.hpp"

namespace bulk_sync {

using pg::RowId;

/* Lies over the first bytes of a minimal tuple, up to t_infomask2. */
struct StagedRow {
	uint32 length;			  /* of the tuple from here on, t_len: bytes */
	uint32 hash;			  /* of the key */
	uint8 matched : 1;		  /* a row of the target has this key */
	uint8 matched_marked : 1; /* the first such row is marked as deleted */
	uint8 duplicate : 1;	  /* the key was reported as a duplicate */
	uint8 unused;

	/* Makes a row of the tuple that lies here. */
	void start(uint32 key_hash) noexcept
	{
		hash = key_hash;
		matched = 0;
		matched_marked = 0;
		duplicate = 0;
		unused = 0;
	}
	MinimalTuple tuple() noexcept { return reinterpret_cast<MinimalTuple>(this); }
	TupleView view() noexcept { return TupleView::of(tuple()); }
	/* Bytes that a row takes, and so the distance to the next row. */
	static std::size_t footprint(std::size_t length) noexcept { return MAXALIGN(length); }
};

static_assert(offsetof(StagedRow, length) == offsetof(MinimalTupleData, t_len));
static_assert(offsetof(StagedRow, unused) < offsetof(MinimalTupleData, t_infomask2));

struct TargetSide;

/* A row of the target; its tuple is wherever the reader of the row keeps it. */
struct TargetRow {
	TupleView tuple;
	TargetSide *side = nullptr;
	uint32 hash = 0;
	bool marked = false; /* as deleted */
	RowId id;
};

/* What staging has in the mark of deleted rows: "not deleted". */
inline void fill_mark(const ColumnMap &map, RowValues &row) noexcept
{
	if (!map.mark)
		return;
	row.values[*map.mark] = BoolGetDatum(false);
	row.nulls[*map.mark] = !map.image[*map.mark].mark_is_boolean();
}

/* Does this value of the mark say that the row is deleted? A boolean mark that is NULL is not
 * set. */
inline bool is_marked(const ColumnMap &map, Datum value, bool is_null) noexcept
{
	return !is_null && (!map.image[*map.mark].mark_is_boolean() || DatumGetBool(value));
}

} // namespace bulk_sync
