/*
 * Differences as rows of bulk_compare(): status, key, old, new, changes.
 */
#pragma once

#include "pg/generated.hpp"
#include "pg/json_writer.hpp"
#include "pg/result_rows.hpp"
#include "pg/scratch.hpp"
#include "diff/change_set.hpp"

namespace bulk_sync {

class CompareRows final : public DiffSink {
  public:
	/* `changes` gets the rows too, for checks of what would be written; nullptr when there is none.
	 * In the current memory context. Throws pg::Error. */
	CompareRows(const Plan &plan, pg::ResultRows &result, ChangeSet *changes);

	/* A row is written as JSON when it comes, by output functions of all types. */
	bool is_parallel_safe() const noexcept override { return false; }
	PG_RAISES void added(const AddedRow &row) override;
	PG_RAISES void updated(const ChangedRow &row) override;
	PG_RAISES void removed(const TargetRow &row) override;
	PG_RAISES void unchanged(const TargetRow &row, StagedRow *staged) override;
	void held_back(const ChangedRow &) override {}

  private:
	enum Field { status, key, old_row, new_row, changes, field_count };

	template <typename Write>
	void put(const char *status_text, const RowValues &row, Write &&write);
	PG_RAISES void add_context();
	void set_fields(bool has_old, bool has_new, bool has_changes) noexcept;

	PG_RAISES void load(const TargetRow &row);
	void load_new(const ChangedRow &row);
	PG_RAISES Datum key_object(const RowValues &row);
	PG_RAISES Datum new_object();
	PG_RAISES Datum whole_row();
	PG_RAISES void write_pair(const ChangedRow &row);
	PG_RAISES pg::JsonText write(const pg::JsonColumn &column, Datum value, bool is_null);
	PG_RAISES void write_both(const pg::Attribute &attribute);
	const pg::JsonColumn &json(AttrNumber column) const
	{
		return columns_[column_positions_[column - 1]];
	}

	const Request &request_;
	const ColumnMap &map_;
	const pg::Relation &target_;
	pg::ResultRows &result_;
	ChangeSet *changes_;
	pg::GeneratedColumns generated_;
	pg::Scratch scratch_;			 /* for one row */
	Vector<pg::JsonColumn> columns_; /* of the target, in its order */
	/* The following are by column number less one. */
	Vector<int> column_positions_;
	Vector<pg::JsonText> old_texts_;
	Vector<pg::JsonText> new_texts_;
	RowValues row_;
	RowValues new_row_;

	RowValues image_; /* and behind it the extra or the carried columns */
	pg::JsonValues values_;
	bool *changed_; /* by column number less one: is it changed in the row that is being written? */
	Datum fields_[field_count] = {};
	bool nulls_[field_count] = {};

	/* For the context of errors: the column whose value is being written, and the row's key once
	 * that could be written. */
	const char *written_column_ = nullptr;
	const RowValues *key_ = nullptr;
};

} // namespace bulk_sync
