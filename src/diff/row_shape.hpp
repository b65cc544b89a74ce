/*
 * The shape of the tuples that one side of the diff has: where in them the columns are that it is
 * about.
 */
#pragma once

#include "pg/tuple.hpp"
#include "pg/tuple_layout.hpp"
#include "plan/column_map.hpp"

namespace bulk_sync {

using pg::TupleView;

/* A row taken apart; the arrays live as long as the memory context they were made in. */
struct RowValues {
	Datum *values = nullptr;
	bool *nulls = nullptr;

	/* Room for `columns` values, in the current memory context. Throws pg::Error. */
	static RowValues with_room_for(int columns);
};

/*
 * Columns of a row are those of the image, and behind them the ones that only this side has: the
 * extra columns of staging, the carried ones of the target. Each is an attribute of the tuple,
 * counted from 0; a tuple that is stored in a table has others besides.
 */
class RowShape {
  public:
	/* Tuples of a relation as they are stored. `desc` may be the one of the relation's cache entry,
	 * of which a copy is made: it knows the stored defaults. `attributes` are the columns of
	 * the image and the carried ones in that table. In the current memory context, as the
	 * following. Throw pg::Error. */
	static RowShape of_staging(const ColumnMap &map, TupleDesc desc);
	static RowShape of_target(TupleDesc desc, const Vector<int> &attributes);

	/* Is it what of_target() would make? Raises. */
	PG_RAISES bool is_of(TupleDesc desc, const Vector<int> &attributes) const;

	/*
	 * Tuples that are formed for the diff, of columns of the target; `desc` is the target's. The
	 * image comes first, in the order that makes its bytes most alike to those of the other side:
	 * for staging, which is read first, the order of the target, and for the target the one of
	 * `staged`.
	 */
	static RowShape formed_staging(const ColumnMap &map, TupleDesc desc);
	static RowShape formed_target(const ColumnMap &map, TupleDesc desc, const RowShape &staged);

	TupleDesc desc() const noexcept { return desc_; }
	const pg::TupleLayout &layout() const noexcept { return layout_; }
	int columns() const noexcept { return static_cast<int>(attributes_.size()); }
	int attribute(int column) const noexcept { return attributes_[column]; }

	/* For each attribute of a formed tuple, the column that it is. Throws std::bad_alloc. */
	Vector<int> sources() const;

	/* Takes a tuple apart into its columns; values by reference point into it. Raises. */
	PG_RAISES void take_apart(const TupleView &tuple, Datum *values, bool *nulls) const;

	/* One column. Raises. */
	PG_RAISES Datum value(const TupleView &tuple, int column, bool &is_null) const;

  private:
	RowShape(TupleDesc desc, Vector<int> attributes);
	static RowShape formed(const ColumnMap &map, TupleDesc desc, const Vector<int> &order,
						   const Vector<AttrNumber> &behind);

	TupleDesc desc_;
	pg::TupleLayout layout_;
	Vector<int> attributes_;
	RowValues whole_; /* room for all attributes */
};

} // namespace bulk_sync
