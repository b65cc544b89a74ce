/*
 * The scan of the target: rows within the scope, handed to the diff as they come.
 */
#pragma once

#include "diff/observer.hpp"

namespace bulk_sync {

/* The row id at the front of a row that a statement on the target gives. Raises 0A000 when a plan
 * of another extension gives none. */
PG_RAISES RowId row_id_of(TupleTableSlot *slot);

/* Refuses a target of which some rows in scope have no row ids, without asking for these. Throws
 * pg::Error, 0A000. */
void require_row_ids(const Plan &plan, Snapshot snapshot);

/* Which rows of the target are of interest? */
enum class Wanted {
	all_in_scope,
	matches, /* those that have a key of staging: the planner may choose to look them up */
};

/*
 * Reads the target's rows in scope into the diff. Workers may take part if the functions of the
 * keys are parallel safe, and what the sink of the diff does with a row. Throws pg::Error.
 */
void scan_target(const Plan &plan, Snapshot snapshot, Wanted wanted, const DiffSink &sink,
				 Diff &diff, Observer &observer);

} // namespace bulk_sync
