/*
 * Calls by a filter that no row of the target can satisfy, in whichever shard it is: it compares
 * the distribution column with NULL, or with a value that the column's type does not have. So no
 * shard is asked, and the node that was called does what one machine does with rows of staging that
 * are all new and out of scope.
 */
#pragma once

#include "call/phases.hpp"
#include "pg/result_rows.hpp"

namespace bulk_sync::shards {

/* All throw pg::Error: what reading and converting staged rows raises, and what the checks say. */
Stats sync_empty_scope(const Call &call);
void compare_empty_scope(const Plan &plan, const Staging &staging, pg::ResultRows &result);

/* Reads and converts the rows of staging, for the errors alone. */
void read_staging(const Plan &plan, const Staging &staging);

} // namespace bulk_sync::shards
