#include "shards/on_shard.hpp"

#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "pg/kept.hpp"
#include "call/phases.hpp"
#include "plan/members.hpp"
#include "plan/rights.hpp"
#include "read/relation_staging.hpp"
#include "shards/findings.hpp"
#include "shards/part_staging.hpp"
#include "shards/task.hpp"
#include "write/conflicts.hpp"

namespace bulk_sync::shards {

namespace {

using pg::MessageReader;
using pg::MessageWriter;

constexpr int most_retries = 3;

/* The shard of a task, which is the `number`th of it. */
struct Place {
	MessageReader shard;
	int number;
};

Place place_in(const MessageReader &task, Oid place)
{
	MessageReader const shards = task.member("shards");
	if (!OidIsValid(place))
		return {shards.element(0), 0};
	const char *const name = pg::relation_name(place);
	for (int i = 0; i < shards.count(); i++)
		if (name != nullptr && strcmp(shards.element(i).text("helper"), name) == 0)
			return {shards.element(i), i};
	pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			  .message = "the shards of the table have changed since the call began",
			  .hint = "Try the call again."});
}

/* A table of staging, a part of rows or a part of objects: one of them. */
struct StagingOnShard {
	std::optional<RelationStaging> relation;
	std::optional<Part> part;
	std::optional<PlaceCheck> check;
	std::optional<PartStaging> rows;
	std::optional<JsonStaging> objects;

	const Staging &get() const noexcept
	{
		if (relation)
			return *relation;
		if (rows)
			return *rows;
		return *objects;
	}
};

/*
 * A call on one shard: its plan, and between the steps the changes that were found. What it holds
 * of the server belongs to the transaction of the session, and so does its memory.
 */
class ShardCall final : public pg::Kept {
  public:
	/* `token` is nullptr when nothing will be kept. */
	ShardCall(const char *token, int number)
		: token_(token == nullptr ? "" : pg::format("%s", token)), number_(number)
	{
	}

	/* Opens and locks both sides, and plans. */
	void open(const MessageReader &task, const MessageReader &shard);

	bool is(const char *token, int number) const noexcept
	{
		return number_ == number && strcmp(token_, token) == 0;
	}

	/* Locks, reads and compares; tells what it found, and whether there is anything to write. */
	bool find(MessageWriter &answer);
	/* Writes what was found. */
	void write(MessageWriter &answer);
	void release() override;

  private:
	Request request_for(const MessageReader &task, const MessageReader &shard) const;
	pg::Relation open_target(const MessageReader &task) const;
	void open_staging(const MessageReader &task, const MessageReader &shard);
	void start_attempt();
	void end_attempt();

	const char *token_;
	int number_;
	Request request_;
	std::optional<pg::Relation> target_;
	StagingOnShard staging_;
	std::optional<Plan> plan_;
	/* Of the attempt. */
	std::optional<pg::ReadSnapshot> snapshot_;
	std::optional<ChangeSet> changes_;
	DiffResult found_;
};

