/*
 * Locks on what the statements of a call read besides its target and its staging.
 */
#pragma once

#include "plan/plan.hpp"

namespace bulk_sync {

/*
 * Locks what sub-selects of the filter and of the condition for updates read, and the policies of
 * row-level security that apply to the reads and writes which the call may do. To be called before
 * the snapshot of the call is taken: what the holder of a lock puts there while we wait for it
 * would be missed, and after its TRUNCATE there would be nothing at all. `snapshot` is for planning
 * alone. Throws pg::Error.
 */
void lock_what_is_read(const Plan &plan, Snapshot snapshot);

} // namespace bulk_sync
