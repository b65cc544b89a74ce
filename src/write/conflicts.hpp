/*
 * What other transactions have done since an old snapshot, where no error of the server tells.
 */
#pragma once

#include "diff/change_set.hpp"
#include "plan/scope.hpp"

namespace bulk_sync {

/* Is there now a committed row in scope that has the key of a row which the diff found new? Reads
 * the target anew. Throws pg::Error. */
bool new_keys_exist_by_now(const ColumnMap &map, const Scope &scope, ChangeSet &changes,
						   const pg::Relation &target);

/* Have the rows in scope changed since the snapshot in any way? Reads the scope twice. Throws
 * pg::Error. */
bool scope_changed_since(Snapshot snapshot, const Scope &scope, const pg::Relation &target);

} // namespace bulk_sync
