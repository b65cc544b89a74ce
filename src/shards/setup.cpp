#include "shards/setup.hpp"

#include <algorithm>

#include "pg/citus.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "plan/sql_text.hpp"

namespace bulk_sync::shards {

namespace {

using pg::String;

/* Values that are tried for shards without one; a shard of a thousand is found by some of them. */
constexpr int candidates = 20000;

const char *helper_name(int64 colocation)
{
	return pg::format("bulk_sync_shards_" INT64_FORMAT, colocation);
}

const char *hint_for(const pg::Relation &target)
{
	return pg::format("Call SELECT bulk_sync_setup(%s), in a transaction of its own.",
					  pg::literal(target.qualified_name()));
}

[[noreturn]] void refuse_helper(const pg::Relation &target, const char *detail)
{
	pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			  .message = pg::format("\"%s\" is not set up for calls over all of its shards",
									target.name()),
			  .detail = detail,
			  .hint = hint_for(target)});
}

/* Zero rows when there is no such table; else its OID, and whether its owner may run code in the
 * name of whoever writes to the target in any case. */
pg::SqlRows look_for_helper(const char *schema, int64 colocation, Oid target)
{
	pg::Parameters parameters;
	parameters.add(OIDOID, ObjectIdGetDatum(target), false);
	String sql("SELECT h.oid, h.relkind OPERATOR(pg_catalog.=) 'r' AND "
			   "(h.relowner OPERATOR(pg_catalog.=) t.relowner OR r.rolsuper OR "
			   "r.rolname OPERATOR(pg_catalog.=) current_user) "
			   "FROM pg_catalog.pg_class AS h JOIN pg_catalog.pg_roles AS r "
			   "ON r.oid OPERATOR(pg_catalog.=) h.relowner, pg_catalog.pg_class AS t "
			   "WHERE t.oid OPERATOR(pg_catalog.=) $1 AND h.relname OPERATOR(pg_catalog.=) ");
	sql.append(pg::literal(helper_name(colocation)));
	sql.append(" AND h.relnamespace OPERATOR(pg_catalog.=) ");
	sql.append(pg::literal(schema)).append("::pg_catalog.regnamespace");
	return pg::run_sql(sql, parameters);
}

/* The last part of a name of a shard: it is never quoted, for the helper's name needs no quotes. */
const char *without_schema(const char *name)
{
	return strrchr(name, '.') + 1;
}

/* SQL for text that the type reads, of a number g; nullptr for types that have no such text. */
const char *candidate_for(const pg::ColumnType &type)
{
	switch (type.oid) {
	case UUIDOID:
		return "pg_catalog.md5(g::pg_catalog.text)";
	case DATEOID:
	case TIMESTAMPOID:
	case TIMESTAMPTZOID:
		return "(pg_catalog.date '2000-01-01' + g)::pg_catalog.text";
	default:
		return "g::pg_catalog.text";
	}
}

/*
 * A value for each shard that one of the candidates is for:
 *
 *   INSERT INTO helper SELECT v FROM (SELECT DISTINCT ON (shard) v, shard FROM (SELECT v,
 *   get_shard_id_for_distribution_column('public.employee', v) AS shard FROM (SELECT g::text::int
 *   AS v FROM generate_series(1, 20000) AS g) AS a OFFSET 0) AS b ORDER BY shard, v) AS c
 */
void fill(const char *helper, const pg::Relation &target, const char *column)
{
	const pg::ColumnType &type = target.find(column)->type;
	const char *const type_name = pg::full_name(type);
	String sql("INSERT INTO ");
	sql.append(helper).append(
		" SELECT v FROM (SELECT DISTINCT ON (shard) v, shard FROM (SELECT v, ");
	sql.append("pg_catalog.get_shard_id_for_distribution_column(");
	sql.append(pg::literal(target.qualified_name())).append(", v) AS shard FROM (SELECT (");
	sql.append(candidate_for(type)).append(")::").append(type_name);
	append_number(sql.append(" AS v FROM pg_catalog.generate_series(1, "), candidates);
	sql.append(") AS g) AS a OFFSET 0) AS b ORDER BY shard, v) AS c");
	pg::run_sql(sql);
}

