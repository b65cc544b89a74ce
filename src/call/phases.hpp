/*
 * The phases of a call, a function each, in the order in which they run:
 *
 *   prepare        locks, before any snapshot
 *   find_changes   both sides read and compared, and set aside what differs
 *   check          everything that may end the call before anything is written
 *   apply          the writes, in a subtransaction
 *   report         what was done, added up
 *
 * All but prepare belong to one attempt, on one snapshot. All throw pg::Error.
 */
#pragma once

#include "call/progress.hpp"
#include "call/sync.hpp"
#include "read/staging.hpp"
#include "write/apply.hpp"

namespace bulk_sync {

/* A call whose target and staging are open and locked. */
struct Call {
	const Plan &plan;
	const Staging &staging;
	CallProgress &progress;
	SyncRows *rows; /* gets the rows that are written; nullptr when nobody asks for them */
};

/* Waits for other calls that would write the same rows, and takes the locks on what the statements
 * of the call are going to read. */
void prepare(const Call &call);

/* Fills the change set, which is empty. The memory of the diff is free again afterwards. */
DiffResult find_changes(const Call &call, Snapshot snapshot, ChangeSet &changes);

/* Refuses duplicates (21000), more deletes than the guards allow (55000), and rows that would be
 * stored outside of the scope or with another key (44000, 22004). For syncs and comparisons
 * alike. */
void check(const Plan &plan, const DiffResult &found, ChangeSet &changes, Snapshot snapshot);

/* Writes the change set. When another transaction was faster, nothing of it stays, and the result
 * says conflict; `is_last` attempts give more errors out as they are. */
Written apply(const Call &call, ChangeSet &changes, Snapshot snapshot, bool is_last);

/* What apply() would have written. */
Written pretend(const Call &call, ChangeSet &changes, Snapshot snapshot);

/* The counts of the call. XX000 when they do not add up to the rows in staging. */
Stats report(const Call &call, const DiffResult &found, const ChangeSet &changes,
			 const Written &written);

} // namespace bulk_sync
