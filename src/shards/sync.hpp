/*
 * The same calls on a table that lies on several machines, as Citus distributes it.
 *
 * The node that was called, which may be any, decides; the work is done where the rows are. All of
 * it is one distributed transaction:
 *
 *   classify   which kind of table it is, and which shards are concerned: all, or the one that the
 *              filter names (shards/distribution, shards/distributed_call, plan)
 *   rights     as on one machine, on the table as it is known here; make_plan() says what is wrong
 *              with the arguments
 *   refuse     what would not be the same on several machines
 *   mark       a write of no row to each shard, so that the commit is in two phases
 *              (Carrier::mark)
 *   wait       for other calls over all shards, on the node with the first one, whichever node was
 *              called: shard by shard alone, two of them could wait for each other
 *   divide     rows of staging that are elsewhere go to a file for each shard (shards/divide)
 *   find       each shard, at the same time: the diff of its part, and the changes kept in the
 *              session of that node (shards/on_shard); what was found comes back as data
 *   check      duplicates, guards, rows out of scope: the sums over all shards, by the checks of
 *              one machine
 *   apply      each shard writes what its session kept; conflicts are tried again there
 *   copy       of a reference table, one copy went through the steps so far; now each of the others
 *              does the same (Carrier::send_to_copies)
 *   report     the sums, with the guards asked once more
 *
 * What a session keeps belongs to its transaction, or to the savepoint that Citus set there for
 * one that the caller has set here: after an error nothing of it is left.
 */
#pragma once

#include "call/sync.hpp"
#include "shards/task.hpp"

namespace bulk_sync::shards {

/* Makes the target match staging, wherever it is; `result` as in bulk_sync::synchronize(). Throws
 * pg::Error. */
Stats synchronize(const SqlCall &call, const Request &request, pg::ResultRows *result);

} // namespace bulk_sync::shards
