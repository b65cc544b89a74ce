#include "shards/part_staging.hpp"

#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "plan/sql_text.hpp"
#include "shards/task.hpp"

namespace bulk_sync::shards {

namespace {

using pg::pg_call;
using pg::String;

[[noreturn]] void refuse_lost_rows(const char *description, uint64 found, uint64 expected)
{
	pg::fail({.sqlstate = ERRCODE_INTERNAL_ERROR,
			  .message = pg::format("bulk_sync lost rows of %s on the way to a shard", description),
			  .detail = pg::format("Of " UINT64_FORMAT " rows " UINT64_FORMAT " arrived.", expected,
								   found)});
}

/* pg_catalog.read_intermediate_result('bulk_sync_1_0', 'binary') AS s(name text, ..), with a column
 * at least. */
const char *source_of(const pg::MessageReader &part, const char *file)
{
	pg::MessageReader const names = part.member("names");
	pg::MessageReader const types = part.member("types");
	names.element_text(0);
	String text("pg_catalog.read_intermediate_result(");
	text.append(pg::literal(file)).append(part.flag("binary") ? ", 'binary'" : ", 'text'");
	text.append(") AS s(");
	SeparatedList list(text, ", ");
	for (int i = 0; i < names.count(); i++)
		list.next()
			.append(pg::quoted(names.element_text(i)))
			.append(" ")
			.append(pg::full_name(pg::type_named(types.element_text(i))));
	text.append(")");
	return pg::format("%s", text.c_str());
}

void add_columns(const pg::MessageReader &part, pg::ColumnList &columns)
{
	pg::MessageReader const names = part.member("names");
	pg::MessageReader const types = part.member("types");
	/* The last one says where the row belongs, and may have no name in staging. */
	int const count = names.count() - static_cast<int>(part.number("further", 0, 1));
	for (int i = 0; i < count; i++) {
		pg::Attribute attribute;
		attribute.number = static_cast<AttrNumber>(i + 1);
		attribute.name = names.element_text(i);
		attribute.type = pg::type_named(types.element_text(i));
		columns.add(attribute);
	}
}

/* Whoever divided the rows has the files already. */
void fetch(const pg::MessageReader &part, const char *file)
{
	if (part.number("group") == local_group())
		return;
	String sql("SELECT pg_catalog.fetch_intermediate_results(ARRAY[");
	sql.append(pg::literal(file)).append("], ").append(pg::literal(part.text("host")));
	append_number(sql.append(", "), part.number("port", 0, PG_UINT16_MAX)).append(")");
	pg::run_sql(sql);
}

} // namespace

Part fetch_part(const pg::MessageReader &message, const pg::MessageReader &shard)
{
	pg::MessageReader const told = message.member("part");
	const char *const file =
		pg::format("%s_" INT64_FORMAT, told.text("file"), shard.number("file", 0, PG_INT32_MAX));
	Part part;
	part.rows = shard.number("rows", 0);
	part.is_json = told.flag("json");
	part.distribution_column = told.text_if_any("column");
	part.least = static_cast<int32>(shard.number("least", PG_INT32_MIN, PG_INT32_MAX));
	part.most = static_cast<int32>(shard.number("most", PG_INT32_MIN, PG_INT32_MAX));
	part.source = source_of(told, file);
	if (part.is_json) {
		pg::MessageReader const members = told.member("members");
		for (int i = 0; i < members.count(); i++)
			part.members.add(members.element_text(i));
	} else {
		add_columns(told, part.columns);
	}
	if (part.rows > 0)
		fetch(told, file);
	return part;
}

PartOfObjects read_objects(const Part &part, const char *description)
{
	if (part.rows == 0)
		return {pg::value_of("jsonb", "[]").value, ""};
	String sql("SELECT pg_catalog.count(*), pg_catalog.jsonb_agg(s.object ORDER BY s.position), "
			   "pg_catalog.string_agg(s.position::pg_catalog.text, ',' ORDER BY s.position) FROM ");
	pg::SqlRows const rows = pg::run_sql(sql.append(part.source));
	if (static_cast<uint64>(rows.number(0, 0)) != part.rows)
		refuse_lost_rows(description, rows.number(0, 0), part.rows);
	return {pg::value_of("jsonb", rows.text(0, 1)).value, rows.text(0, 2)};
}

void PlaceCheck::look_up(const Plan &plan)
{
	position_ = -1;
	if (part_.distribution_column == nullptr)
		return;
	for (std::size_t i = 0; i < plan.map.image.size() + plan.map.extra.size(); i++)
		if (strcmp(plan.map.column_at(i).name, part_.distribution_column) == 0) {
			position_ = static_cast<int>(i);
			range_ = {pg::PlaceHash::of(plan.map.column_at(i).type), part_.least, part_.most};
		}
}

void PlaceCheck::look_at(const Datum *values, const bool *nulls)
{
	if (position_ < 0)
		return;
	if (nulls[position_])
		pg::raise({.sqlstate = ERRCODE_NOT_NULL_VIOLATION,
				   .message = psprintf("column \"%s\" is NULL in rows of %s",
									   part_.distribution_column, description_),
				   .detail = "The target is distributed by it: no shard takes such a row."});
	if (!range_.has(values[position_]))
		pg::raise({.sqlstate = ERRCODE_INTERNAL_ERROR,
				   .message = psprintf("a row of %s came to a shard where it does not belong",
									   description_)});
}

void PartStaging::scan(const Plan &plan, Snapshot snapshot, Diff &diff, Observer &observer) const
{
	diff.form_staging(plan.target.tuple_desc());
	if (part_.rows > 0) {
		String sql("SELECT ");
		SeparatedList list(sql, ", ");
		for (std::size_t i = 0; i < plan.map.image.size() + plan.map.extra.size(); i++)
			if (!plan.map.column_at(i).is_mark())
				list.next().append("s.").append(pg::quoted(plan.map.column_at(i).name));
		auto statement = pg::Statement::plan(sql.append(" FROM ").append(part_.source), snapshot,
											 InvalidOid, {}, {}, parallel_for_staging(plan.map));
		PlaceCheck check(part_, description_);
		check.look_up(plan);
		diff.expect_staged(static_cast<double>(part_.rows), statement.planned_width());
		observer.expect(static_cast<double>(part_.rows));
		StagingReceiver receiver({plan.map, description_, false, &check}, diff, observer);
		statement.read(receiver);
	}
	pg_call([&] { diff.end_staged(); });
	if (diff.counts().staged != part_.rows)
		refuse_lost_rows(description_, diff.counts().staged, part_.rows);
}

} // namespace bulk_sync::shards
