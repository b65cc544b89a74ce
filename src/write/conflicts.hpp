/*
 * What other transactions have done since an old snapshot, where no error of the server tells.
 */
#pragma once

#include "diff/change_set.hpp"

namespace bulk_sync {

/* Throws pg::Error, 40001: rows of the target were changed while the call worked on them. */
[[noreturn]] void refuse_conflict(const pg::Relation &target);

/* Is there now a committed row in scope that has the key of a row which the diff found new? Reads
 * the target anew. Throws pg::Error. */
bool new_keys_exist_by_now(const Plan &plan, ChangeSet &changes);

/* lock => 'table' promises a result that is exact at commit, and the snapshot of a transaction may
 * be older than the lock. Reads the scope twice. Throws pg::Error, 40001. */
void refuse_stale_scope(const Plan &plan, Snapshot snapshot);

/* An old snapshot lacks what was inserted since, and without a unique index nothing notices. Throws
 * pg::Error, 40001. */
void refuse_unnoticed_inserts(const Plan &plan, ChangeSet &changes);

} // namespace bulk_sync
