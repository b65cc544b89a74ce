#include "shards/divide.hpp"

#include <algorithm>

#include "pg/citus.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "plan/sql_text.hpp"
#include "shards/empty_scope.hpp"
#include "shards/object_places.hpp"

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
String array_of(const Vector<int32> &numbers)
{
	String text("ARRAY[");
	SeparatedList list(text, ", ");
	for (int32 const number : numbers)
		list.next().append(pg::format("'%d'", number));
	return text.append("]::pg_catalog.text[]");
}

/* What belongs into which file, by the column at position `place`, from 0: numbers from the least
 * to the most of each. */
struct Ranges {
	int place;
	const char *method;
	Vector<int32> least;
	Vector<int32> most;
};

Ranges ranges_of_hashes(int place, const Distribution &target)
{
	Ranges ranges{place, "hash", {}, {}};
	for (const Shard &shard : target.shards) {
		ranges.least.push_back(shard.least);
		ranges.most.push_back(shard.most);
	}
	return ranges;
}

/* For a column that has the number of the file itself. */
Ranges numbers_below(int place, std::size_t files)
{
	Ranges ranges{place, "range", {}, {}};
	for (std::size_t i = 0; i < files; i++)
		ranges.least.push_back(static_cast<int32>(i));
	ranges.most = ranges.least;
	return ranges;
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

/* Runs the query and writes its rows to the files. */
void write_files(Divided &divided, const Plan &plan, const String &query, const Ranges &ranges)
{
	String sql("SELECT partition_index, rows_written FROM "
			   "pg_catalog.worker_partition_query_result(");
	sql.append(pg::literal(divided.file)).append(", ").append(pg::literal(query.c_str()));
	sql.append(pg::format(", %d, '%s', ", ranges.place, ranges.method));
	sql.append(array_of(ranges.least)).append(", ").append(array_of(ranges.most));
	sql.append(divided.is_binary ? ", true, true)" : ", false, true)");
	pg::SqlRows const written = run_division(sql, plan);
	divided.rows.resize(ranges.least.size(), 0);
	for (uint64 row = 0; row < written.count(); row++)
		divided.rows[written.number(row, 0)] = written.number(row, 1);
}

/* Can it be about a value, which another reading tells of? */
bool may_be_of_value(const pg::Error &error) noexcept
{
	int const category = ERRCODE_TO_CATEGORY(error.sqlstate());
	return category == ERRCODE_DATA_EXCEPTION ||
		   category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		   category == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION;
}

/*
 * Reads the rows as a call on one machine does, and throws its error when it is the same one. That
 * is done without a subtransaction around what failed, because Citus cannot recover from an error
 * after one (pg/fixed_columns.cpp). The call ends in an error in any case, and only reads until
 * then.
 */
void throw_as_on_one_machine(const Plan &plan, const Staging &staging, const pg::Error &error)
{
	try {
		read_staging(plan, staging);
	} catch (const pg::Error &other) {
		if (other.sqlstate() == error.sqlstate())
			throw;
	}
}

/*
 * The same where the query converts the value by which rows are divided. The error of a cast tells
 * neither row nor column. Where another node raised it, the transaction there takes no more
 * queries, and only the column can be told: a query on a table has no other expression.
 */
void write_converted_files(Divided &divided, const Plan &plan, const Staging &staging,
						   const pg::Relation &relation, const String &query, const Ranges &ranges)
{
	try {
		write_files(divided, plan, query, ranges);
	} catch (const pg::Error &error) {
		if (may_be_of_value(error)) {
			throw_as_on_one_machine(plan, staging, error);
			if (relation.kind() != RELKIND_VIEW)
				error.data()->context = const_cast<char *>(
					pg::format("column \"%s\" of %s", divided.column, plan.staging_name));
		}
		throw;
	}
}

/* (s.company_id)::integer: the value that the target will have, as far as its hash goes. */
const char *converted_to(const Column &column)
{
	const char *const value =
		pg::format("(s.%s)::%s", quoted(column.name), pg::full_name(column.type));
	return OidIsValid(column.type.collation)
			   ? pg::format("%s COLLATE %s", value, pg::collation_name(column.type.collation))
			   : value;
}

/* Adds a column that only says where a row belongs; returns its position. */
int add_place(Divided &divided, String &list, const char *value, const pg::ColumnType &type)
{
	divided.has_further_column = true;
	list.append(", ").append(value);
	add_column(divided, "bulk_sync place", type);
	return static_cast<int>(divided.names.size()) - 1;
}

int add_number(Divided &divided, String &list, const char *number)
{
	return add_place(divided, list, number, pg::type_named("pg_catalog.int4"));
}

bool is_stored_as_staged(const Column &column, const pg::Attribute &staged)
{
	return column.conversion.kind() == pg::Conversion::Kind::none &&
		   staged.type.oid == column.type.oid && staged.type.collation == column.type.collation;
}

Divided new_division()
{
	Divided divided;
	divided.file = new_file_name();
	divided.is_binary = true;
	return divided;
}

/* SELECT s.name, s.company_id: the columns that the call reads. */
String select_columns(Divided &divided, const ColumnMap &map, const pg::Relation &staging)
{
	String query("SELECT ");
	SeparatedList list(query, ", ");
	for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++) {
		if (map.column_at(i).is_mark())
			continue;
		const pg::Attribute &staged = *staging.find(map.column_at(i).staging);
		list.next().append("s.").append(quoted(staged.name));
		add_column(divided, staged.name, staged.type);
	}
	return query;
}