/* For types whose values are not known beforehand, what the target has will do. */
void fill_from_target(const char *helper, const pg::Relation &target, const char *column)
{
	const char *const name = pg::quoted(column);
	String sql("INSERT INTO ");
	sql.append(helper).append(" SELECT DISTINCT ").append(name).append(" FROM ");
	sql.append(target.qualified_name()).append(" AS t WHERE NOT EXISTS (SELECT 1 FROM ");
	sql.append(helper).append(" AS h WHERE h.v = t.").append(name).append(")");
	pg::run_sql(sql);
}

/* The shards of the target that have a row of the helper. */
int64 filled_shards(const char *helper, const pg::Relation &target)
{
	String sql("SELECT pg_catalog.count(DISTINCT "
			   "pg_catalog.get_shard_id_for_distribution_column(");
	sql.append(pg::literal(target.qualified_name())).append(", v)) FROM (SELECT v FROM ");
	sql.append(helper).append(" OFFSET 0) AS h");
	return pg::run_sql(sql).number(0, 0);
}

void create(const char *helper, const pg::Relation &target, const char *column, Oid function)
{
	const pg::ColumnType &type = target.find(column)->type;
	String sql("CREATE TABLE ");
	sql.append(helper).append(" (v ").append(pg::full_name(type));
	if (OidIsValid(type.collation))
		sql.append(" COLLATE ").append(pg::collation_name(type.collation));
	pg::run_sql(sql.append(")"));
	sql.assign("SELECT pg_catalog.create_distributed_table(").append(pg::literal(helper));
	sql.append(", 'v', colocate_with => ").append(pg::literal(target.qualified_name())).append(")");
	pg::run_sql(sql);
	pg::drop_with_extension_of(function, pg::relation_named(helper));
	pg::run_sql(sql.assign("GRANT SELECT ON ").append(helper).append(" TO PUBLIC"));
}

void drop(const char *helper)
{
	pg::run_sql(String("DROP TABLE ").append(helper));
}

/* Drops those helper tables that the caller may drop and whose groups have no other tables any
 * more; returns their names, "" for none. */
String drop_leftovers(const char *schema)
{
	String sql("SELECT pg_catalog.quote_ident(c.relname) FROM pg_catalog.pg_dist_partition AS h "
			   "JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) h.logicalrelid "
			   "WHERE c.relname OPERATOR(pg_catalog.~) '^bulk_sync_shards_[0-9]+$' "
			   "AND pg_catalog.pg_has_role(c.relowner, 'USAGE') "
			   "AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_partition AS t "
			   "WHERE t.colocationid OPERATOR(pg_catalog.=) h.colocationid "
			   "AND t.logicalrelid OPERATOR(pg_catalog.<>) h.logicalrelid) "
			   "AND c.relnamespace OPERATOR(pg_catalog.=) ");
	sql.append(pg::literal(schema)).append("::pg_catalog.regnamespace");
	pg::SqlRows const leftovers = pg::run_sql(sql);
	String names;
	for (uint64 row = 0; row < leftovers.count(); row++) {
		const char *const name = pg::format("%s.%s", schema, leftovers.text(row, 0));
		drop(name);
		names.append(names.empty() ? "" : ", ").append(name);
	}
	return names;
}

/* Is it divided as the target is? */
bool is_helper_for(Oid table, const Distribution &distribution)
{
	Distribution const divided = distribution_of(table);
	return divided.is_colocated_with(distribution) &&
		   divided.shards.size() == distribution.shards.size();
}

/* What the table is, or was until now: one of another group, or none at all, is dropped. */
enum class State { missing, leftover, usable };

