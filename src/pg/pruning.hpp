/*
 * Leaving out partitions: what is known about the rows of a partitioned table before they are read,
 * and which of its partitions can hold such rows.
 */
#pragma once

#include "pg/expression.hpp"

namespace bulk_sync::pg {

/*
 * What follows from the filter for a row by itself: a condition that is true for each row for which
 * the filter is, and that stays so for as long as the row does: it has no sub-selects and no
 * functions that are not immutable. nullptr when there is no such condition. `company_id = 501 AND
 * hired < now()` gives `company_id = 501`. As it needs nothing but the row, it can be added to any
 * statement on rows that the filter let through, and the planner leaves out partitions by it. In
 * the current memory context. Throws Error, also what constants in the filter raise.
 */
Node *lasting_condition(const Filter &filter);

/*
 * The parts of such a condition by which the planner leaves out partitions of `members`, the
 * partitioned table `relation` or locked partitions of it; nullptr when there are none. Any other
 * part would be computed again, also for rows out of scope, for which it may raise: the rest of the
 * filter kept it from them. Throws Error.
 */
Node *partition_condition(Node *condition, const Relation &relation, const Vector<Oid> &members);

/* Adds a condition over the relation that the query writes, or else the first that it reads, to an
 * analyzed query. Raises. */
PG_RAISES void add_condition(Query *query, Node *condition);

/*
 * Locks those partitions of the partitioned table `relation`, itself locked in `mode`, that can
 * hold rows for which `condition` is true, and their indexes, in `mode`. It is the planner who
 * finds them, before it locks any. Returns the table and these partitions, partitioned ones among
 * them, each before its own partitions. One that is attached while we wait for a lock is there as
 * well. Throws Error.
 */
Vector<Oid> lock_partitions(const Relation &relation, Node *condition, LOCKMODE mode,
							Snapshot snapshot);

} // namespace bulk_sync::pg
