/*
 * The change set: what has to be written, set aside between the diff and the writes.
 *
 * Deletes, or the rows to mark instead, are row ids; updates are row ids, the new values of the
 * whole image, and the carried columns as they are; inserts are the image and the extra columns,
 * and when they do not come in the order of staging their positions there. Where a good part of
 * staging is new, its rows are kept instead of put into a store, which is filled when somebody asks
 * for it.
 */
#pragma once

#include "pg/row_store.hpp"
#include "plan/plan.hpp"
#include "plan/stores.hpp"
#include "diff/added_rows.hpp"
#include "diff/diff_sink.hpp"

namespace bulk_sync {

class ChangeSet final : public DiffSink {
  public:
	/* Empty, in the current memory context and resource owner. Throws pg::Error. */
	explicit ChangeSet(const Plan &plan);

	void expect_disorder() override;
	PG_RAISES bool all_added(StagedRows &rows, const RowShape &shape) override;
	bool keeps_new_rows() const noexcept override { return !request_.skip_creates; }
	PG_RAISES void all_added(Spill &spill, const RowShape &shape) override;
	PG_RAISES void added(const AddedRow &row) override;
	PG_RAISES void updated(const ChangedRow &row) override;
	PG_RAISES void removed(const TargetRow &row) override;
	void unchanged(const TargetRow &, StagedRow *) override {}
	void held_back(const ChangedRow &) override { skipped_updates_++; }

	const pg::RowStore &deletes() const noexcept { return deletes_; }
	const pg::RowStore &updates() const noexcept { return updates_; }
	pg::RowStore &deletes() noexcept { return deletes_; }
	pg::RowStore &updates() noexcept { return updates_; }
	/* Filled from added_rows(), which are gone then, when there are any. Throws pg::Error. */
	pg::RowStore &inserts();
	/* What the INSERT has to know of inserts(). Throws std::bad_alloc. */
	InsertStore insert_store() const;
	uint64 insert_count() const noexcept
	{
		return added_ != nullptr ? added_->count() : inserts_.count();
	}
	/* The rows to insert where staging has them; nullptr when they are in the store. */
	AddedRows *added_rows() noexcept { return added_; }
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
		return deletes_.count() == 0 && updates_.count() == 0 && insert_count() == 0;
	}

	/* Frees the rows. Throws pg::Error. */
	void finish();

  private:
	/* What changed in rows to update of one table; flags for the image columns. */
	struct WatchedTable {
		Oid table;
		Vector<bool> changed;
		bool any; /* row to update */
	};

	void watch(const UsedColumns &used);
	PG_RAISES void note_defaults();
	PG_RAISES void store_added();
	Defaulted defaulted(std::size_t position) const noexcept;
	void fill_row_id(const RowId &id) noexcept;
	void note_changes(const ChangedRow &row) noexcept;

	const ColumnMap &map_;
	const Request &request_;
	MemoryContext context_;
	pg::RowStore deletes_;
	pg::RowStore updates_;
	pg::RowStore inserts_;
	AddedRows *added_ = nullptr; /* the rows to insert when they are not in the store */
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
