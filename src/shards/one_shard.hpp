/*
 * A call that is about one shard: the sums over all shards are its own, so that it may find, check
 * and write in one go.
 */
#pragma once

#include "call/progress.hpp"
#include "call/sync.hpp"
#include "shards/distributed_call.hpp"

namespace bulk_sync::shards {

/* Throws pg::Error. */
Stats sync_one_shard(const DistributedCall &call, const Carrier &carrier, CallProgress &progress);

} // namespace bulk_sync::shards
