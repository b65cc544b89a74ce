/*
 * Compares the images of two rows as they are stored, without taking them apart.
 *
 * Columns that follow one another in both tuples, at offsets that differ by the same distance, are
 * compared by one comparison of memory: the same NULLs and the same bytes are the same values, and
 * as values tell where they end, the bytes of one side are enough. Tuples with the same columns
 * throughout need not even a walk over them.
 *
 * Bytes that differ may still be the same values: short and long headers of varlenas, compression.
 */
#pragma once

#include "diff/row_shape.hpp"

namespace bulk_sync {

class RowComparison {
  public:
	/* The map and the shapes outlive it. In the current memory context. Throws std::bad_alloc. */
	RowComparison(const ColumnMap &map, const RowShape &staged, const RowShape &target);

	/* Have two rows the same image for sure? Their columns have to be looked at when not. Inlined
	 * by force: it is what a diff does. Raises. */
	PG_RAISES pg_attribute_always_inline bool is_same(const TupleView &staged,
													  const TupleView &target)
	{
		if (!is_prefix_ || staged.columns() < count_ || target.columns() < count_)
			return has_same_columns(staged, target);
		if (!is_whole_)
			return has_same_prefix(staged, target);
		return has_same_nulls(staged, target) && staged.data_length() == target.data_length() &&
			   pg::same_bytes(staged.data(), target.data(), staged.data_length());
	}

	/* Is one image the front of the other side's tuples, or all of them? */
	bool is_prefix() const noexcept { return is_prefix_; }

  private:
	/* A column of the image, in the order of the staged tuple. Attributes are counted from 0. */
	struct Compared {
		int column;
		int staged;
		int target;
		bool same_rules;
		bool follows; /* is it next to the one before, in both tuples? */
	};
	/* Bytes that are compared at once. */
	struct Stretch {
		uint32 staged = 0;
		uint32 target = 0;
		uint32 length = 0;
	};

	/* Are the same columns of the image, which are the first on both sides, NULL? */
	bool has_same_nulls(const TupleView &staged, const TupleView &target) const noexcept
	{
		return (!staged.has_nulls() && !target.has_nulls()) || has_same_bits(staged, target);
	}
	bool has_same_bits(const TupleView &staged, const TupleView &target) const noexcept;
	bool has_same_prefix(const TupleView &staged, const TupleView &target) const noexcept;
	PG_RAISES bool has_same_columns(const TupleView &staged, const TupleView &target);
	PG_RAISES bool has_same_value(const Compared &compared, const TupleView &staged,
								  const TupleView &target) const;
	PG_RAISES static Datum value(const RowShape &shape, const TupleView &tuple, int attribute,
								 int column, const uint32 *starts, bool &is_null);

	const ColumnMap &map_;
	const RowShape &staged_;
	const RowShape &target_;
	Vector<Compared> columns_;
	bool is_prefix_ = true;
	bool is_whole_; /* is the image all of the tuples, on both sides? */
	int count_;		/* of the columns */
	bool ends_staged_;
	bool ends_target_;
	int staged_needed_ = 0; /* attributes up to the last that is compared */
	int target_needed_ = 0;
	uint32 *staged_starts_; /* where those are in the pair that is being looked at */
	uint32 *target_starts_;
};

} // namespace bulk_sync
