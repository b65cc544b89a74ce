/*
 * A call on a distributed table, as the node that was called sees it: which shards it is about, and
 * how rows of staging come to them.
 */
#pragma once

#include "call/progress.hpp"
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
	CallProgress &progress;
};

/* All shards, or the only one that can have rows of the call. Throws pg::Error, 0A000 when the keys
 * do not say in which shard a row is. */
Carrier carrier_for(const DistributedCall &call);

/* Rows of staging as the shards read them: in the shards beside theirs, or from files. */
struct Spread {
	bool in_place = false;
	Divided divided;
};

/* Throws pg::Error, what reading and converting staged rows raises. */
Spread spread_staging(const DistributedCall &call, const Carrier &carrier);

} // namespace bulk_sync::shards
