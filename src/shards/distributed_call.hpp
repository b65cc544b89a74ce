/*
 * A call on a distributed table, as the node that was called sees it: which shards it is about, and
 * how rows of staging come to them.
 */
#pragma once

#include "read/staging.hpp"
#include "shards/carrier.hpp"
#include "shards/divide.hpp"

namespace bulk_sync::shards {

/* The call, with both sides open. */
struct DistributedCall {
	const SqlCall &sql;
	const Plan &plan;
	const Staging &staging;
	const pg::Relation *relation; /* of staging; nullptr for objects */
	const Distribution &target;
	const Distribution &source; /* of staging */
	pg::RowReceiver *rows;		/* gets those that are written; nullptr when nobody asks for them */
};

/* Where rows in scope may be. Nowhere: the filter compares the distribution column with NULL, or
 * with what equals no value of its type. Unknown: the same key could be in several shards. */
enum class Reach { nowhere, one_shard, all_shards, unknown };

/* As keys and filter say, for a comparison. Throws pg::Error. */
Reach reach_of(const DistributedCall &call);

/* To all shards, or to the only one that can have rows of the call; nothing when none can. Throws
 * pg::Error, 0A000 when the keys do not say in which shard a row is. */
std::optional<Carrier> carrier_for(const DistributedCall &call);

/* Is all of it done by one shard, in one step? Not when rows come back from there. */
bool is_of_one_shard(const DistributedCall &call, const Carrier &carrier) noexcept;

/* Rows of staging as the shards read them: in the shards beside theirs, or from files. */
struct Spread {
	bool in_place = false;
	Divided divided;
};

/* As a sentence. */
const char *how_spread(const Spread &spread) noexcept;

/* Throws pg::Error, what reading and converting staged rows raises. */
Spread spread_staging(const DistributedCall &call, const Carrier &carrier);

} // namespace bulk_sync::shards
