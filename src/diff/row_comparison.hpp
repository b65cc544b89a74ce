/*
 * Compares the images of two rows as they are stored, without taking them apart.
 *
 * The columns of the image that follow one another in both tuples, by the same rules of layout, are a
 * run: the same NULLs and the same bytes are then the same values, and as a tuple's values tell where
 * they end, one comparison of memory is enough, over the bytes of one side. Bytes that differ may still
 * be the same values: short and long headers of varlenas, compression, a run that starts at another
 * offset and so has other padding, a column that an older row lacks.
 */
#pragma once

#include "diff/row_shape.hpp"

namespace bulk_sync {

class RowComparison {
  public:
	/* The map and the shapes outlive it. In the current memory context. Throws std::bad_alloc. */
	RowComparison(const ColumnMap &map, const RowShape &staged, const RowShape &target);

	/* Have two rows the same image for sure? Their columns have to be looked at when not. */
	bool same_runs(const TupleView &staged, const TupleView &target) noexcept
	{
		if (staged.columns() < staged_.needed || target.columns() < target_.needed)
			return false;
		if (!is_whole_)
			return same_each_run(staged, target);
		return staged.data_length() == target.data_length() && same_bitmaps(staged, target) &&
			   memcmp(staged.data(), target.data(), target.data_length()) == 0;
	}

	int run_count() const noexcept { return static_cast<int>(runs_.size()); }

  private:
	/* Attributes from 0, in either tuple. */
	struct Run {
		int staged;
		int target;
		int count;
		uint32 offset_mask;	  /* the bits of an offset that padding depends on */
		bool ends_staged;	  /* is nothing behind it? */
		bool ends_target;
	};

	/* One side: its shape, and where the attributes of a tuple start, once a walk has found out. */
	struct Side {
		const RowShape *shape;
		int needed = 0; /* attributes that a tuple must have */
		uint32 *starts = nullptr;
		bool located = false;

		uint32 start_of(const TupleView &tuple, int attribute) noexcept;
		uint32 end_of(const TupleView &tuple, int attribute) noexcept;
	};

	void add_runs(const ColumnMap &map);
	bool same_bitmaps(const TupleView &staged, const TupleView &target) const noexcept
	{
		if (staged.has_nulls() != target.has_nulls())
			return false;
		return !staged.has_nulls() ||
			   memcmp(staged.header->t_bits, target.header->t_bits, BITMAPLEN(staged_.needed)) == 0;
	}
	bool same_each_run(const TupleView &staged, const TupleView &target) noexcept;
	bool same_run(const Run &run, const TupleView &staged, const TupleView &target) noexcept;

	Side staged_;
	Side target_;
	Vector<Run> runs_;
	bool is_whole_; /* is a single run all that the tuples have? */
};

} // namespace bulk_sync
