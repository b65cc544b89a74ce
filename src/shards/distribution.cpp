#include "shards/distribution.hpp"

#include <algorithm>

#include "pg/fail.hpp"
#include "pg/sql.hpp"

namespace bulk_sync::shards {

namespace {

pg::Parameters parameter(Oid relation)
{
	pg::Parameters parameters;
	parameters.add(OIDOID, ObjectIdGetDatum(relation), false);
	return parameters;
}

Distribution::Kind kind_of(char method, char model, int64 colocation)
{
	if (method == 'h')
		return Distribution::Kind::hash;
	if (method != 'n')
		return Distribution::Kind::other;
	if (model == 't')
		return Distribution::Kind::reference;
	return colocation == 0 ? Distribution::Kind::local : Distribution::Kind::single;
}

/* Citus leaves the schema out of a shard's name when it is public, quotes, and cuts long names by a
 * rule of its own. */
void read_shards(Oid relation, Distribution &distribution)
{
	pg::SqlRows const rows = pg::ask_often(
		"SELECT s.shardid, (SELECT CASE n.nspname WHEN 'public' THEN 'public.' ELSE '' END "
		"FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n "
		"ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE c.oid OPERATOR(pg_catalog.=) $1) "
		"|| pg_catalog.shard_name(s.logicalrelid, s.shardid), "
		"coalesce(s.shardminvalue, '0'), coalesce(s.shardmaxvalue, '0'), "
		"(SELECT pg_catalog.count(*) FROM pg_catalog.pg_dist_placement AS p "
		"WHERE p.shardid OPERATOR(pg_catalog.=) s.shardid) "
		"FROM pg_catalog.pg_dist_shard AS s WHERE s.logicalrelid OPERATOR(pg_catalog.=) $1 "
		"ORDER BY s.shardminvalue::pg_catalog.int8, s.shardid",
		parameter(relation));
	for (uint64 row = 0; row < rows.count(); row++) {
		Shard shard;
		shard.id = rows.number(row, 0);
		shard.name = rows.text(row, 1);
		shard.least = static_cast<int32>(rows.number(row, 2));
		shard.most = static_cast<int32>(rows.number(row, 3));
		distribution.is_replicated = distribution.is_replicated || rows.number(row, 4) != 1;
		distribution.shards.push_back(shard);
	}
}

} // namespace

std::size_t Distribution::shard_with(int32 hash) const noexcept
{
	auto const is_below = [](int32 found, const Shard &shard) { return found < shard.least; };
	auto const behind = std::upper_bound(shards.begin(), shards.end(), hash, is_below);
	return behind == shards.begin() ? 0 : behind - shards.begin() - 1;
}

Distribution distribution_of(Oid relation)
{
	Distribution distribution;
	if (!OidIsValid(relation))
		return distribution;
	pg::SqlRows const rows = pg::ask_often(
		"SELECT partmethod, repmodel, colocationid, "
		"CASE WHEN partkey IS NOT NULL "
		"THEN pg_catalog.column_to_column_name(logicalrelid, partkey) END "
		"FROM pg_catalog.pg_dist_partition WHERE logicalrelid OPERATOR(pg_catalog.=) $1",
		parameter(relation));
	if (rows.count() == 0)
		return distribution;
	distribution.colocation = rows.number(0, 2);
	distribution.kind = kind_of(*rows.text(0, 0), *rows.text(0, 1), distribution.colocation);
	distribution.column = rows.text(0, 3);
	if (distribution.kind != Distribution::Kind::other)
		read_shards(relation, distribution);
	return distribution;
}

bool is_shard(Oid relation)
{
	pg::SqlRows const rows =
		pg::ask_often("SELECT pg_catalog.relation_is_a_known_shard($1)", parameter(relation));
	return *rows.text(0, 0) == 't';
}

/* In the session that was called, Citus hides shards from queries of pg_class. */
bool is_shard_of(Oid shard, Oid table)
{
	const char *const name = pg::relation_name(shard);
	pg::Parameters parameters = parameter(shard);
	parameters.add(OIDOID, ObjectIdGetDatum(table), false);
	parameters.add(TEXTOID, pg::value_of("pg_catalog.text", name).value, false);
	pg::SqlRows const rows = pg::ask_often(
		"SELECT pg_catalog.relation_is_a_known_shard($1) AND EXISTS (SELECT "
		"FROM pg_catalog.pg_dist_shard AS s WHERE s.logicalrelid OPERATOR(pg_catalog.=) $2 "
		"AND $3 OPERATOR(pg_catalog.~~) ('%\\_' || s.shardid::pg_catalog.text))",
		parameters);
	return *rows.text(0, 0) == 't';
}

Vector<int64> shards_in_errors(Oid table, const Distribution &distribution)
{
	Vector<int64> ids;
	auto const add = [&](const pg::SqlRows &rows) {
		for (uint64 row = 0; row < rows.count(); row++)
			ids.push_back(rows.number(row, 0));
	};
	pg::Parameters colocation;
	colocation.add(INT8OID, Int64GetDatum(distribution.colocation), false);
	add(pg::ask_often(
		"SELECT s.shardid FROM pg_catalog.pg_dist_shard AS s JOIN pg_catalog.pg_dist_partition AS p "
		"ON p.logicalrelid OPERATOR(pg_catalog.=) s.logicalrelid "
		"WHERE p.colocationid OPERATOR(pg_catalog.=) $1 OR p.repmodel OPERATOR(pg_catalog.=) 't'",
		colocation));
	/* Distributed tables refer to those of their own group and to these. */
	if (distribution.kind == Distribution::Kind::reference ||
		distribution.kind == Distribution::Kind::local)
		add(pg::ask_often(
			"WITH RECURSIVE r(oid) AS (SELECT $1 UNION SELECT c.conrelid "
			"FROM pg_catalog.pg_constraint AS c, r WHERE c.contype OPERATOR(pg_catalog.=) 'f' "
			"AND c.confrelid OPERATOR(pg_catalog.=) r.oid) "
			"SELECT s.shardid FROM pg_catalog.pg_dist_shard AS s, r "
			"WHERE s.logicalrelid OPERATOR(pg_catalog.=) r.oid",
			parameter(table)));
	return ids;
}

} // namespace bulk_sync::shards
