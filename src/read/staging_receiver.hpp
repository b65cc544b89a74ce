/*
 * Rows of staging that come from the executor: converted to the target's types, and handed to the
 * diff.
 */
#pragma once

#include "pg/scratch.hpp"
#include "pg/statement.hpp"
#include "read/staging.hpp"

namespace bulk_sync {

/* Looks at each row of staging, as it is after its conversion: values of the image, then of the
 * extra columns. */
class StagedRowCheck {
  public:
	PG_RAISES virtual void look_at(const Datum *values, const bool *nulls) = 0;

  protected:
	~StagedRowCheck() = default;
};

/* Is every value of staging stored as it is? */
bool needs_no_conversion(const ColumnMap &map);

/* May workers take part in reading staging? Rows are converted and hashed as they come, which is
 * while workers run. */
pg::Parallel parallel_for_staging(const ColumnMap &map);

/* Throws pg::Error, 42501: policies of row-level security may hide rows of staging. */
[[noreturn]] void refuse_policies(const Staging &staging);

/* Tells the observer when another so many rows have been read than the ones `before`. */
void tell_of_staging(const Diff &diff, uint64 before, Observer &observer) noexcept;

/* What the receiver has to know of the rows. */
struct StagedColumns {
	const ColumnMap &map;
	const char *description; /* of staging, for messages */
	/* Do TOAST pointers stay good, because we hold the table that they point into? */
	bool keeps_pointers = false;
	StagedRowCheck *check = nullptr;
};

/* Where it is in a row stays here, for the context of errors. */
class StagingReceiver final : public pg::RowReceiver {
  public:
	/* Throws pg::Error. */
	StagingReceiver(const StagedColumns &columns, Diff &diff, Observer &observer);

	PG_RAISES void row(TupleTableSlot *slot) override;

  private:
	bool has_pointer(TupleTableSlot *slot) const noexcept;
	PG_RAISES void convert_and_add(TupleTableSlot *slot);
	PG_RAISES void convert_row();
	PG_RAISES void convert(const Column &column);
	PG_RAISES void add_context();

	const ColumnMap &map_;
	const char *description_;
	Diff &diff_;
	Observer &observer_;
	bool keeps_pointers_;
	StagedRowCheck *check_;
	bool converts_;
	Vector<int> varlenas_; /* columns that may point elsewhere; none when pointers are kept */
	RowValues row_;
	pg::Scratch scratch_;
	TupleTableSlot *slot_ = nullptr;
	int position_ = 0; /* in the row of the diff */
	int staged_ = 0;   /* in the row of staging, which has no mark */
};

} // namespace bulk_sync