State prepare(const char *schema, const pg::Relation &target, const Distribution &distribution)
{
	pg::SqlRows const found = look_for_helper(schema, distribution.colocation, target.oid());
	if (found.count() == 0)
		return State::missing;
	if (is_helper_for(static_cast<Oid>(found.number(0, 0)), distribution))
		return State::usable;
	drop(pg::format("%s.%s", schema, helper_name(distribution.colocation)));
	return State::leftover;
}

/* A row in each shard. Throws pg::Error, 55000, when there are not enough values. */
void fill_all(const char *helper, const pg::Relation &target, const Distribution &distribution)
{
	fill(helper, target, distribution.column);
	auto const shards = static_cast<int64>(distribution.shards.size());
	if (filled_shards(helper, target) != shards)
		fill_from_target(helper, target, distribution.column);
	int64 const filled = filled_shards(helper, target);
	if (filled != shards)
		pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				  .message = pg::format("found values of \"%s\" for " INT64_FORMAT
										" of " INT64_FORMAT " shards",
										distribution.column, filled, shards),
				  .hint = "Try again when the table has rows in each shard."});
}

} // namespace

bool has_helper(const char *schema, const pg::Relation &target, const Distribution &distribution)
{
	pg::SqlRows const found = look_for_helper(schema, distribution.colocation, target.oid());
	return found.count() > 0 && *found.text(0, 1) == 't';
}

Helper helper_of(const char *schema, const pg::Relation &target, const Distribution &distribution)
{
	pg::SqlRows const found = look_for_helper(schema, distribution.colocation, target.oid());
	if (found.count() == 0)
		refuse_helper(target, nullptr);
	if (*found.text(0, 1) != 't')
		refuse_helper(target, pg::format("The owner of table \"%s\" is neither a superuser nor the "
										 "owner of \"%s\".",
										 helper_name(distribution.colocation), target.name()));
	Distribution const divided = distribution_of(static_cast<Oid>(found.number(0, 0)));
	if (!divided.is_colocated_with(distribution) ||
		divided.shards.size() != distribution.shards.size())
		refuse_helper(target, pg::format("Table \"%s\" is not divided as \"%s\" is.",
										 helper_name(distribution.colocation), target.name()));
	Helper helper;
	helper.name = pg::format("%s.%s", schema, helper_name(distribution.colocation));
	for (const Shard &shard : divided.shards)
		helper.shards.push_back(without_schema(shard.name));
	return helper;
}

void refuse_incomplete_helper(const pg::Relation &target)
{
	refuse_helper(target, "A shard did not answer: shards were split since it was set up.");
}

const char *set_up(Oid function, Oid table)
{
	const char *const schema = pg::schema_of_function(function);
	if (!pg::has_citus())
		pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				  .message = "extension \"citus\" is not there in this database"});
	auto target = pg::Relation::open(table, AccessShareLock);
	Distribution const distribution = distribution_of(table);
	if (distribution.kind != Distribution::Kind::hash) {
		const char *const done = pg::format(
			"nothing to set up: \"%s\" is not distributed by the hash of a column", target.name());
		target.close();
		return done;
	}
	const char *const helper = pg::format("%s.%s", schema, helper_name(distribution.colocation));
	State const state = prepare(schema, target, distribution);
	if (state == State::usable)
		pg::run_sql(String("DELETE FROM ").append(helper));
	else
		create(helper, target, distribution.column, function);
	fill_all(helper, target, distribution);
	String const leftovers = drop_leftovers(schema);
	const char *const what = state == State::missing	? "made"
							 : state == State::leftover ? "made anew"
														: "filled";
	const char *const done = pg::format(
		"%s table %s with a row in each of " UINT64_FORMAT " shards%s%s", what, helper,
		static_cast<uint64>(distribution.shards.size()),
		leftovers.empty() ? "" : "; dropped what is left of other groups: ", leftovers.c_str());
	target.close();
	return done;
}

} // namespace bulk_sync::shards
