/*
 * The helper table of a group of tables that are divided alike: one row in each shard, by which
 * SQL reaches all of them.
 */
#pragma once

#include "shards/distribution.hpp"

namespace bulk_sync::shards {

struct Helper {
	const char *name = nullptr; /* with its schema, quoted */
	/* Names of its shards without the schema, in the order of the target's. */
	Vector<const char *> shards;
};

/* Is there one that helper_of() would find? Throws pg::Error. */
bool has_helper(const char *schema, const pg::Relation &target, const Distribution &distribution);

/* Finds it in `schema`, which is quoted. Throws pg::Error, 55000: it is missing, or is not divided
 * as the target is, or belongs to a user whom the target's owner need not trust. */
Helper helper_of(const char *schema, const pg::Relation &target, const Distribution &distribution);

/* Throws pg::Error, 55000: the helper table has no row in some shard, because shards have been
 * split since it was made. */
[[noreturn]] void refuse_incomplete_helper(const pg::Relation &target);

/* Makes the helper table of the target's group, or fills it anew, and drops those of groups that
 * have no other tables any more; returns what it did, in words. The table goes with the extension
 * that `function` is of, and is in its schema. Throws pg::Error. */
const char *set_up(Oid function, Oid target);

} // namespace bulk_sync::shards
