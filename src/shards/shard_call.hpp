/*
 * A call on one shard, or on one copy of a reference table: the phases of one machine, of which the
 * node that was called asks for one after the other.
 */
#pragma once

#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "pg/given_values.hpp"
#include "pg/kept.hpp"
#include "pg/message.hpp"
#include "call/phases.hpp"
#include "read/relation_staging.hpp"
#include "shards/few_rows.hpp"
#include "shards/findings.hpp"
#include "shards/part_staging.hpp"

namespace bulk_sync::shards {

using pg::MessageReader;
using pg::MessageWriter;

/* A table of staging, a part of rows or of objects, or few rows or objects beside the task: one of
 * them. */
struct StagingOnShard {
	std::optional<RelationStaging> relation;
	std::optional<Part> part;
	std::optional<PlaceCheck> check;
	std::optional<PartStaging> rows;
	std::optional<FewRows> few_rows;
	std::optional<JsonStaging> objects;

	const Staging &get() const noexcept
	{
		if (relation)
			return *relation;
		if (rows)
			return *rows;
		if (few_rows)
			return *few_rows;
		return *objects;
	}
};

/*
 * A call on one shard: its plan, and between the steps the changes that were found. What it holds
 * of the server belongs to the transaction of the session, and so does its memory.
 */
class ShardCall final : public pg::Kept {
  public:
	/* `token` is nullptr when nothing will be kept. `function` is any of the extension. */
	ShardCall(const char *token, int number, Oid function)
		: token_(token == nullptr ? "" : pg::format("%s", token)), number_(number),
		  defaults_(function)
	{
	}

	/* Opens and locks both sides, and plans. `rows` are those that go along with the task, or
	 * nullptr. */
	void open(const MessageReader &task, const MessageReader &shard, const char *rows);

	bool is(const char *token, int number) const noexcept
	{
		return number_ == number && strcmp(token_, token) == 0;
	}

	/* Locks, reads and compares; tells whether there is anything to write. `result`, unless it is
	 * nullptr, gets the rows of a dry run. */
	bool find(Findings &findings, pg::ResultRows *result);
	/* Writes what was found, when that is so; `result` gets the rows. */
	Done write(pg::ResultRows *result);
	/* Reads and compares; `result` gets the differences. */
	void compare(Findings &findings, pg::ResultRows &result);
	/* Locks, reads, compares, checks and writes, as on one machine. */
	Done sync();
	/* Tells the values of defaults that other copies of the table need. */
	void tell_defaults(MessageWriter &answer) const;
	void release() override;

  private:
	Request request_for(const MessageReader &task, const MessageReader &shard) const;
	pg::Relation open_target(const MessageReader &task) const;
	void open_staging(const MessageReader &task, const MessageReader &shard, const char *rows);
	void add_ignored_columns(pg::ColumnList &columns) const;
	void require_right_to_give(const pg::Attribute &attribute) const;
	void share_defaults(const MessageReader &task);
	void add_rows_that_forbid(Findings &findings);
	void start_attempt();
	/* Locks, reads and compares. */
	void start(const Call &call);
	Done done_by(const Call &call, const Written &written) const;
	void end_attempt();

	const char *token_;
	int number_;
	pg::GivenValues defaults_; /* of a table that has copies */
	Request request_;
	std::optional<pg::Relation> target_;
	StagingOnShard staging_;
	std::optional<Plan> plan_;
	/* Of the attempt. */
	std::optional<pg::ReadSnapshot> snapshot_;
	std::optional<ChangeSet> changes_;
	DiffResult found_;
};

/* A relation that the node which was called has named. Throws pg::Error, 55000. */
Oid known_relation(const char *name);

} // namespace bulk_sync::shards
