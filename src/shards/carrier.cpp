#include "shards/carrier.hpp"

#include <algorithm>

#include "pg/access.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "plan/write_statements.hpp"
#include "shards/setup.hpp"

namespace bulk_sync::shards {

namespace {

using pg::quoted;
using pg::String;

/* A row id that no row has: the server looks at no page for it. */
constexpr const char *no_row = "ctid OPERATOR(pg_catalog.=) '(4294967295,0)'::pg_catalog.tid";

/* WHERE company_id = '501'::integer AND ctid = '(4294967295,0)' */
String where_no_row(const char *condition)
{
	String text(" WHERE ");
	if (condition != nullptr)
		text.append(condition).append(" AND ");
	return text.append(no_row);
}

/* A column that the caller may update, and Citus lets him; nullptr for none. */
const char *updated_column(const Plan &plan, const char *distribution_column)
{
	Oid const target = plan.target.oid();
	bool const may_on_all = pg::may_on_relation(target, ACL_UPDATE);
	for (const Column &column : plan.map.image)
		if (column.updated &&
			(distribution_column == nullptr || strcmp(column.name, distribution_column) != 0) &&
			(may_on_all || pg::may_on_column(target, column.target, ACL_UPDATE)))
			return quoted(column.name);
	return nullptr;
}

/*
 * A write for which the caller has the right, as far as its WHERE: one that the call may do. Citus
 * lets several INSERTs over all shards of a table go on at once, and has the other writes wait for
 * each other. The INSERT is of all columns, because a default that differs from row to row would
 * keep it from the shards.
 */
String possible_write(const Plan &plan, const char *distribution_column)
{
	const Request &request = plan.request;
	const char *const name = plan.target.qualified_name();
	String text;
	const char *const column = updated_column(plan, distribution_column);
	bool const may_insert = pg::may_on_relation(plan.target.oid(), ACL_INSERT);
	if (!may_insert && !request.skip_deletes && request.soft_delete == nullptr)
		text.append("DELETE FROM ").append(name);
	else if (!may_insert && column != nullptr &&
			 (!request.skip_updates || request.soft_delete != nullptr))
		text.append("UPDATE ").append(name).append(" SET ").append(column).append(" = ").append(
			column);
	else
		text = insert_of_all_columns(plan.target);
	return text;
}

/* Is a DELETE or UPDATE refused when the table is published, because it lacks a replica
 * identity? */
bool lacks_identity(const pg::Relation &target)
{
	char const identity = target.get()->rd_rel->relreplident;
	return identity == REPLICA_IDENTITY_NOTHING ||
		   (identity == REPLICA_IDENTITY_DEFAULT && target.primary_key().empty());
}

/* A write that Citus takes inside of a query, for which the caller has the right; "" for none. */
String write_in_query(const Plan &plan, const char *distribution_column)
{
	const char *const name = plan.target.qualified_name();
	if (lacks_identity(plan.target))
		return String();
	if (pg::may_on_relation(plan.target.oid(), ACL_DELETE))
		return String("DELETE FROM ").append(name);
	const char *const column = updated_column(plan, distribution_column);
	if (column == nullptr)
		return String();
	return String("UPDATE ").append(name).append(" SET ").append(column).append(" = ").append(
		column);
}

/* A node with an older version of the extension lacks the function. */
template <typename Function> auto run_as_known(Function &&function)
{
	TasksUnderWay const under_way;
	try {
		return function();
	} catch (const pg::Error &error) {
		if (error.sqlstate() == ERRCODE_UNDEFINED_FUNCTION &&
			(strstr(error.data()->message, "bulk_sync_on_") != nullptr ||
			 strstr(error.data()->message, "bulk_sync_rows_on_") != nullptr))
			refuse_other_version();
		throw;
	}
}

pg::SqlRows ask(const String &query, const pg::Parameters &parameters)
{
	return run_as_known([&] { return pg::run_sql(query, parameters); });
}

/* Keeps the first column where there is something in it, and hands on the others. */
class RowsAndAnswers final : public pg::RowReceiver {
  public:
	explicit RowsAndAnswers(pg::RowReceiver &receiver) noexcept
		: receiver_(receiver), context_(CurrentMemoryContext)
	{
	}

	PG_RAISES void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		if (slot->tts_isnull[0]) {
			receiver_.row(slot);
			return;
		}
		MemoryContext const outer = MemoryContextSwitchTo(context_);
		answers.push_back(pg::MessageReader::of(slot->tts_values[0]));
		MemoryContextSwitchTo(outer);
	}

	pg::Vector<pg::MessageReader> answers;

  private:
	pg::RowReceiver &receiver_;
	MemoryContext context_;
};

} // namespace

Carrier::Carrier(const SqlCall &call, const pg::Relation &target, const Distribution &distribution)
	: target_(target), distribution_(distribution), schema_(call.schema()),
	  names_(shards_in_errors(target.oid(), distribution))
{
}

