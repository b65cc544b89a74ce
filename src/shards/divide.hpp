/*
 * Staging that is not where the shards of the target are: its rows are read once, here, and written
 * to a file for each shard, from which the nodes fetch theirs (shards/part_staging.hpp). Citus
 * keeps such files for a distributed transaction and removes them at its end.
 */
#pragma once

#include "plan/plan.hpp"
#include "read/staging.hpp"
#include "shards/distribution.hpp"

namespace bulk_sync::shards {

struct Divided {
	const char *file = nullptr; /* the name of all of them, before the number of the shard */
	bool is_binary = false;
	/* Of the files' columns, the last of which may only say where a row belongs. */
	Vector<const char *> names;
	Vector<const char *> types;
	bool has_further_column = false;
	/* The target's column that rows are divided by; nullptr when all of them are in one file. */
	const char *column = nullptr;
	Vector<uint64> rows; /* of each file */
};

/* How rows are to be divided: by the hashes of all shards, or not at all, for the only shard that
 * the call is about. */
struct Division {
	const Distribution &target;
	bool is_whole = false;
};

/* Divide the rows of a relation, which is what `staging` reads, or the objects of the argument
 * "rows". Throw pg::Error: 42501 for policies that may hide rows, and what reading and converting
 * the rows raises. */
Divided divide_rows(const Plan &plan, const Staging &staging, const pg::Relation &relation,
					const Division &division);
Divided divide_objects(const Plan &plan, const Division &division);

} // namespace bulk_sync::shards
