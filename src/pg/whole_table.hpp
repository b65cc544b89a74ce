/*
 * All rows of a table without a plan. Of a scan that filters and computes nothing, the planner has
 * nothing to decide; for a small table, making its plan and starting it takes most of the time.
 */
#pragma once

#include "pg/page_scan.hpp"

namespace bulk_sync::pg {

/*
 * Is a plain scan of the table what the server would do? Not so for other storage than the heap, for
 * tables with children or with virtual generated columns, for what the planner refuses (unlogged
 * tables on a standby), nor where an extension may change how tables are read, or watches over what
 * is executed. Policies are not looked at. Whether the server is in recovery is a flag in shared
 * memory, and asking for it raises nothing.
 */
PG_NEVER_RAISES bool needs_no_plan(const Relation &table) noexcept;

/* How many rows the planner would expect. Throws Error. */
double estimated_rows(const Relation &table);

/*
 * Gives all tuples of the table that `snapshot` sees to the receiver, page by page. The rights on
 * `columns` are asked for, as at the start of a plan. Locks are the caller's. Throws Error.
 */
void read_whole_table(const Relation &table, const Vector<AttrNumber> &columns, Snapshot snapshot,
					  PageReceiver &receiver);

} // namespace bulk_sync::pg