Carrier Carrier::to_all(const SqlCall &call, const pg::Relation &target,
						const Distribution &distribution)
{
	Carrier carrier(call, target, distribution);
	Helper const helper = helper_of(call.schema(), target, distribution);
	carrier.place_ = "h.tableoid";
	carrier.from_.append(helper.name).append(" AS h");
	for (std::size_t i = 0; i < distribution.shards.size(); i++) {
		carrier.shards_.push_back(i);
		carrier.helpers_.push_back(helper.shards[i]);
	}
	return carrier;
}

Carrier Carrier::to_one(const SqlCall &call, const pg::Relation &target,
						const Distribution &distribution, std::size_t only, const char *condition)
{
	Carrier carrier(call, target, distribution);
	carrier.place_ = "0";
	carrier.from_.append("(SELECT pg_catalog.count(*) FROM ");
	carrier.from_.append(target.qualified_name()).append(where_no_row(condition));
	carrier.from_.append(") AS b");
	carrier.condition_ = condition;
	carrier.shards_.push_back(only);
	return carrier;
}

void Carrier::add_shard(std::size_t number, pg::MessageWriter &message) const
{
	const Shard &shard = distribution_.shards[number];
	message.add("name", shard.name);
	if (!helpers_.empty())
		message.add("helper", helpers_[number]);
	message.add("least", static_cast<int64>(shard.least));
	message.add("most", static_cast<int64>(shard.most));
}

void Carrier::mark(const Plan &plan) const
{
	pg::LocalSettings const settings;
	settings.set("citus.force_max_query_parallelization", "on");
	names_.run([&] {
		pg::run_sql(possible_write(plan, distribution_.column).append(where_no_row(condition_)));
	});
	settings.end();
}

void Carrier::send_to_copies(const Plan &plan, Datum task) const
{
	pg::Parameters parameters;
	parameters.add(JSONBOID, task, false);
	String sql = possible_write(plan, distribution_.column);
	sql.append(" WHERE (SELECT ").append(schema_);
	sql.append(".bulk_sync_on_copy(v.task) FROM (VALUES ($1)) AS v(task))");
	names_.run([&] { ask(sql, parameters); });
}

pg::MessageReader Carrier::send_to_one(const Plan &plan, Datum task, const char *rows) const
{
	bool const marks = plan.request.may_write();
	String const write = marks ? write_in_query(plan, distribution_.column) : String();
	if (marks && write.empty())
		mark(plan);
	String query;
	if (!write.empty())
		query.append("WITH m AS (")
			.append(write)
			.append(where_no_row(condition_))
			.append(" RETURNING 1) ");
	query.append("SELECT ").append(schema_).append(".bulk_sync_on_shard(0, $1, $2) FROM ");
	query.append(write.empty() ? from_ : String("(SELECT pg_catalog.count(*) FROM m) AS b"));
	pg::Parameters parameters;
	parameters.add(JSONBOID, task, false);
	parameters.add(TEXTOID, pg::value_of("pg_catalog.text", rows == nullptr ? "" : rows).value,
				   false);
	return send(query, parameters)[0];
}

Vector<pg::MessageReader> Carrier::send(Datum task) const
{
	String query("SELECT ");
	query.append(schema_).append(".bulk_sync_on_shard(").append(place_).append(", $1) FROM ");
	pg::Parameters parameters;
	parameters.add(JSONBOID, task, false);
	return send(query.append(from_), parameters);
}

Vector<pg::MessageReader> Carrier::send(const String &query, const pg::Parameters &parameters) const
{
	pg::SqlRows const rows = names_.run([&] { return ask(query, parameters); });
	Vector<pg::MessageReader> answers;
	for (uint64 row = 0; row < rows.count(); row++)
		answers.push_back(
			pg::MessageReader::of(pg::value_of("pg_catalog.jsonb", rows.text(row, 0)).value));
	return in_order(answers);
}

Vector<pg::MessageReader> Carrier::send(Datum task, pg::RowReceiver &receiver) const
{
	pg::Parameters parameters;
	parameters.add(JSONBOID, task, false);
	String sql("SELECT r.* FROM ");
	sql.append(from_).append(", LATERAL ").append(schema_);
	sql.append(".bulk_sync_rows_on_shard(").append(place_).append(", $1) AS r");
	RowsAndAnswers rows(receiver);
	names_.run([&] {
		run_as_known([&] {
			pg::run_sql(sql, parameters, rows);
			return 0;
		});
	});
	return in_order(rows.answers);
}

Vector<pg::MessageReader> Carrier::in_order(const Vector<pg::MessageReader> &answers) const
{
	Vector<std::optional<pg::MessageReader>> answered(shards_.size());
	for (const pg::MessageReader &answer : answers) {
		auto const place = static_cast<std::size_t>(answer.number("place"));
		if (place < answered.size())
			answered[place] = answer;
	}
	Vector<pg::MessageReader> ordered;
	for (const std::optional<pg::MessageReader> &answer : answered) {
		if (!answer)
			refuse_incomplete_helper(target_);
		ordered.push_back(*answer);
	}
	return ordered;
}

} // namespace bulk_sync::shards
