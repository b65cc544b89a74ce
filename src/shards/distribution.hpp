/*
 * How Citus has distributed a table, as its catalogs say.
 */
#pragma once

#include "pg/memory.hpp"
#include "pg/relation.hpp"

namespace bulk_sync::shards {

using pg::Vector;

/* A part of a table, which is a table of its own on one of the nodes. */
struct Shard {
	int64 id = 0;
	const char *name = nullptr; /* with its schema, quoted */
	/* The hashes of the distribution column that it has; of the one shard of a table, none. */
	int32 least = 0;
	int32 most = 0;
};

struct Distribution {
	enum class Kind {
		none,	   /* no table of Citus */
		hash,	   /* rows go to shards by the hash of a column */
		single,	   /* one shard: without a distribution column, or in a distributed schema */
		local,	   /* on the coordinator alone, and known to all nodes */
		reference, /* the same rows on all nodes */
		other	   /* by ranges, or in the order in which rows were loaded */
	};
	Kind kind = Kind::none;
	int64 colocation = 0;		  /* number of the group of tables that are divided alike */
	const char *column = nullptr; /* of Kind::hash */
	/* In the order of their hashes. */
	Vector<Shard> shards;
	/* Has a shard more than one placement, or none that is in use? */
	bool is_replicated = false;

	bool is_distributed() const noexcept { return kind != Kind::none; }
	/* The position of the shard that has this hash; of Kind::hash, whose shards have all that there
	 * are. */
	std::size_t shard_with(int32 hash) const noexcept;
	/* Are the rows of both in the same shards when their distribution columns are equal? */
	bool is_colocated_with(const Distribution &other) const noexcept
	{
		return kind == other.kind && colocation == other.colocation && colocation != 0 &&
			   (kind == Kind::hash || kind == Kind::single);
	}
};

/* Of a relation that may be none of Citus', nor a table. In the current memory context. Asks the
 * catalogs of Citus, which has to be there. Throws pg::Error. */
Distribution distribution_of(Oid relation);

/* Is it a shard of some table? Throws pg::Error. */
bool is_shard(Oid relation);
/* And of this one? Throws pg::Error. */
bool is_shard_of(Oid shard, Oid table);

/* Numbers of all shards whose names errors of a call on this table may show: those of its group and
 * of reference tables; of a table without a group that others may refer to, theirs. Throws
 * pg::Error. */
Vector<int64> shards_in_errors(Oid table, const Distribution &distribution);

} // namespace bulk_sync::shards
