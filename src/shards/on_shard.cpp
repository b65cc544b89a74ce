#include "shards/on_shard.hpp"

#include "pg/access.hpp"
#include "pg/fail.hpp"
#include "shards/names.hpp"
#include "shards/shard_call.hpp"
#include "shards/task.hpp"

namespace bulk_sync::shards {

namespace {

/* The shard of a task, which is the `number`th of it. */
struct Place {
	MessageReader shard;
	int number;
};

/* What a call of a node is about. */
struct Step {
	const MessageReader &task;
	Place place;
	Oid function;
	const char *rows;		/* that go along with the task; nullptr for none */
	pg::ResultRows *result; /* nullptr: nobody asks for rows */
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

[[noreturn]] void refuse_other_copy(const MessageReader &task)
{
	pg::fail({.sqlstate = ERRCODE_INTERNAL_ERROR,
			  .message = pg::format("the copies of table %s are not the same", task.text("table")),
			  .hint = "Make the reference table anew."});
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
	auto const may = [&](AclMode right) {
		return pg::may_on_relation(table, right) || pg::may_on_some_column(table, right);
	};
	if (!may(ACL_INSERT) && !may(ACL_UPDATE) && !pg::may_on_relation(table, ACL_DELETE))
		pg::refuse_access(table);
	pg::wait_for_other_calls(table, pg::ancestors_of(table), 0, true);
}

ShardCall *make_call(const char *token, int number, Oid function)
{
	MemoryContext const memory = pg::Kept::make_memory("bulk_sync shard");
	return pg::Kept::make(memory, [&] {
		void *const at = pg::Allocator<ShardCall>().allocate(1);
		return new (at) ShardCall(token, number, function);
	});
}

void find_on_shard(const Step &step, const char *token, MessageWriter &answer)
{
	if (token != nullptr && kept_call(token, step.place.number) != nullptr)
		pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				  .message = "the shard has two places in the call"});
	ShardCall *const call = make_call(token, step.place.number, step.function);
	bool const has_changes = call->run([&] {
		Findings findings;
		call->open(step.task, step.place.shard, step.rows);
		bool const found = call->find(findings, step.result);
		write(findings, answer);
		return found;
	});
	bool const keep = has_changes && token != nullptr;
	answer.add("kept", keep);
	if (!keep)
		call->end();
}

void compare_on_shard(const Step &step, MessageWriter &answer)
{
	ShardCall *const call = make_call(nullptr, step.place.number, step.function);
	call->run([&] {
		Findings findings;
		call->open(step.task, step.place.shard, step.rows);
		call->compare(findings, *step.result);
		write(findings, answer);
	});
	call->end();
}

void write_on_shard(const Step &step, const char *token, MessageWriter &answer)
{
	ShardCall *const call = kept_call(token, step.place.number);
	if (call == nullptr)
		return;
	call->run([&] {
		write(call->write(step.result), answer);
		call->tell_defaults(answer);
	});
	answer.add("group", local_group());
	call->end();
}

/* All that is to be done on the only shard of a call. */
void sync_on_shard(const Step &step, MessageWriter &answer)
{
	ShardCall *const call = make_call(nullptr, step.place.number, step.function);
	call->run([&] {
		call->open(step.task, step.place.shard, step.rows);
		write(call->sync(), answer);
	});
	call->end();
}

/* What the first copy of a reference table did, another one does too. */
void write_copy(const Step &step)
{
	MessageReader const first = step.task.member("first");
	if (first.number("group") == local_group())
		return;
	Done expected;
	add(expected, first);
	ShardCall *const call = make_call(nullptr, step.place.number, step.function);
	call->run([&] {
		Findings findings;
		call->open(step.task, step.place.shard, step.rows);
		call->find(findings, nullptr);
		if (!have_same_rows(findings.diff.counts, expected.counts))
			refuse_other_copy(step.task);
		if (!did_the_same(call->write(nullptr), expected))
			refuse_other_copy(step.task);
	});
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

[[noreturn]] void refuse_step(const char *name)
{
	pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			  .message = pg::format("no step of a call on a shard is \"%s\"", name)});
}

void do_step_of(const Step &step, MessageWriter &answer)
{
	const char *const name = step.task.text("step");
	if (strcmp(name, "wait") == 0) {
		transaction_token();
		wait_at_one_place(step.task, step.place.number);
		return;
	}
	if (strcmp(name, "sync") == 0) {
		sync_on_shard(step, answer);
		return;
	}
	if (strcmp(name, "compare") == 0 && step.result != nullptr) {
		compare_on_shard(step, answer);
		return;
	}
	const char *const token = token_of(step.task);
	if (strcmp(name, "find") == 0)
		find_on_shard(step, token, answer);
	else if (strcmp(name, "apply") == 0 && token != nullptr)
		write_on_shard(step, token, answer);
	else
		refuse_step(name);
}

/* Runs the function with the settings and the time of the node that was called. */
template <typename Function> void as_called(const MessageReader &task, Function &&function)
{
	TasksUnderWay::require();
	if (task.number("protocol") != protocol)
		refuse_other_version();
	pg::LocalSettings const settings;
	const char *const own_time = pg::transaction_time();
	try {
		apply_settings(task, settings);
		function();
	} catch (const pg::Error &error) {
		pg::set_transaction_time(own_time);
		put_fields_into_context(error.data());
		throw;
	} catch (...) {
		pg::set_transaction_time(own_time);
		throw;
	}
	pg::set_transaction_time(own_time);
	settings.end();
}

} // namespace

Datum do_step(Oid function, Oid place, Datum task_value, const char *rows, pg::ResultRows *result)
{
	MessageReader const task = MessageReader::of(task_value);
	MessageWriter answer;
	as_called(task, [&] {
		Step const step{task, place_in(task, place), function, rows, result};
		answer.add("place", static_cast<int64>(step.place.number));
		do_step_of(step, answer);
	});
	return answer.finish();
}

void do_step_on_copy(Oid function, Datum task_value)
{
	MessageReader const task = MessageReader::of(task_value);
	as_called(task, [&] {
		write_copy({task, place_in(task, InvalidOid), function, nullptr, nullptr});
	});
}

} // namespace bulk_sync::shards
