/*
 * Rows that other transactions inserted with one of our new keys after the snapshot of the diff.
 */
#pragma once

#include "sync/change_set.hpp"
#include "sync/scope.hpp"

namespace bulk_sync {

/* Is there now a committed row in scope that has the key of a row which the diff found new? Reads
 * the target anew. Throws pg::Error. */
bool new_keys_exist_by_now(const ColumnMap &map, const Scope &scope, ChangeSet &changes,
						   const pg::Relation &target);

} // namespace bulk_sync