void ShardCall::open(const MessageReader &task, const MessageReader &shard)
{
	request_ = request_for(task, shard);
	target_.emplace(open_target(task));
	check_target(request_, *target_);
	open_staging(task, shard);
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

Request ShardCall::request_for(const MessageReader &task, const MessageReader &shard) const
{
	Request request = request_of(task.member("options"));
	request.target = known_relation(shard.text("name"));
	if (const char *const staging = shard.text_if_any("staging"))
		request.staging = known_relation(staging);
	check_rights_before_locks(request);
	return request;
}

pg::Relation ShardCall::open_target(const MessageReader &task) const
{
	return pg::Relation::open_shard(request_.target, known_relation(task.text("table")),
									target_lock(request_));
}

void ShardCall::open_staging(const MessageReader &task, const MessageReader &shard)
{
	const char *const description = task.text("staging_name");
	if (OidIsValid(request_.staging)) {
		staging_.relation.emplace(RelationStaging::open(request_.staging, description));
		return;
	}
	staging_.part.emplace(fetch_part(task, shard));
	const Part &part = *staging_.part;
	if (!part.is_json) {
		staging_.rows.emplace(part, description);
		return;
	}
	request_.rows = read_objects(part, description);
	staging_.check.emplace(part, description);
	staging_.objects.emplace(request_, *target_, part.members, &*staging_.check);
}

void ShardCall::start_attempt()
{
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

bool ShardCall::find(MessageWriter &answer)
{
	CallProgress progress(request_);
	Call const call{*plan_, staging_.get(), progress, nullptr};
	if (staging_.check)
		staging_.check->look_up(*plan_);
	prepare(call);
	start_attempt();
	Snapshot const snapshot = snapshot_->get();
	if (!request_.dry_run && !pg::reads_committed())
		refuse_stale_scope(*plan_, snapshot);
	found_ = find_changes(call, snapshot, *changes_);
	Findings findings;
	findings.diff = found_;
	findings.creates = changes_->insert_count();
	findings.updates = changes_->updates().count();
	findings.deletes = changes_->deletes().count();
	findings.skipped = changes_->skipped_creates() + changes_->skipped_updates();
	if (found_.staging_duplicates.count == 0 && found_.target_duplicates.count == 0) {
		PlannedWrites const writes{*plan_, *changes_, snapshot};
		find_out_of_scope(writes, findings.out_of_scope);
		findings.other_keys = find_other_keys(writes);
	}
	shards::write(findings, answer);
	return !changes_->is_empty();
}

void ShardCall::write(MessageWriter &answer)
{
	CallProgress progress(request_);
	Call const call{*plan_, staging_.get(), progress, nullptr};
	for (int retries = 0;; retries++) {
		bool const is_last = retries == most_retries || !pg::reads_committed();
		if (!pg::reads_committed())
			refuse_unnoticed_inserts(*plan_, *changes_);
		Written const written = apply(call, *changes_, snapshot_->get(), is_last);
		if (!written.conflict) {
			Done done;
			done.stats = report(call, found_, *changes_, written);
			done.counts = found_.counts;
			done.deletes = changes_->deletes().count();
			shards::write(done, answer);
			return;
		}
		if (is_last)
			refuse_conflict(*target_);
		end_attempt();
		start_attempt();
		found_ = find_changes(call, snapshot_->get(), *changes_);
		check(*plan_, found_, *changes_, snapshot_->get());
	}
}

ShardCall *kept_call(const char *token, int number)
{
	for (pg::Kept *kept = pg::Kept::last(); kept != nullptr; kept = kept->previous()) {
		auto *const call = static_cast<ShardCall *>(kept);
		if (call->is(token, number))
			return call;
	}
	return nullptr;
}

/* Calls from all nodes meet on the node with the first shard, so that those which have to wait for
 * each other do so in the same order everywhere. */
void wait_at_one_place(const MessageReader &task, int number)
{
	if (number != 0)
		return;
	Oid const table = known_relation(task.text("table"));
	pg::wait_for_other_calls(table, pg::ancestors_of(table), 0, true);
}

void find_on_shard(const MessageReader &task, const Place &place, const char *token,
				   MessageWriter &answer)
{
	if (token != nullptr && kept_call(token, place.number) != nullptr)
		pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				  .message = "the shard has two places in the call"});
	MemoryContext const memory = pg::Kept::make_memory("bulk_sync shard");
	ShardCall *const call = pg::Kept::make(memory, [&] {
		void *const at = pg::Allocator<ShardCall>().allocate(1);
		return new (at) ShardCall(token, place.number);
	});
	bool const has_changes = call->run([&] {
		call->open(task, place.shard);
		return call->find(answer);
	});
	bool const keep = has_changes && token != nullptr;
	answer.add("kept", keep);
	if (!keep)
		call->end();
}

void write_on_shard(const Place &place, const char *token, MessageWriter &answer)
{
	ShardCall *const call = kept_call(token, place.number);
	if (call == nullptr)
		return;
	call->run([&] { call->write(answer); });
	call->end();
}

/* Of a call that writes, nullptr for others. Whoever calls this without the distributed transaction
 * of such a call is told so. */
const char *token_of(const MessageReader &task)
{
	const char *const token = task.text_if_any("token");
	if (token == nullptr)
		return nullptr;
	const char *const transaction = transaction_token();
	if (strncmp(token, transaction, strlen(transaction)) != 0)
		pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				  .message = "the call belongs to another transaction"});
	return token;
}

void do_step_of(const MessageReader &task, const Place &place, MessageWriter &answer)
{
	const char *const step = task.text("step");
	if (strcmp(step, "wait") == 0) {
		wait_at_one_place(task, place.number);
		return;
	}
	const char *const token = token_of(task);
	if (strcmp(step, "find") == 0)
		find_on_shard(task, place, token, answer);
	else if (token != nullptr)
		write_on_shard(place, token, answer);
}

} // namespace

Datum do_step(Oid place, Datum task_value)
{
	MessageReader const task = MessageReader::of(task_value);
	if (task.number("protocol") != protocol)
		refuse_other_version();
	Place const at = place_in(task, place);
	MessageWriter answer;
	answer.add("place", static_cast<int64>(at.number));
	pg::LocalSettings const settings;
	const char *const own_time = pg::transaction_time();
	try {
		apply_settings(task, settings);
		do_step_of(task, at, answer);
	} catch (...) {
		pg::set_transaction_time(own_time);
		throw;
	}
	pg::set_transaction_time(own_time);
	settings.end();
	return answer.finish();
}

} // namespace bulk_sync::shards
