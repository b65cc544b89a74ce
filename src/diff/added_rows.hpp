/*
 * The new rows of staging where the diff has them anyway: in the arena, which is kept for as long
 * as they are to be written. Where nearly everything is new, as in a first load, that saves a store
 * with a copy of each row.
 */
#pragma once

#include "diff/row_shape.hpp"
#include "diff/staged_rows.hpp"
#include "pg/row_source.hpp"

namespace bulk_sync {

/* Gives those of the staged rows that nothing matched, in the order of staging and as the diff keeps
 * them: each column where the shape of the staged rows says. */
class AddedRows final : public pg::RowSource {
  public:
	/* Takes the rows, which are all of staging, out of the diff; their memory becomes a part of
	 * `owner`, the current context. Raises. */
	AddedRows(StagedRows &rows, const RowShape &shape);

	uint64 count() const noexcept override { return count_; }
	TupleDesc tuple_desc() const noexcept override { return desc_; }
	PG_RAISES void open() override;
	PG_RAISES TupleTableSlot *next() override;
	PG_RAISES void close() override;

	/* Which attribute of the tuples a column of a staged row is; both from 0. */
	int attribute(std::size_t column) const noexcept { return attributes_[column]; }

	/* Frees the rows. Raises. */
	PG_RAISES void release() { arena_.release(); }

  private:
	uint64 count_;
	RowArena arena_;
	RowArena::Place place_; /* of the next row */
	TupleDesc desc_;
	int *attributes_;
	TupleTableSlot *slot_ = nullptr;
};

} // namespace bulk_sync
