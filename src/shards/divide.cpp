#include "shards/divide.hpp"

#include <algorithm>

#include "pg/citus.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "plan/sql_text.hpp"

namespace bulk_sync::shards {

namespace {

using pg::quoted;
using pg::String;

/* A name that no other call of the transaction has for its files. */
const char *new_file_name()
{
	static int64 count = 0;
	return pg::format("bulk_sync_" INT64_FORMAT, ++count);
}

const Column *column_named(const ColumnMap &map, const char *name)
{
	for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++)
		if (strcmp(map.column_at(i).name, name) == 0)
			return &map.column_at(i);
	return nullptr;
}

void add_column(Divided &divided, const char *name, const pg::ColumnType &type)
{
	divided.names.push_back(name);
	divided.types.push_back(pg::full_name(type));
	divided.is_binary = divided.is_binary && pg::is_the_same_on_all_nodes(type.oid);
}

/* ARRAY['-2147483648', ..]::pg_catalog.text[] */
void append_hashes(String &text, const Division &division, int32 Shard::*hash, int32 whole)
{
	text.append("ARRAY[");
	SeparatedList list(text, ", ");
	auto const add = [&](int32 value) { list.next().append(pg::format("'%d'", value)); };
	if (division.is_whole)
		add(whole);
	else
		for (const Shard &shard : division.target.shards)
			add(shard.*hash);
	text.append("]::pg_catalog.text[]");
}

/* The context of an error would be the statement, which may have all objects of a call in it. */
pg::SqlRows run_division(const String &sql, const Plan &plan)
{
	try {
		return pg::run_sql(sql);
	} catch (const pg::Error &error) {
		const char *const context = pg::format("dividing the rows of %s", plan.staging_name);
		error.data()->context = const_cast<char *>(context);
		error.data()->internalquery = nullptr;
		throw;
	}
}

/* Runs the query and writes its rows to the files. `place` is the position of the column, from 0,
 * whose hash says which file. */
void write_files(Divided &divided, const Plan &plan, const String &query, int place,
				 const Division &division)
{
	String sql("SELECT partition_index, rows_written FROM "
			   "pg_catalog.worker_partition_query_result(");
	sql.append(pg::literal(divided.file)).append(", ").append(pg::literal(query.c_str()));
	sql.append(pg::format(", %d, 'hash', ", place));
	append_hashes(sql, division, &Shard::least, PG_INT32_MIN);
	append_hashes(sql.append(", "), division, &Shard::most, PG_INT32_MAX);
	sql.append(divided.is_binary ? ", true, true)" : ", false, true)");
	pg::SqlRows const written = run_division(sql, plan);
	divided.rows.resize(division.is_whole ? 1 : division.target.shards.size(), 0);
	for (uint64 row = 0; row < written.count(); row++)
		divided.rows[written.number(row, 0)] = written.number(row, 1);
}

/* (s.company_id)::integer: the value that the target will have, as far as its hash goes. */
void append_place(String &text, const char *value, const pg::ColumnType &type)
{
	text.append("(").append(value).append(")::").append(pg::full_name(type));
	if (OidIsValid(type.collation))
		text.append(" COLLATE ").append(pg::collation_name(type.collation));
}

/* Adds the column that says where a row belongs; returns its position. */
int add_place(Divided &divided, String &list, const char *value, const pg::ColumnType *type)
{
	list.append(", ");
	divided.has_further_column = true;
	if (type == nullptr) {
		list.append("0");
		add_column(divided, "bulk_sync place", pg::type_named("pg_catalog.int4"));
	} else {
		append_place(list, value, *type);
		add_column(divided, "bulk_sync place", *type);
	}
	return static_cast<int>(divided.names.size()) - 1;
}

} // namespace

Divided divide_rows(const Plan &plan, const pg::Relation &staging, const Division &division)
{
	const ColumnMap &map = plan.map;
	Divided divided;
	divided.file = new_file_name();
	divided.is_binary = true;
	String query("SELECT ");
	SeparatedList list(query, ", ");
	int place = -1;
	for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++) {
		const Column &column = map.column_at(i);
		if (column.is_mark())
			continue;
		const pg::Attribute &staged = *staging.find(column.staging);
		list.next().append("s.").append(quoted(staged.name));
		add_column(divided, staged.name, staged.type);
		if (!division.is_whole && strcmp(column.name, division.target.column) == 0 &&
			column.conversion.kind() == pg::Conversion::Kind::none &&
			staged.type.oid == column.type.oid && staged.type.collation == column.type.collation)
			place = static_cast<int>(divided.names.size()) - 1;
	}
	if (!division.is_whole)
		divided.column = division.target.column;
	if (place < 0 && division.is_whole) {
		place = add_place(divided, query, nullptr, nullptr);
	} else if (place < 0) {
		const char *const value = pg::format("s.%s", quoted(division.target.column));
		place = add_place(divided, query, value, &column_named(map, division.target.column)->type);
	}
	query.append(" FROM ").append(staging.qualified_name()).append(" AS s");
	write_files(divided, plan, query, place, division);
	return divided;
}

Divided divide_objects(const Plan &plan, const Division &division)
{
	Divided divided;
	divided.file = new_file_name();
	divided.is_binary = true;
	String query("SELECT e.object, e.position");
	add_column(divided, "object", pg::type_named("pg_catalog.jsonb"));
	add_column(divided, "position", pg::type_named("pg_catalog.int8"));
	String source(" FROM pg_catalog.jsonb_array_elements(");
	source.append(pg::literal(pg::text_of("pg_catalog.jsonb", *plan.request.rows)));
	source.append(") WITH ORDINALITY AS e(object, position)");
	int place;
	if (division.is_whole) {
		place = add_place(divided, query, nullptr, nullptr);
	} else {
		divided.column = division.target.column;
		const pg::ColumnType &type = column_named(plan.map, divided.column)->type;
		source.append(", LATERAL pg_catalog.jsonb_to_record(e.object) AS r(");
		source.append(quoted(divided.column)).append(" ").append(pg::full_name(type)).append(")");
		place = add_place(divided, query, pg::format("r.%s", quoted(divided.column)), &type);
	}
	write_files(divided, plan, query.append(source), place, division);
	return divided;
}

} // namespace bulk_sync::shards
