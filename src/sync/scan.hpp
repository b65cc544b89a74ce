/*
 * The two scans: rows of staging, converted to the target's types, and rows of the target within
 * the scope, each handed to the diff as it comes.
 */
#pragma once

#include "sync/diff.hpp"
#include "sync/scope.hpp"

namespace bulk_sync {

/* The row id at the front of a row that a statement on the target gives. */
RowId row_id_of(TupleTableSlot *slot);

/* Reads all of staging into the diff. Throws pg::Error; errors of a conversion say which column,
 * value and key they are about. */
void scan_staging(const ColumnMap &map, const pg::Relation &staging, Snapshot snapshot,
				  Diff &diff);

/*
 * Reads the target's rows in scope into the diff. With `matches_only`, only rows that have a key of
 * staging are of interest; then the planner may choose to look them up instead of reading the
 * scope. Throws pg::Error.
 */
void scan_target(const ColumnMap &map, const Scope &scope, const pg::Relation &target,
				 Snapshot snapshot, bool matches_only, Diff &diff);

} // namespace bulk_sync
