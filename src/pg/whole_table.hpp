/*
 * All rows of a table, or of all partitions or children of one, without a plan. Of a scan that
 * filters and computes nothing, the planner has nothing to decide; for a small table, making its
 * plan and starting it takes most of the time.
 */
#pragma once

#include "pg/page_scan.hpp"

namespace bulk_sync::pg {

struct WholeTable {
	Vector<Oid> tables; /* that have the rows, locked, in the order in which a plan reads them */
	double rows = 0;	/* as many as the planner would expect */
};

/*
 * The tables to scan, if plain scans are what the server would do; nothing otherwise. So it is for
 * other storage than the heap, for tables with virtual generated columns, for what the planner
 * refuses (unlogged tables on a standby), and where an extension may change how tables are read, or
 * watches over what is executed. Policies are not looked at. Locks partitions and children as the
 * planner does. Throws Error.
 */
std::optional<WholeTable> without_plan(const Relation &relation, Snapshot snapshot);

/*
 * Gives all tuples of the tables that `snapshot` sees to the receiver, page by page. The rights on
 * `columns` of the relation are asked for, as at the start of a plan. Throws Error.
 */
void read_whole_table(const Relation &relation, const WholeTable &whole,
					  const Vector<AttrNumber> &columns, Snapshot snapshot,
					  StoredReceiver &receiver);

} // namespace bulk_sync::pg
