/*
 * Whose row was in the way when a unique or exclusion constraint refused one of ours?
 *
 * A look at what is committed now cannot tell: the row may be gone again. But a registered snapshot
 * keeps every row that it does not see yet, inserted or updated into place since, in heap and index
 * even after it was deleted. So the table is searched with all its row versions for the refused
 * key.
 */
#pragma once

#include "pg/relation.hpp"

namespace bulk_sync::pg {

/* What was in the way, in the memory context that was current when it was looked for. */
struct Collision {
	/* The relation whose index refused the row: the target, a partition or a child. InvalidOid: the
	 * error is none of a unique or exclusion constraint of the target, and nothing else is set. */
	Oid table = InvalidOid;
	bool with_others = false; /* a row that another transaction committed after the snapshot */
	bool with_own = false;	  /* another row that the same attempt wrote */
	/* The refused row is gone: whoever comes upon what a rollback left behind may clear it away. */
	bool lost_refused = false;
	/* Is it a constraint that is checked row by row, and could be declared DEFERRABLE? */
	bool is_immediate_constraint = false;
	/* Names of the columns that the index uses: char *. */
	List *columns = NIL;
	/* The row versions with that key which the snapshot shows: HeapTuple, of this descriptor. */
	List *seen = NIL;
	TupleDesc desc = nullptr;
};

/*
 * Looks for what an error of the target tells of: 23505 or 23P01, raised in an attempt that read by
 * `snapshot`, wrote as (sub)transaction `writer` and is rolled back by now. `snapshot` must have
 * been registered all the time. Searches the one table that the error names: by the index where our
 * own row that was refused is found, else all of it. Throws Error.
 */
Collision find_collision(const ErrorData *error, const Relation &target, Snapshot snapshot,
						 TransactionId writer);

} // namespace bulk_sync::pg
