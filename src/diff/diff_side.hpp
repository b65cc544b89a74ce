/*
 * The sides of a diff: the shape of their rows, what hashes them, and what compares those of the
 * target with those of staging.
 *
 * The rows of a target may be stored in several tables: partitions and children have their columns
 * in orders of their own, lack some in older rows, and have others besides. Each table has a side,
 * and those whose tuples are laid out alike share one.
 */
#pragma once

#include <optional>

#include "diff/key_hash.hpp"
#include "diff/row_comparison.hpp"

namespace bulk_sync {

struct DiffSide {
	RowShape shape;
	KeyHash hash;
	std::optional<pg::TupleBuilder>
		builder; /* of values; nothing when tuples come as they are stored */

	/* In the current memory context. Throws pg::Error. */
	DiffSide(const ColumnMap &map, RowShape &&of, bool forms);
	DiffSide(const DiffSide &) = delete;
	DiffSide &operator=(const DiffSide &) = delete;

	/* Bytes that build() writes for this row at the most. Raises. */
	PG_RAISES std::size_t most_bytes(const Datum *values, const bool *nulls) const;
};

/* One of the target. */
struct TargetSide : DiffSide {
	RowComparison comparison;

	/* The map and the shape of the staged rows outlive it. Throws pg::Error. */
	TargetSide(const ColumnMap &map, const RowShape &staged, RowShape &&of, bool forms);
};

/* All of the target. */
class TargetSides {
  public:
	/* In the current memory context. The map outlives it. Throws pg::Error. */
	explicit TargetSides(const ColumnMap &map);

	/* For values that tuples are formed of, from whatever table; `target` describes the target.
	 * Throws pg::Error. */
	TargetSide *formed(const RowShape &staged, TupleDesc target);

	/*
	 * For tuples that `table` stores with the descriptor `desc`, which may be the one of the cache.
	 * `columns` tells for each column of the target, by its number less one, which one of the table
	 * it is. With `keeps`, the sides of the tables before are kept, for their rows are to be read
	 * again; else they may be gone now. Throws pg::Error.
	 */
	TargetSide *stored(const RowShape &staged, TupleDesc desc, Oid table, const AttrNumber *columns,
					   bool keeps);

	/* The side of a row that was read before. It is found at once when rows come in the order of
	 * the tables. */
	TargetSide *of(Oid table) noexcept;

  private:
	struct Table {
		Oid oid;
		TargetSide *side;
	};

	void locate_columns(const AttrNumber *columns);
	TargetSide *alike(TupleDesc desc) const;
	template <typename MakeShape>
	TargetSide *add(const RowShape &staged, bool forms, MakeShape &&make_shape);

	const ColumnMap &map_;
	MemoryContext context_;	 /* of the sides */
	Vector<int> attributes_; /* the columns of a row, in the table that is being looked at */
	Vector<TargetSide *> sides_;
	Vector<Table> tables_; /* whose sides are kept, in the order they were read */
	std::size_t last_ = 0; /* the one that was asked for last */
};

} // namespace bulk_sync
