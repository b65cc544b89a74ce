/*
 * What Citus tells without SQL, and what a node of it needs of the server to work for another one.
 */
#pragma once

#include "pg/type.hpp"

namespace bulk_sync::pg {

/* Is the library of Citus loaded? It is in every session or in none. Asks no catalog; raises
 * nothing. */
PG_NEVER_RAISES bool citus_is_loaded() noexcept;

/* Is the extension there in this database? Throws Error. */
bool has_citus();

/* Is this session one that Citus has started on this node for another one? It knows its own by
 * application_name, as Citus does. Asks no catalog; raises nothing. */
bool is_started_by_citus() noexcept;

/* The schema of an SQL function, quoted. Throws Error. */
const char *schema_of_function(Oid function);

/* The relation of this name, qualified and quoted, under AccessShareLock; InvalidOid when there is
 * none. Throws Error. */
Oid relation_named(const char *name);

/* Has the table dropped along with the extension that the function belongs to, if it does to one.
 * Throws Error. */
void drop_with_extension_of(Oid function, Oid table);

/* The hash by which Citus says in which shard a value is: by the hash function of its type, as
 * worker_hash() does. */
class PlaceHash {
  public:
	/* In the current memory context. Throws Error. */
	static PlaceHash of(const ColumnType &type);

	/* Of a value that is not NULL. Raises. */
	PG_RAISES int32 of_value(Datum value) const;

  private:
	FmgrInfo *function_ = nullptr;
	Oid collation_ = InvalidOid;
};

/* The hashes that a shard has. */
struct HashRange {
	PlaceHash hash;
	int32 least = 0;
	int32 most = 0;

	/* Does a value, which is not NULL, belong to the shard? Raises. */
	PG_RAISES bool has(Datum value) const
	{
		int32 const found = hash.of_value(value);
		return found >= least && found <= most;
	}
};

/* Has a value of a built-in type the same bytes on all nodes, and functions that send and receive
 * them? OIDs of relations and the like differ from node to node. Throws Error. */
bool is_the_same_on_all_nodes(Oid type);

/* The name of a collation with its schema, quoted. Throws Error. */
const char *collation_name(Oid collation);

/* now() in text that does not depend on settings, and back: makes it the time at which this
 * transaction began. Throw Error. */
const char *transaction_time();
void set_transaction_time(const char *time);

/* Sets a parameter of the server up to the end of the scope, as SET LOCAL does. */
class LocalSettings {
  public:
	/* Throws Error. */
	LocalSettings();
	/* Throws Error. */
	void set(const char *name, const char *value) const;
	/* Sets all of them back. After an error the abort does. */
	void end() const;

	/* nullptr when there is no such parameter. Throws Error. */
	static const char *value_of(const char *name);

  private:
	int level_;
};

} // namespace bulk_sync::pg
