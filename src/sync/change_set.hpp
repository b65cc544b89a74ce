/*
 * The change set: what has to be written, set aside between the diff and the writes.
 *
 * Deletes, or the rows to mark instead, are row ids; updates are row ids, the new values of the whole
 * image, and the carried columns as they are; inserts are the image and the extra columns, in groups
 * by which columns take their default instead of a NULL.
 */
#pragma once

#include "pg/row_store.hpp"
#include "sync/diff.hpp"

namespace bulk_sync {

/* Rows to insert whose NULLs stand for the default in the same columns. */
struct InsertGroup {
	Vector<bool> defaulted; /* a flag for each image column, then for each extra column */
	pg::RowStore rows;
};

class ChangeSet final : public DiffSink {
  public:
	/* Empty, in the current memory context and resource owner. Throws pg::Error. */
	ChangeSet(const ColumnMap &map, const Request &request);

	void added(StagedRow *row) override;
	void updated(const ChangedRow &row) override;
	void removed(const TargetRow &row) override;
	void unchanged(const TargetRow &, StagedRow *) override {}

	const pg::RowStore &deletes() const noexcept { return deletes_; }
	const pg::RowStore &updates() const noexcept { return updates_; }
	Vector<InsertGroup> &inserts() noexcept { return inserts_; }
	uint64 insert_count() const noexcept;
	/* Image columns that changed in at least one row to update. */
	const Vector<bool> &changed_columns() const noexcept { return changed_columns_; }

	/* Rows found new or changed that an option keeps from being written. */
	uint64 skipped_creates() const noexcept { return skipped_creates_; }
	uint64 skipped_updates() const noexcept { return skipped_updates_; }

	bool is_empty() const noexcept
	{
		return deletes_.count() == 0 && updates_.count() == 0 && inserts_.empty();
	}

	/* Frees the stores. Throws pg::Error. */
	void finish();

  private:
	pg::RowStore &group_for_row();
	void fill_row_id(const RowId &id) noexcept;

	const ColumnMap &map_;
	const Request &request_;
	MemoryContext context_;
	pg::RowStore deletes_;
	pg::RowStore updates_;
	TupleDesc insert_desc_;
	Vector<InsertGroup> inserts_;
	Vector<int> defaulting_; /* columns in which a NULL takes the default */
	Vector<bool> changed_columns_;
	uint64 skipped_creates_ = 0;
	uint64 skipped_updates_ = 0;

	RowValues row_; /* of the store that is being written to */
	ItemPointerData tid_ = {};
	Vector<bool> defaulted_;
};

} // namespace bulk_sync
