/*
 * Rows of the target as rows of a result: what happened, and as JSON the key, the old row, the new
 * row, and the columns that changed. bulk_compare() has them of what differs, and
 * bulk_sync_returning() of what was written.
 */
#pragma once

#include <algorithm>

#include "pg/error_context.hpp"
#include "pg/generated.hpp"
#include "pg/json_writer.hpp"
#include "pg/result_rows.hpp"
#include "pg/scratch.hpp"
#include "diff/row_shape.hpp"
#include "plan/plan.hpp"

namespace bulk_sync {

class RowWriter {
  public:
	/* In the current memory context. Throws pg::Error. */
	RowWriter(const Plan &plan, pg::ResultRows &result);

	/*
	 * Puts a row into the result: `fill` says by the functions below what is in it, the key first.
	 * It runs in memory that is emptied afterwards, and an error in it gets the column and the key
	 * as its context. Raises what `fill` raises.
	 */
	template <typename Fill> void put(const char *action, Fill &&fill)
	{
		scratch_.run([&] {
			pg::with_error_context([&] { add_context(); },
								   [&] {
									   start();
									   fill();
									   finish(action);
								   });
		});
	}

	/* The key, whose values are the first of `key`, which holds until the row is put. */
	PG_RAISES void set_key(const RowValues &key);

	/* Whole rows; arrays by column number less one. Of a pair, `changed` are the columns that the
	 * row says were changed; nullptr: those whose stored images differ. */
	PG_RAISES void set_old(const RowValues &row);
	PG_RAISES void set_new(const RowValues &row);
	PG_RAISES void set_same(const RowValues &row);
	PG_RAISES void set_pair(const RowValues &old_row, const RowValues &new_row,
							const bool *changed);
	/* A new row that is not stored: the columns that get a value before defaults. `staged` has the
	 * columns of the image and behind them the extra ones. */
	PG_RAISES void set_added(const RowValues &staged);

	/* Have the rows other images in this column, counted from 0? Raises. */
	PG_RAISES static bool differs(const pg::ColumnType &type, const RowValues &left,
								  const RowValues &right, int at)
	{
		if (left.nulls[at] || right.nulls[at])
			return left.nulls[at] != right.nulls[at];
		return left.values[at] != right.values[at] &&
			   !pg::same_image(type, left.values[at], right.values[at]);
	}

	/* Gives a row that is foreseen the time in the touched columns. */
	void touch(RowValues &row) const noexcept;

	/* Generated columns of a row that is put; they see the caller's settings. */
	pg::GeneratedColumns &generated() noexcept { return generated_; }

  private:
	enum Field { action_text, key_object, old_object, new_object, changes_object, field_count };

	PG_RAISES void start();
	PG_RAISES void finish(const char *action);
	PG_RAISES void add_context();
	void set(Field field, Datum value) noexcept
	{
		fields_[field] = value;
		nulls_[field] = false;
	}

	PG_RAISES Datum whole(const RowValues &row);
	PG_RAISES void write_pair(const RowValues &old_row, const RowValues &new_row,
							  const bool *changed);
	PG_RAISES bool write_both(const pg::Attribute &attribute, const RowValues &old_row,
							  const RowValues &new_row, pg::JsonText texts[2]);
	PG_RAISES Datum added(const RowValues &staged);
	PG_RAISES pg::JsonText write(const pg::JsonColumn &column, Datum value, bool is_null);
	const pg::JsonColumn &json(AttrNumber column) const
	{
		return columns_[column_positions_[column - 1]];
	}

	const ColumnMap &map_;
	const pg::Relation &target_;
	pg::ResultRows &result_;
	pg::GeneratedColumns generated_;
	pg::Scratch scratch_;			 /* for one row */
	Vector<pg::JsonColumn> columns_; /* of the target, in its order */
	Vector<int> column_positions_;	 /* in columns_, by column number less one */
	Vector<InsertDefault> touched_;	 /* what touched columns get in rows that are foreseen */
	pg::JsonValues values_;
	Datum fields_[field_count] = {};
	bool nulls_[field_count] = {};

	/* For the context of errors: the column whose value is being written, and the row's key once
	 * that could be written. */
	const char *written_column_ = nullptr;
	const RowValues *key_ = nullptr;
};

} // namespace bulk_sync
