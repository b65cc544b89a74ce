/*
 * What would not mean the same on several machines.
 */
#pragma once

#include "plan/plan.hpp"
#include "shards/distribution.hpp"

namespace bulk_sync::shards {

/* Both throw pg::Error, 0A000 or 55000, with the reason. The first needs nothing but the catalogs
 * of Citus; the second is about filter and update_when. */
void refuse_kind(Oid target, const Distribution &distribution);
void refuse_conditions(const Plan &plan);

/* The same, asked by those that know another way. Throw pg::Error. */
bool may_be_asked_on_shards(const Plan &plan);
bool has_metadata_everywhere();

/* Throws pg::Error, 0A000: a table that is none of Citus', but one of its shards. */
void refuse_shard_as_target(Oid target);

/* Throws pg::Error, 0A000: the keys of the call do not say in which shard a row is. */
[[noreturn]] void refuse_keys(const Plan &plan, const char *column);

} // namespace bulk_sync::shards
