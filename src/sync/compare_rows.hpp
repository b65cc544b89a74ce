/*
 * Differences as rows of bulk_compare(): status, key, old, new, changes.
 */
#pragma once

#include "pg/generated.hpp"
#include "pg/json_writer.hpp"
#include "pg/result_rows.hpp"
#include "sync/change_set.hpp"

namespace bulk_sync {

class CompareRows final : public DiffSink {
  public:
	/* `changes` gets the rows too, for the check of the scope; nullptr when there is none. In the
	 * current memory context. Throws pg::Error. */
	CompareRows(const Request &request, const ColumnMap &map, const pg::Relation &target,
				pg::ResultRows &result, ChangeSet *changes);

	void added(StagedRow *row, uint64 position) override;
	void updated(const ChangedRow &row) override;
	void removed(const TargetRow &row) override;
	void unchanged(const TargetRow &row, StagedRow *staged) override;

  private:
	enum Field { status, key, old_row, new_row, changes, field_count };

	void load(const TargetRow &row);
	Datum key_object(const RowValues &row);
	Datum whole_row();
	void put(const char *status_text);

	const Request &request_;
	const ColumnMap &map_;
	const pg::Relation &target_;
	pg::ResultRows &result_;
	ChangeSet *changes_;
	pg::GeneratedColumns generated_;
	MemoryContext context_; /* for one row */
	Vector<pg::JsonColumn> image_columns_;
	Vector<pg::JsonColumn> extra_columns_;
	Vector<pg::JsonColumn> default_columns_;
	Vector<pg::JsonColumn> target_columns_; /* all, in the target's order */
	RowValues image_;
	RowValues second_; /* extra or carried columns */
	RowValues row_;	   /* of the target, by column number less one */
	Datum fields_[field_count] = {};
	bool nulls_[field_count] = {};
};

} // namespace bulk_sync
