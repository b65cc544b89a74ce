/*
 * The writes: DELETE, UPDATE, INSERT, each one set-based statement, as one statement to the
 * outside.
 *
 * Deletes come first so that a unique value can go from a deleted row to an updated or a new one.
 * AFTER triggers, foreign keys among them, run once at the end and see the final state.
 */
#pragma once

#include "diff/change_set.hpp"
#include "diff/observer.hpp"
#include "write/sync_rows.hpp"

namespace bulk_sync {

/* Rows written, by what happened; and rows that a BEFORE trigger kept from being written. */
struct Written {
	uint64 created = 0;
	uint64 updated = 0;
	uint64 deleted = 0;
	uint64 suppressed = 0;
	uint64 suppressed_creates_and_updates = 0;
	/* Another transaction changed a row that the diff had decided on; nothing may stay of this. */
	bool conflict = false;
};

/*
 * Applies the change set under the snapshot of the diff. Throws pg::Error: what constraints,
 * triggers and policies raise; 27000 when a trigger of ours changed a row that was still to be
 * written; 42501 when a policy hides a row from the write that it had shown to the diff. `rows` is
 * told of each row; nullptr when nobody asks.
 */
Written apply_changes(const Plan &plan, ChangeSet &changes, Snapshot snapshot, Observer &observer,
					  SyncRows *rows);

} // namespace bulk_sync
