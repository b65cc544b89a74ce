/*
 * How the diff keeps a row in memory and in its files: a fixed header, and the row's bytes right
 * behind it. The bytes are the image, a minimal tuple of the columns that both sides compare, and
 * after it, if there is one, a second tuple: on the staging side the columns that only new rows
 * need, on the target side the columns read along.
 */
#pragma once

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

/* Measures and forms the bytes of rows that consist of one tuple or two. Both raise. */
class RowFormer {
  public:
	RowFormer(TupleDesc first, TupleDesc second) noexcept : first_(first), second_(second) {}

	/* `values` has the columns of the first tuple and then those of the second. */
	RowExtent measure(const Datum *values, const bool *nulls) const
	{
		RowExtent extent;
		extent.total = static_cast<uint32>(pg::tuple_size(first_, values, nulls));
		if (second_ != nullptr) {
			extent.second = MAXALIGN(extent.total);
			extent.total = extent.second +
						   static_cast<uint32>(pg::tuple_size(second_, values + first_->natts,
															  nulls + first_->natts));
		}
		return extent;
	}

	void form(const Datum *values, const bool *nulls, RowExtent extent, char *at) const
	{
		if (second_ == nullptr) {
			pg::form_tuple(first_, values, nulls, at, extent.total);
			return;
		}
		pg::form_tuple(first_, values, nulls, at, pg::tuple_size(first_, values, nulls));
		pg::form_tuple(second_, values + first_->natts, nulls + first_->natts, at + extent.second,
					   extent.total - extent.second);
	}

  private:
	TupleDesc first_;
	TupleDesc second_;
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
