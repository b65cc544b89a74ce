/*
 * The scan of the target: rows within the scope, handed to the diff as they come.
 */
#pragma once

#include "pg/statement.hpp"
#include "diff/diff.hpp"
#include "plan/scope.hpp"

namespace bulk_sync {

/* The row id at the front of a row that a statement on the target gives. */
RowId row_id_of(TupleTableSlot *slot);

/* Refuses a target of which some rows in scope have no row ids, without asking for these. Throws
 * pg::Error, 0A000. */
void require_row_ids(const Scope &scope, const pg::Relation &target, Snapshot snapshot);

/*
 * Reads the target's rows in scope into the diff. With `matches_only`, only rows that have a key of
 * staging are of interest; then the planner may choose to look them up instead of reading the
 * scope. Workers may take part if what the sink of the diff does with a row is `parallel` safe, and
 * if the functions of the keys are. Throws pg::Error.
 */
void scan_target(const ColumnMap &map, const Scope &scope, const pg::Relation &target,
				 Snapshot snapshot, bool matches_only, pg::Parallel parallel, Diff &diff);

} // namespace bulk_sync
