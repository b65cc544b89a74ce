#include "shards/few_rows.hpp"

#include <algorithm>

#include "pg/citus.hpp"
#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "pg/text_rows.hpp"
#include "plan/read_statements.hpp"
#include "plan/sql_text.hpp"
#include "read/staging_receiver.hpp"

namespace bulk_sync::shards {

namespace {

/* More than these cost less in a file. */
constexpr uint64 most_rows = 20000;
constexpr uint64 most_bytes = 1024 * 1024;

bool have_plain_types(const ColumnMap &map, const pg::Relation &relation)
{
	for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++) {
		const Column &column = map.column_at(i);
		if (!column.is_mark() && !pg::has_plain_text(relation.find(column.staging)->type.oid))
			return false;
	}
	return true;
}

void add_columns(const ColumnMap &map, const pg::Relation &relation, pg::MessageWriter &task)
{
	Vector<const char *> names;
	Vector<const char *> types;
	for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++) {
		const Column &column = map.column_at(i);
		if (column.is_mark())
			continue;
		names.push_back(column.name);
		types.push_back(pg::full_name(relation.find(column.staging)->type));
	}
	task.add_texts("names", names);
	task.add_texts("types", types);
}

/* Positions in the rows of the columns that the plan reads, in its order. */
Vector<std::size_t> positions_of(const ColumnMap &map, const pg::ColumnList &columns)
{
	Vector<std::size_t> positions;
	for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++)
		if (!map.column_at(i).is_mark())
			positions.push_back(columns.find(map.column_at(i).name)->number - 1);
	return positions;
}

} // namespace

const char *add_few_rows(const Plan &plan, const Staging &staging, const pg::Relation &relation,
						 pg::MessageWriter &task)
{
	if (!have_plain_types(plan.map, relation))
		return nullptr;
	pg::LocalSettings const settings;
	settings.set("DateStyle", "ISO");
	settings.set("extra_float_digits", "1");
	auto snapshot = pg::ReadSnapshot::fresh();
	staging.lock_sources(plan, snapshot.get());
	snapshot.release();
	snapshot = pg::ReadSnapshot::fresh();
	pg::String sql = select_staging(plan.map, relation);
	append_number(sql.append(" LIMIT "), most_rows + 1);
	auto statement = pg::Statement::plan(sql, snapshot.get(), relation.oid(), {}, {});
	if (statement.has_policies())
		refuse_policies(staging);
	pg::TextRows rows(most_rows, most_bytes);
	statement.read(rows);
	snapshot.release();
	settings.end();
	if (rows.are_too_many())
		return nullptr;
	task.begin("few", '{');
	add_columns(plan.map, relation, task);
	task.end('}');
	return pg::pg_call([&] { return pstrdup(rows.text()); });
}

FewRows::FewRows(const pg::MessageReader &few, const char *rows, const char *description)
	: description_(description), values_(pg::values_of_text(rows))
{
	Vector<const char *> const names = few.texts("names");
	Vector<const char *> const types = few.texts("types");
	auto const is_missing = [](const char *text) { return text == nullptr; };
	if (names.empty() || names.size() != types.size() || values_.size() % names.size() != 0 ||
		std::any_of(names.begin(), names.end(), is_missing) ||
		std::any_of(types.begin(), types.end(), is_missing))
		pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				  .message = "rows for a shard do not have as many values as columns"});
	for (std::size_t i = 0; i < names.size(); i++) {
		pg::Attribute attribute;
		attribute.number = static_cast<AttrNumber>(i + 1);
		attribute.name = names[i];
		attribute.type = pg::type_named(types[i]);
		sent_.add(attribute);
		columns_.add(attribute);
	}
}

void FewRows::scan(const Plan &plan, Snapshot, Diff &diff, Observer &observer) const
{
	std::size_t const count = values_.size() / sent_.attributes().size();
	auto const rows = static_cast<double>(count);
	diff.form_staging(plan.target.tuple_desc());
	diff.expect_staged(rows, static_cast<double>(most_bytes) / most_rows);
	observer.expect(rows);
	StagingReceiver receiver({plan.map, description_}, diff, observer);
	pg::give_values(sent_, positions_of(plan.map, sent_), values_, receiver);
	pg::pg_call([&] { diff.end_staged(); });
}

} // namespace bulk_sync::shards
