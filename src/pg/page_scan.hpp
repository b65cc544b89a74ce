/*
 * A sequential scan without the executor's step for each row: the pages of the heap, and the
 * condition of the plan.
 */
#pragma once

#include "pg/statement.hpp"

extern "C" {
#include "access/relscan.h"
#include "executor/execdesc.h"
}

namespace bulk_sync::pg {

/* Are the tuples of the relation kept by the heap? */
bool is_heap(::Relation relation) noexcept;

/*
 * Runs a query that ExecutorStart() has made ready and whose plan is a sequential scan of a heap.
 * Visibility, locks for serializable transactions and statistics are left to the heap's own scan.
 * Where a hook has put another node in the place of the scan, it raises 0A000. Raises.
 */
PG_RAISES void scan_pages(QueryDesc *query, PageReceiver &receiver);

/* Gives all tuples of a scan of a heap, which has just begun. Raises. */
PG_RAISES void scan_all_pages(TableScanDesc scan, PageReceiver &receiver);

} // namespace bulk_sync::pg
