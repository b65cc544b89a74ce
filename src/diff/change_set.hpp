/*
 * The change set: what has to be written, set aside between the diff and the writes.
 *
 * Deletes, or the rows to mark instead, are row ids; updates are row ids, the new values of the
 * whole image, and the carried columns as they are; inserts are the image and the extra columns,
 * and when they do not come in the order of staging their positions there.
 */
#pragma once

#include "pg/row_store.hpp"
#include "plan/plan.hpp"
#include "plan/stores.hpp"
#include "diff/diff_sink.hpp"

namespace bulk_sync {

class ChangeSet final : public DiffSink {
  public:
	/* Empty, in the current memory context and resource owner. Throws pg::Error. */
	explicit ChangeSet(const Plan &plan);

	void expect_disorder() override;
	PG_RAISES void added(const AddedRow &row) override;
	PG_RAISES void updated(const ChangedRow &row) override;
	PG_RAISES void removed(const TargetRow &row) override;
	void unchanged(const TargetRow &, StagedRow *) override {}
	PG_NEVER_RAISES void held_back(const ChangedRow &) override { skipped_updates_++; }

	const pg::RowStore &deletes() const noexcept { return deletes_; }
	const pg::RowStore &updates() const noexcept { return updates_; }
	const pg::RowStore &inserts() const noexcept { return inserts_; }
	pg::RowStore &deletes() noexcept { return deletes_; }
	pg::RowStore &updates() noexcept { return updates_; }
	pg::RowStore &inserts() noexcept { return inserts_; }
	/* What the INSERT has to know of inserts(). Throws std::bad_alloc. */
	InsertStore insert_store() const;
	/* Image columns that changed in at least one row to update. */
	const Vector<bool> &changed_columns() const noexcept { return changed_columns_; }

	/* Does this column of the target change in a row to update of this table? Asked about tables
	 * that compute a column which the checks look at from more than the target has. */
	bool changes_in(Oid table, AttrNumber column) const noexcept;

	/* Rows found new or changed that an option or the condition keeps from being written. */
	uint64 skipped_creates() const noexcept { return skipped_creates_; }
	uint64 skipped_updates() const noexcept { return skipped_updates_; }

	bool is_empty() const noexcept
	{
		return deletes_.count() == 0 && updates_.count() == 0 && inserts_.count() == 0;
	}

	/* Frees the stores. Throws pg::Error. */
	void finish();

  private:
	/* What changed in rows to update of one table; flags for the image columns. */
	struct WatchedTable {
		Oid table;
		Vector<bool> changed;
		bool any; /* row to update */
	};

	void watch(const UsedColumns &used);
	Defaulted defaulted(std::size_t position) const noexcept;
	void fill_row_id(const RowId &id) noexcept;
	void note_changes(const ChangedRow &row) noexcept;

	const ColumnMap &map_;
	const Request &request_;
	MemoryContext context_;
	pg::RowStore deletes_;
	pg::RowStore updates_;
	pg::RowStore inserts_;
	bool inserts_have_positions_ = false;
	Vector<int> defaulting_; /* columns in which a NULL takes the default */
	Vector<bool> has_null_;	 /* flags for the image columns and then the extra ones */
	Vector<bool> has_value_; /* likewise; both kept for defaulting columns alone */
	Vector<bool> changed_columns_;
	Vector<WatchedTable> watched_;
	uint64 skipped_creates_ = 0;
	uint64 skipped_updates_ = 0;

	RowValues row_; /* of the store that is being written to */
	ItemPointerData tid_ = {};
};

} // namespace bulk_sync
