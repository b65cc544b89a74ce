#include "shards/sync.hpp"

#include <algorithm>

#include "pg/concurrency.hpp"
#include "pg/expression.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "call/progress.hpp"
#include "plan/members.hpp"
#include "plan/rights.hpp"
#include "read/json_staging.hpp"
#include "read/relation_staging.hpp"
#include "shards/carrier.hpp"
#include "shards/divide.hpp"
#include "shards/findings.hpp"
#include "shards/refusals.hpp"
#include "write/guards.hpp"

namespace bulk_sync::shards {

namespace {

using Kind = Distribution::Kind;
using pg::MessageReader;
using pg::MessageWriter;

/* The call, with both sides open. */
struct DistributedCall {
	const SqlCall &sql;
	const Plan &plan;
	const Staging &staging;
	const pg::Relation *relation; /* of staging; nullptr for objects */
	const Distribution &target;
	const Distribution &source; /* of staging */
	CallProgress &progress;
};

bool is_key(const Request &request, const char *column)
{
	return request.keys.contains(column);
}

/* (employee.company_id = '501'::integer), for SQL; nullptr when the filter does not give the
 * distribution column one value. */
const char *value_of_distribution(const Plan &plan, const char *column)
{
	const pg::Attribute &attribute = *plan.target.find(column);
	const Vector<AttrNumber> &fixed = plan.scope.fixed;
	if (std::find(fixed.begin(), fixed.end(), attribute.number) == fixed.end())
		return nullptr;
	const char *const value = pg::fixed_value(plan.scope.filter, attribute.number);
	return value == nullptr
			   ? nullptr
			   : pg::format("%s::%s", pg::literal(value), pg::full_name(attribute.type));
}

/* The number of the shard that has this value of the distribution column. */
std::size_t shard_with(const Distribution &target, const pg::Relation &relation, const char *value)
{
	pg::String sql("SELECT pg_catalog.get_shard_id_for_distribution_column(");
	sql.append(pg::literal(relation.qualified_name())).append(", ").append(value).append(")");
	int64 const id = pg::run_sql(sql).number(0, 0);
	auto const found = std::find_if(target.shards.begin(), target.shards.end(),
									[&](const Shard &shard) { return shard.id == id; });
	return found - target.shards.begin();
}

/* All shards, or the only one that can have rows of the call. Rows that are stored out of the scope
 * could be of any shard. */
Carrier carrier_for(const DistributedCall &call)
{
	const pg::Relation &target = call.plan.target;
	if (call.target.kind != Kind::hash)
		return Carrier::to_one(call.sql, target, call.target, 0, nullptr);
	const char *const column = call.target.column;
	const char *const value =
		call.plan.request.allow_out_of_scope ? nullptr : value_of_distribution(call.plan, column);
	if (value != nullptr)
		return Carrier::to_one(call.sql, target, call.target,
							   shard_with(call.target, target, value),
							   pg::format("%s = %s", pg::quoted(column), value));
	if (!is_key(call.plan.request, column))
		refuse_keys(target, column);
	return Carrier::to_all(call.sql, target, call.target);
}

/* Has staging rows in other shards than this one? They are out of scope, and have to be told of. */
bool has_rows_elsewhere(const DistributedCall &call, const Shard &shard)
{
	pg::String sql("SELECT 1 FROM ");
	sql.append(call.relation->qualified_name()).append(" AS s WHERE pg_catalog.worker_hash(s.");
	sql.append(pg::quoted(call.source.column));
	sql.append(pg::format(") NOT BETWEEN %d AND %d LIMIT 1", shard.least, shard.most));
	return pg::run_sql(sql).count() > 0;
}

/* Is each row of staging on the node, and in the shard, where the target's row is? */
bool is_in_place(const DistributedCall &call, const Carrier &carrier)
{
	if (call.relation == nullptr || !call.source.is_colocated_with(call.target) ||
		call.source.is_replicated || call.source.shards.size() != call.target.shards.size())
		return false;
	if (call.target.kind == Kind::single)
		return true;
	if (strcmp(call.source.column, call.target.column) != 0)
		return false;
	const pg::ColumnType &staged = call.relation->find(call.source.column)->type;
	const pg::ColumnType &stored = call.plan.target.find(call.target.column)->type;
	if (staged.oid != stored.oid || staged.typmod != stored.typmod ||
		staged.collation != stored.collation)
		return false;
	return carrier.shards().size() > 1 ||
		   !has_rows_elsewhere(call, call.target.shards[carrier.shards()[0]]);
}

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

void add_shards(const Carrier &carrier, MessageWriter &message)
{
	add_shards(carrier, message, [](std::size_t, std::size_t) {});
}

/* Begins a task: what every step needs. */
void begin_task(const DistributedCall &call, const char *step, MessageWriter &message)
{
	message.add("protocol", protocol);
	message.add("step", step);
	message.add("table", call.plan.target.qualified_name());
	add_settings(message);
}

/* Shards are written side by side. Two calls whose scopes share rows would meet in one order here
 * and in another one there, so each waits for all others, whatever their scopes. */
void wait_for_other_calls(const DistributedCall &call, const Carrier &carrier)
{
	MessageWriter task;
	begin_task(call, "wait", task);
	add_shards(carrier, task);
	carrier.send(task.finish());
}

Divided divide(const DistributedCall &call, const Carrier &carrier)
{
	Division const division{call.target, carrier.shards().size() == 1};
	if (call.relation == nullptr)
		return divide_objects(call.plan, division);
	auto snapshot = pg::ReadSnapshot::fresh();
	call.staging.lock_sources(call.plan, snapshot.get());
	snapshot.release();
	return divide_rows(call.plan, *call.relation, division);
}

/* A number for the call within its transaction. */
const char *new_token()
{
	static int64 calls = 0;
	return pg::format("%s/" INT64_FORMAT, transaction_token(), ++calls);
}

/* The sums over all shards, and what is settled already because there is nothing to write. */
struct Found {
	Findings findings;
	Done settled;
	uint64 shards_to_write = 0;
};

Found find_on_shards(const DistributedCall &call, const Carrier &carrier, const char *token)
{
	MessageWriter task;
	begin_task(call, "find", task);
	task.add("token", token);
	task.add("staging_name", call.plan.staging_name);
	add_options(call.sql, task);
	if (is_in_place(call, carrier)) {
		add_shards(carrier, task, [&](std::size_t number, std::size_t) {
			task.add("staging", call.source.shards[number].name);
		});
	} else {
		Divided const divided = divide(call, carrier);
		add_part(call, divided, task);
		add_shards(carrier, task, [&](std::size_t, std::size_t file) {
			task.add("file", static_cast<int64>(file));
			task.add("rows", static_cast<int64>(divided.rows[file]));
		});
	}
	Found found;
	found.findings.other_keys.resize(call.plan.keys.identity.size() +
									 call.plan.keys.generated.size());
	call.progress.begin(ProgressPhase::target);
	for (const MessageReader &answer : carrier.send(task.finish())) {
		add(found.findings, answer);
		if (answer.flag("kept")) {
			found.shards_to_write++;
		} else {
			add(found.settled, answer);
		}
	}
	call.progress.changes_were_found(
		call.plan, found.findings.diff.counts,
		{found.findings.creates, found.findings.updates, found.findings.deletes});
	return found;
}

/* The checks of one machine, in their order. */
void check_sums(const Plan &plan, const Findings &findings)
{
	check_duplicates(plan, findings.diff);
	check_guards(plan, findings.diff.counts, findings.deletes);
	refuse_out_of_scope(plan, findings.out_of_scope);
	refuse_other_keys(plan, findings.other_keys);
}

/* What a call that writes nothing would have done. */
Stats pretended(const Findings &findings)
{
	Stats stats;
	stats.created = findings.creates;
	stats.updated = findings.updates;
	stats.deleted = findings.deletes;
	stats.unchanged = findings.diff.counts.unchanged;
	stats.skipped = findings.skipped;
	return stats;
}

/* A shard that met conflicts has other changes than those which were checked before. */
Stats apply_on_shards(const DistributedCall &call, const Carrier &carrier, const char *token,
					  const Done &settled)
{
	MessageWriter task;
	begin_task(call, "apply", task);
	task.add("token", token);
	add_shards(carrier, task);
	Done done = settled;
	for (const MessageReader &answer : carrier.send(task.finish()))
		add(done, answer);
	check_guards(call.plan, done.counts, done.deletes);
	return done.stats;
}

Stats run(const DistributedCall &call)
{
	const Plan &plan = call.plan;
	refuse_conditions(plan);
	Carrier const carrier = carrier_for(call);
	if (plan.request.may_write()) {
		carrier.mark(plan);
		/* On one shard, calls wait for each other when they find their changes. */
		if (carrier.shards().size() > 1)
			wait_for_other_calls(call, carrier);
	}
	call.progress.begin(ProgressPhase::staging);
	const char *const token = plan.request.may_write() ? new_token() : nullptr;
	Found const found = find_on_shards(call, carrier, token);
	call.progress.begin(ProgressPhase::checking);
	check_sums(plan, found.findings);
	if (found.shards_to_write == 0)
		return pretended(found.findings);
	call.progress.begin(ProgressPhase::updating);
	Stats const stats = apply_on_shards(call, carrier, token, found.settled);
	call.progress.shards_were_written(stats.created + stats.updated + stats.deleted,
									  found.shards_to_write);
	return stats;
}

void lock_on_all_nodes(Oid target)
{
	auto relation = pg::Relation::open(target, AccessShareLock);
	pg::String sql("LOCK TABLE ");
	sql.append(relation.qualified_name()).append(" IN SHARE ROW EXCLUSIVE MODE");
	relation.close();
	pg::run_sql(sql);
}

Stats run(const SqlCall &sql, const Request &request, const Distribution &distribution)
{
	CallProgress progress(request);
	if (request.may_write() && request.lock == LockMode::table)
		lock_on_all_nodes(request.target);
	auto target = pg::Relation::open(request.target, target_lock(request));
	check_target(request, target);
	Stats stats;
	if (request.rows) {
		JsonStaging const staging(request, target);
		Plan const plan = make_plan(request, target, staging.for_plan());
		stats = run({sql, plan, staging, nullptr, distribution, {}, progress});
	} else {
		auto staging = RelationStaging::open(request.staging);
		Plan const plan = make_plan(request, target, staging.for_plan());
		Distribution const source = distribution_of(request.staging);
		stats = run({sql, plan, staging, &staging.relation(), distribution, source, progress});
		staging.close();
	}
	target.close();
	return stats;
}

} // namespace

Stats synchronize(const SqlCall &call, const Request &request, pg::ResultRows *result)
{
	if (!pg::has_citus())
		return bulk_sync::synchronize(request, result);
	Distribution const distribution = distribution_of(request.target);
	if (!distribution.is_distributed()) {
		refuse_shard_as_target(request.target);
		refuse_staging_of_citus(request.staging);
		return bulk_sync::synchronize(request, result);
	}
	check_rights_before_locks(request);
	if (!request.dry_run)
		pg::require_writable(request.target, "bulk_sync()");
	refuse_kind(request.target, distribution);
	if (result != nullptr)
		refuse_returned_rows(request.target);
	pg::WorkContext work("bulk_sync shards");
	Stats const stats = run(call, request, distribution);
	work.finish();
	return stats;
}

} // namespace bulk_sync::shards
