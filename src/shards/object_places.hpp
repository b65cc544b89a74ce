/*
 * Objects of the argument "rows" and the shards that they belong to.
 */
#pragma once

#include "plan/plan.hpp"
#include "shards/distribution.hpp"

namespace bulk_sync::shards {

/*
 * {3,0,..}: for each object the position of its shard in the distribution of the target, by the
 * hash of its member for `column`. An object without a value there is for the first shard, which
 * will refuse it. In the current memory context. Throws pg::Error, what the conversion raises, with
 * the element and the member in its context.
 */
const char *places_of_objects(const Plan &plan, const Column &column, const Distribution &target);

} // namespace bulk_sync::shards
