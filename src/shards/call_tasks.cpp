#include "shards/call_tasks.hpp"

#include "pg/fail.hpp"
#include "pg/sql.hpp"

namespace bulk_sync::shards {

namespace {

using pg::MessageWriter;

void add_names(const char *name, const Vector<const char *> &names, MessageWriter &message)
{
	message.begin(name, '[');
	for (const char *const each : names)
		message.add_element(each);
	message.end(']');
}

/* Tells the nodes how to get at the divided rows. */
void add_part(const DistributedCall &call, const Divided &divided, MessageWriter &message)
{
	pg::SqlRows const here =
		pg::run_sql("SELECT g.groupid, n.nodename, n.nodeport FROM pg_catalog.pg_dist_local_group "
					"AS g LEFT JOIN pg_catalog.pg_dist_node AS n ON n.groupid "
					"OPERATOR(pg_catalog.=) g.groupid AND n.noderole::pg_catalog.text "
					"OPERATOR(pg_catalog.=) 'primary'");
	if (here.text(0, 1) == nullptr)
		pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				  .message = pg::format("the other nodes cannot fetch rows of %s from here",
										call.plan.staging_name),
				  .detail = "They do not know the address of this node.",
				  .hint = "Call citus_set_coordinator_host()."});
	message.begin("part", '{');
	message.add("file", divided.file);
	message.add("group", here.number(0, 0));
	message.add("host", here.text(0, 1));
	message.add("port", here.number(0, 2));
	message.add("binary", divided.is_binary);
	message.add("json", call.relation == nullptr);
	message.add("further", divided.has_further_column);
	message.add("column", divided.column);
	add_names("names", divided.names, message);
	add_names("types", divided.types, message);
	if (call.relation == nullptr) {
		message.begin("members", '[');
		for (const pg::Attribute &member : call.staging.columns().attributes())
			message.add_element(member.name);
		message.end(']');
	}
	message.end('}');
}

/* The list of shards. add_staging(number, position) adds where the staged rows of shard `number`
 * are, which is at this position in the list. */
template <typename AddStaging>
void add_shards(const Carrier &carrier, MessageWriter &message, AddStaging &&add_staging)
{
	message.begin("shards", '[');
	std::size_t position = 0;
	for (std::size_t const number : carrier.shards()) {
		message.begin_element();
		carrier.add_shard(number, message);
		add_staging(number, position++);
		message.end('}');
	}
	message.end(']');
}

} // namespace

void add_shards(const Carrier &carrier, MessageWriter &message)
{
	add_shards(carrier, message, [](std::size_t, std::size_t) {});
}

void begin_task(const DistributedCall &call, const char *step, MessageWriter &message)
{
	message.add("protocol", protocol);
	message.add("step", step);
	message.add("table", call.plan.target.qualified_name());
	add_settings(message);
}

Vector<pg::MessageReader> send(const DistributedCall &call, const Carrier &carrier,
							   MessageWriter &task)
{
	return call.rows == nullptr ? carrier.send(task.finish())
								: carrier.send(task.finish(), *call.rows);
}

namespace {

void add_names_and_options(const DistributedCall &call, const Carrier &carrier,
						   MessageWriter &message)
{
	message.add("staging_name", call.plan.staging_name);
	/* All copies of a table do the same, under a lock on it. */
	message.add("copied", call.target.kind == Distribution::Kind::reference);
	message.add("rows", call.rows != nullptr);
	add_options(call.sql,
				is_of_one_shard(call, carrier) ? Share::of_one_shard : Share::of_several_shards,
				message);
}

} // namespace

void add_diff_of_few(const DistributedCall &call, const Carrier &carrier, MessageWriter &message)
{
	add_names_and_options(call, carrier, message);
	add_shards(carrier, message);
}

void add_diff(const DistributedCall &call, const Carrier &carrier, const Spread &spread,
			  MessageWriter &message)
{
	add_names_and_options(call, carrier, message);
	if (spread.in_place) {
		add_shards(carrier, message, [&](std::size_t number, std::size_t) {
			message.add("staging", call.source.shards[number].name);
		});
		return;
	}
	add_part(call, spread.divided, message);
	add_shards(carrier, message, [&](std::size_t, std::size_t file) {
		message.add("file", static_cast<int64>(file));
		message.add("rows", static_cast<int64>(spread.divided.rows[file]));
	});
}

} // namespace bulk_sync::shards
