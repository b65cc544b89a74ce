#include "shards/shard_call.hpp"

#include "pg/access.hpp"
#include "pg/expression.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"
#include "diff/compare_rows.hpp"
#include "plan/members.hpp"
#include "plan/rights.hpp"
#include "read/diff_into.hpp"
#include "shards/task.hpp"
#include "write/conflicts.hpp"

namespace bulk_sync::shards {

namespace {

constexpr int most_retries = 3;

} // namespace

void ShardCall::open(const MessageReader &task, const MessageReader &shard, const char *rows)
{
	request_ = request_for(task, shard);
	target_.emplace(open_target(task));
	check_target(request_, *target_);
	if (task.flag("copied"))
		share_defaults(task);
	open_staging(task, shard, rows);
	plan_.emplace(make_plan(request_, *target_, staging_.get().for_plan()));
}

/* A relation that the node which was called has named. */
Oid known_relation(const char *name)
{
	Oid const relation = pg::relation_named(name);
	if (!OidIsValid(relation))
		pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				  .message = pg::format("table %s is not known to this node yet", name),
				  .hint = "If it was made in this transaction, commit that first."});
	return relation;
}

namespace {

[[noreturn]] void refuse_other_relation(const char *name, const char *table)
{
	pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			  .message = pg::format("%s is no shard of table %s", name, table)});
}

} // namespace

Request ShardCall::request_for(const MessageReader &task, const MessageReader &shard) const
{
	bool const is_whole = strcmp(task.text("step"), "sync") == 0;
	Request request = request_of(task.member("options"),
								 is_whole ? Share::of_one_shard : Share::of_several_shards);
	if (task.flag("copied"))
		request.lock = LockMode::table;
	request.only_compares = strcmp(task.text("step"), "compare") == 0;
	request.foresees_rows = request.dry_run && task.flag("rows");
	request.target = known_relation(shard.text("name"));
	if (const char *const staging = shard.text_if_any("staging"))
		request.staging = known_relation(staging);
	check_rights_before_locks(request);
	if (!is_shard_of(request.target, known_relation(task.text("table"))))
		refuse_other_relation(shard.text("name"), task.text("table"));
	return request;
}

pg::Relation ShardCall::open_target(const MessageReader &task) const
{
	return pg::Relation::open_shard(request_.target, known_relation(task.text("table")),
									target_lock(request_));
}

/* Staging may have columns that the call ignores and the target lacks. They were not sent, and are
 * not read. */
void ShardCall::add_ignored_columns(pg::ColumnList &columns) const
{
	for (const char *const name : request_.ignore_columns) {
		if (target_->find(name) != nullptr || columns.find(name) != nullptr)
			continue;
		pg::Attribute ignored;
		ignored.name = name;
		ignored.type = pg::type_named("pg_catalog.text");
		columns.add(ignored);
	}
}

void ShardCall::open_staging(const MessageReader &task, const MessageReader &shard,
							 const char *rows)
{
	const char *const description = task.text("staging_name");
	if (OidIsValid(request_.staging)) {
		staging_.relation.emplace(RelationStaging::open(request_.staging, description));
		return;
	}
	if (rows != nullptr && task.has("few")) {
		staging_.few_rows.emplace(task.member("few"), rows, description);
		add_ignored_columns(staging_.few_rows->columns());
		return;
	}
	if (rows != nullptr && task.flag("objects")) {
		request_.rows = pg::value_of("pg_catalog.jsonb", rows).value;
		staging_.objects.emplace(request_, *target_);
		return;
	}
	staging_.part.emplace(fetch_part(task, shard));
	Part &part = *staging_.part;
	if (!part.is_json) {
		add_ignored_columns(part.columns);
		staging_.rows.emplace(part, description);
		return;
	}
	PartOfObjects const read = read_objects(part, description);
	request_.rows = read.objects;
	staging_.check.emplace(part, description);
	staging_.objects.emplace(request_, *target_, part.members, read.positions, &*staging_.check);
}

/* "" stands for NULL, and "=5" for 5. */
Vector<const char *> values_in(const MessageReader &list)
{
	Vector<const char *> values;
	for (int i = 0; i < list.count(); i++) {
		const char *const text = list.element_text(i);
		values.push_back(*text == '\0' ? nullptr : text + 1);
	}
	return values;
}

/* Nobody is to put values of his choice into a column by saying that they are its defaults. */
void ShardCall::require_right_to_give(const pg::Attribute &attribute) const
{
	if (!pg::may_on_relation(target_->oid(), ACL_INSERT) &&
		!pg::may_on_column(target_->oid(), attribute.number, ACL_INSERT))
		pg::refuse_access(known_relation(target_->qualified_name()));
}

