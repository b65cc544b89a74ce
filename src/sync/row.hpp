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
#include "sync/column_map.hpp"

namespace bulk_sync {

/* Where a row of the target is, and which version of it was compared. */
struct RowId {
	Oid table = InvalidOid; /* the partition or child that holds it */
	ItemPointerData tid = {};
	TransactionId xmin = InvalidTransactionId;
};

/* Length of a row's bytes, and where its second tuple starts (0: there is none). Both in bytes. */
struct RowExtent {
	uint32 total = 0;
	uint32 second = 0;
};

struct StagedRow {
	uint64 hash;
	RowExtent extent;
	bool matched;	/* a row of the target has this key */
	bool duplicate; /* the key was reported as a duplicate */

	char *bytes() noexcept { return reinterpret_cast<char *>(this) + MAXALIGN(sizeof(*this)); }
	MinimalTuple image() noexcept { return reinterpret_cast<MinimalTuple>(bytes()); }
	MinimalTuple extra() noexcept
	{
		return extent.second == 0 ? nullptr
								  : reinterpret_cast<MinimalTuple>(bytes() + extent.second);
	}
	/* Bytes that header and row take together, and so the distance to the next row. */
	static std::size_t footprint(RowExtent extent) noexcept
	{
		return MAXALIGN(sizeof(StagedRow)) + MAXALIGN(extent.total);
	}
};

/* A row of the target; its bytes are wherever the reader of the row keeps them. */
struct TargetRow {
	uint64 hash = 0;
	RowExtent extent;
	RowId id;
	char *bytes = nullptr;

	MinimalTuple image() const noexcept { return reinterpret_cast<MinimalTuple>(bytes); }
	MinimalTuple carried() const noexcept
	{
		return extent.second == 0 ? nullptr
								  : reinterpret_cast<MinimalTuple>(bytes + extent.second);
	}
};

/* Measures and forms the bytes of rows that consist of one tuple or two. */
class RowFormer {
  public:
	/* `second` may be nullptr. In the current memory context. Throws pg::Error. */
	RowFormer(TupleDesc first, TupleDesc second) : first_(first)
	{
		if (second != nullptr)
			second_.emplace(second);
	}

	/* `values` has the columns of the first tuple and then those of the second. Both raise. */
	RowExtent measure(const Datum *values, const bool *nulls) const
	{
		RowExtent extent;
		extent.total = static_cast<uint32>(first_.size(values, nulls));
		if (second_) {
			extent.second = static_cast<uint32>(MAXALIGN(extent.total));
			extent.total =
				extent.second + static_cast<uint32>(second_->size(values + first_.columns(),
																  nulls + first_.columns()));
		}
		return extent;
	}

	void form(const Datum *values, const bool *nulls, RowExtent extent, char *at) const
	{
		if (!second_) {
			first_.form(values, nulls, at, extent.total);
			return;
		}
		first_.form(values, nulls, at, first_.size(values, nulls));
		second_->form(values + first_.columns(), nulls + first_.columns(), at + extent.second,
					  extent.total - extent.second);
	}

  private:
	pg::TupleFormer first_;
	std::optional<pg::TupleFormer> second_;
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

} // namespace bulk_sync