int position_of(const Divided &divided, const char *name)
{
	auto const is_it = [&](const char *other) { return strcmp(other, name) == 0; };
	return static_cast<int>(std::find_if(divided.names.begin(), divided.names.end(), is_it) -
							divided.names.begin());
}

} // namespace

Divided divide_rows(const Plan &plan, const Staging &staging, const pg::Relation &relation,
					const Division &division)
{
	Divided divided = new_division();
	String query = select_columns(divided, plan.map, relation);
	String const from = String(" FROM ").append(relation.qualified_name()).append(" AS s");
	if (division.is_whole) {
		Ranges const ranges = numbers_below(add_number(divided, query, "0"), 1);
		write_files(divided, plan, query.append(from), ranges);
		return divided;
	}
	divided.column = division.target.column;
	const Column &column = *column_named(plan.map, divided.column);
	bool const is_as_staged = is_stored_as_staged(column, *relation.find(column.staging));
	Ranges const ranges = ranges_of_hashes(
		is_as_staged ? position_of(divided, column.name)
					 : add_place(divided, query, converted_to(column), column.type),
		division.target);
	if (column.conversion.kind() == pg::Conversion::Kind::none)
		write_files(divided, plan, query.append(from), ranges);
	else
		write_converted_files(divided, plan, staging, relation, query.append(from), ranges);
	return divided;
}

Divided divide_objects(const Plan &plan, const Division &division)
{
	Divided divided = new_division();
	add_column(divided, "object", pg::type_named("pg_catalog.jsonb"));
	add_column(divided, "position", pg::type_named("pg_catalog.int8"));
	String query("SELECT e.object, e.position");
	String from(" FROM ROWS FROM (pg_catalog.jsonb_array_elements(");
	from.append(pg::literal(pg::text_of("pg_catalog.jsonb", *plan.request.rows))).append(")");
	std::size_t files = 1;
	int place;
	if (division.is_whole) {
		place = add_number(divided, query, "0");
		from.append(") WITH ORDINALITY AS e(object, position)");
	} else {
		divided.column = division.target.column;
		files = division.target.shards.size();
		place = add_number(divided, query, "e.place");
		from.append(", pg_catalog.unnest('");
		from.append(
			places_of_objects(plan, *column_named(plan.map, divided.column), division.target));
		from.append("'::pg_catalog.int4[])) WITH ORDINALITY AS e(object, place, position)");
	}
	write_files(divided, plan, query.append(from), numbers_below(place, files));
	return divided;
}

} // namespace bulk_sync::shards
