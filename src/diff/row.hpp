/*
 * How the diff keeps a row in memory and in its files: a fixed header, and the row's bytes right
 * behind it. The bytes are the image, a minimal tuple of the columns that both sides compare, and
 * after it, if there is one, a second tuple: on the staging side the columns that only new rows
 * need, on the target side the columns read along.
 */
#pragma once

#include <algorithm>
#include <optional>

#include "pg/tuple.hpp"
#include "plan/column_map.hpp"

namespace bulk_sync {

using pg::RowId;

/* Length of a row's bytes, and where its second tuple starts (0: there is none). Both in bytes. */
struct RowExtent {
	uint32 total = 0;
	uint32 second = 0;
};

struct StagedRow {
	uint64 hash;
	uint32 total : 31;		   /* as in RowExtent; a row has less than 1 GB */
	uint32 matched_marked : 1; /* the first row of the target with this key is marked as deleted */
	uint32 second : 30;		   /* as in RowExtent */
	uint32 matched : 1;		   /* a row of the target has this key */
	uint32 duplicate : 1;	   /* the key was reported as a duplicate */

	void start(uint64 key_hash, RowExtent extent) noexcept
	{
		hash = key_hash;
		total = extent.total;
		second = extent.second;
		matched_marked = 0;
		matched = 0;
		duplicate = 0;
	}
	char *bytes() noexcept { return reinterpret_cast<char *>(this) + MAXALIGN(sizeof(*this)); }
	MinimalTuple image() noexcept { return reinterpret_cast<MinimalTuple>(bytes()); }
	MinimalTuple extra() noexcept
	{
		return second == 0 ? nullptr : reinterpret_cast<MinimalTuple>(bytes() + second);
	}
	/* Bytes that a row takes with its header, and so the distance to the next row. */
	static std::size_t footprint(std::size_t row_bytes) noexcept
	{
		return MAXALIGN(sizeof(StagedRow)) + MAXALIGN(row_bytes);
	}
};

/* A row of the target; its bytes are wherever the reader of the row keeps them. */
struct TargetRow {
	uint64 hash = 0;
	RowExtent extent;
	RowId id;
	bool marked = false; /* as deleted */
	char *bytes = nullptr;

	MinimalTuple image() const noexcept { return reinterpret_cast<MinimalTuple>(bytes); }
	MinimalTuple carried() const noexcept
	{
		return extent.second == 0 ? nullptr : reinterpret_cast<MinimalTuple>(bytes + extent.second);
	}
};

/* Builds the bytes of rows that consist of one tuple or two. */
class RowBuilder {
  public:
	/* `second` may be nullptr. In the current memory context. Throws pg::Error. */
	RowBuilder(TupleDesc first, TupleDesc second) : first_(first)
	{
		if (second != nullptr)
			second_.emplace(second);
	}

	/* Bytes that build() writes for this row at the most. `values` has the columns of the first
	 * tuple and then those of the second. Raises. */
	PG_RAISES std::size_t most_bytes(const Datum *values, const bool *nulls) const
	{
		std::size_t bytes = first_.most_bytes(values, nulls);
		if (second_)
			bytes = MAXALIGN(bytes) +
					second_->most_bytes(values + first_.columns(), nulls + first_.columns());
		/* The server forms no larger rows either, and lengths and offsets count on it. */
		if (bytes > MaxAllocSize)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("row is too large for bulk_sync: %zu bytes, maximum %zu", bytes,
								   MaxAllocSize)));
		return bytes;
	}

	/* Builds the row at `at`, which is aligned and has room for most_bytes(). Raises. */
	PG_RAISES RowExtent build(const Datum *values, const bool *nulls, char *at) const
	{
		RowExtent extent;
		extent.total = static_cast<uint32>(first_.build(values, nulls, at));
		if (second_) {
			/* Zeros in the gap, as the bytes go to files. */
			extent.second = static_cast<uint32>(MAXALIGN(extent.total));
			memset(at + extent.total, 0, extent.second - extent.total);
			extent.total =
				extent.second +
				static_cast<uint32>(second_->build(values + first_.columns(),
												   nulls + first_.columns(), at + extent.second));
		}
		return extent;
	}

  private:
	pg::TupleBuilder first_;
	std::optional<pg::TupleBuilder> second_;
};

/* A row taken apart; the arrays live as long as the memory context they were made in. */
struct RowValues {
	Datum *values = nullptr;
	bool *nulls = nullptr;

	/* Room for `columns` values, in the current memory context. Throws pg::Error. */
	static RowValues with_room_for(int columns)
	{
		return pg::pg_call([&] {
			RowValues row;
			row.values = static_cast<Datum *>(palloc0(sizeof(Datum) * std::max(columns, 1)));
			row.nulls = static_cast<bool *>(palloc0(sizeof(bool) * std::max(columns, 1)));
			return row;
		});
	}
};

/* What staging has in the mark of deleted rows: "not deleted". */
inline void fill_mark(const ColumnMap &map, RowValues &row) noexcept
{
	if (!map.mark)
		return;
	row.values[*map.mark] = BoolGetDatum(false);
	row.nulls[*map.mark] = !map.image[*map.mark].mark_is_boolean();
}

/* Is a row of the target marked as deleted? A boolean mark that is NULL is not set. */
inline bool is_marked(const ColumnMap &map, const Datum *values, const bool *nulls) noexcept
{
	return map.mark && !nulls[*map.mark] &&
		   (!map.image[*map.mark].mark_is_boolean() || DatumGetBool(values[*map.mark]));
}

} // namespace bulk_sync
