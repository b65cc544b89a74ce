/*
 * The locks of a call. All of them come before its snapshot: what the holder of a lock puts there
 * while we wait for it would be missed, and after its TRUNCATE there would be nothing at all.
 */
#pragma once

#include "plan/scope.hpp"
#include "read/staging.hpp"

namespace bulk_sync {

/* The lock that the call takes on the target and on scope.members. */
LOCKMODE target_lock(const Request &request);

/*
 * Locks the partitions of the target that can hold rows in scope, or all its children, in the mode
 * of the target, and notes them in scope.members. Those, and with allow_out_of_scope all others, must
 * be of kinds that can be synced. Throws pg::Error, 0A000.
 */
void lock_members(const Request &request, Scope &scope, const pg::Relation &target);

/*
 * Locks what the call is going to read besides the target: what is under staging views, the filter's
 * sub-selects, and the policies of row-level security that apply to the reads and writes which the
 * call may do. Throws pg::Error.
 */
void lock_sources(const Request &request, const ColumnMap &map, const Scope &scope,
				  const pg::Relation &target, const Staging &staging);

} // namespace bulk_sync
