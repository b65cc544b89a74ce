/*
 * Rows of the result of a call that come from the shards, side by side.
 */
#pragma once

#include "pg/result_rows.hpp"
#include "pg/row_store.hpp"
#include "pg/statement.hpp"

namespace bulk_sync::shards {

/* Puts each into the result as it comes. */
class RowsAsTheyCome final : public pg::RowReceiver {
  public:
	explicit RowsAsTheyCome(pg::ResultRows &result) noexcept : result_(result) {}
	PG_RAISES void row(TupleTableSlot *slot) override;

  private:
	pg::ResultRows &result_;
};

/* Puts deleted rows into the result as they come, and keeps the others back, so that updated and
 * then created ones follow; those of a shard in their order. */
class ReturnedRows final : public pg::RowReceiver {
  public:
	/* In the current memory context and resource owner. Throws pg::Error. */
	explicit ReturnedRows(pg::ResultRows &result);
	PG_RAISES void row(TupleTableSlot *slot) override;
	/* Puts those that were kept back. Throws pg::Error. */
	void finish();

  private:
	pg::ResultRows &result_;
	pg::RowStore updated_;
	pg::RowStore created_;
};

} // namespace bulk_sync::shards