/* A default that is not the same each time is asked for by the first copy alone. */
void ShardCall::share_defaults(const MessageReader &task)
{
	MessageReader const given = task.member("first").member("defaults");
	bool const is_first = task.text_if_any("token") != nullptr;
	for (const pg::Attribute &attribute : target_->attributes()) {
		Node *const expression =
			attribute.generated ? nullptr : pg::column_default(*target_, attribute.number);
		if (expression == nullptr || !pg::is_volatile(expression))
			continue;
		Vector<const char *> values = values_in(given.member(attribute.name));
		if (!values.empty())
			require_right_to_give(attribute);
		target_->replace_default(attribute.number,
								 is_first ? defaults_.note(attribute, expression)
										  : defaults_.give(attribute, std::move(values)));
	}
}

void ShardCall::tell_defaults(MessageWriter &answer) const
{
	answer.begin("defaults", '{');
	for (const pg::GivenColumn *const column : defaults_.columns()) {
		answer.begin(column->name, '[');
		for (const char *const value : column->values)
			answer.add_element(value == nullptr ? "" : pg::format("=%s", value));
		answer.end(']');
	}
	answer.end('}');
}

void ShardCall::start_attempt()
{
	defaults_.restart();
	snapshot_.emplace(pg::ReadSnapshot::fresh());
	changes_.emplace(*plan_);
	found_ = DiffResult();
}

void ShardCall::end_attempt()
{
	if (!changes_)
		return;
	changes_->finish();
	changes_.reset();
	snapshot_->release();
	snapshot_.reset();
}

void ShardCall::release()
{
	end_attempt();
	if (staging_.relation)
		staging_.relation->close();
	target_->close();
}

/* The keys of rows that end the call. */
void ShardCall::add_rows_that_forbid(Findings &findings)
{
	findings.diff = found_;
	if (found_.staging_duplicates.count > 0 || found_.target_duplicates.count > 0)
		return;
	PlannedWrites const writes{*plan_, *changes_, snapshot_->get()};
	find_out_of_scope(writes, findings.out_of_scope);
	findings.other_keys = find_other_keys(writes);
}

void ShardCall::start(const Call &call)
{
	if (staging_.check)
		staging_.check->look_up(*plan_);
	prepare(call);
	start_attempt();
	if (!request_.dry_run && !pg::reads_committed())
		refuse_stale_scope(*plan_, snapshot_->get());
	found_ = find_changes(call, snapshot_->get(), *changes_);
}

bool ShardCall::find(Findings &findings, pg::ResultRows *result)
{
	CallProgress progress(request_);
	start({*plan_, staging_.get(), progress, nullptr});
	findings.creates = changes_->insert_count();
	findings.updates = changes_->updates().count();
	findings.deletes = changes_->deletes().count();
	findings.skipped = changes_->skipped_creates() + changes_->skipped_updates();
	add_rows_that_forbid(findings);
	if (result != nullptr && request_.dry_run)
		SyncRows(*plan_, *result).foresee(*changes_, snapshot_->get());
	return !changes_->is_empty();
}

void ShardCall::compare(Findings &findings, pg::ResultRows &result)
{
	start_attempt();
	CompareRows rows(*plan_, result, plan_->checks_stored_rows() ? &*changes_ : nullptr);
	NoObserver nobody;
	wanted_diff_into(*plan_, staging_.get(), snapshot_->get(), Wanted::all_in_scope, rows, found_,
					 nobody);
	add_rows_that_forbid(findings);
}

Done ShardCall::done_by(const Call &call, const Written &written) const
{
	Done done;
	done.stats = report(call, found_, *changes_, written);
	done.counts = found_.counts;
	done.deletes = changes_->deletes().count();
	return done;
}

Done ShardCall::sync()
{
	CallProgress progress(request_);
	Call const call{*plan_, staging_.get(), progress, nullptr};
	start(call);
	check(*plan_, found_, *changes_, snapshot_->get());
	if (!request_.dry_run && !changes_->is_empty())
		return write(nullptr);
	return done_by(call, request_.dry_run ? pretend(call, *changes_, snapshot_->get()) : Written());
}

Done ShardCall::write(pg::ResultRows *result)
{
	CallProgress progress(request_);
	std::optional<SyncRows> rows;
	if (result != nullptr)
		rows.emplace(*plan_, *result);
	Call const call{*plan_, staging_.get(), progress, rows ? &*rows : nullptr};
	for (int retries = 0;; retries++) {
		bool const is_last = retries == most_retries || !pg::reads_committed();
		if (!pg::reads_committed())
			refuse_unnoticed_inserts(*plan_, *changes_);
		Written const written = apply(call, *changes_, snapshot_->get(), is_last);
		if (!written.conflict)
			return done_by(call, written);
		if (is_last)
			refuse_conflict(*target_);
		if (rows)
			rows->restart();
		end_attempt();
		start_attempt();
		found_ = find_changes(call, snapshot_->get(), *changes_);
		check(*plan_, found_, *changes_, snapshot_->get());
	}
}

} // namespace bulk_sync::shards
