/*
 * Scans without the executor's step for each row: the pages of the heap, and the condition of the
 * plan.
 */
#pragma once

#include "pg/statement.hpp"

extern "C" {
#include "executor/execdesc.h"
}

namespace bulk_sync::pg {

/* Are the tuples of the relation kept by the heap? */
bool is_heap(::Relation relation) noexcept;

/*
 * Runs a query that ExecutorStart() has made ready and whose plan reads_stored_tuples() of
 * `relation`, one table after the other. Visibility, locks for serializable transactions and
 * statistics are left to the heap's own scan. Where a hook has put another node in the place of one
 * of the plan's, it raises 0A000. Raises.
 */
PG_RAISES void scan_stored(QueryDesc *query, const Relation &relation, StoredReceiver &receiver);

/* Gives all tuples that `snapshot` sees in a table of the heap, which is `relation` or a partition
 * or child of it. Raises. */
PG_RAISES void scan_all_pages(::Relation table, const Relation &relation, Snapshot snapshot,
							  StoredReceiver &receiver);

} // namespace bulk_sync::pg
