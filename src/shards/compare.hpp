/*
 * bulk_compare() of a distributed table: each shard compares its part, side by side, and sends the
 * differences alone. Where the shards cannot be asked so, rows in scope come to the node that was
 * called, by Citus' planner, and are compared there as on one machine.
 */
#pragma once

#include "call/compare.hpp"
#include "shards/task.hpp"

namespace bulk_sync::shards {

/* The same as bulk_sync::compare() when Citus is not there. */
void compare(const SqlCall &call, const Request &request, pg::ResultRows &result);

} // namespace bulk_sync::shards
