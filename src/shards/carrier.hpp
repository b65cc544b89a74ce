/*
 * The way to the shards: SQL that Citus sends to the nodes where they are.
 */
#pragma once

#include "pg/statement.hpp"
#include "plan/plan.hpp"
#include "shards/distribution.hpp"
#include "shards/names.hpp"
#include "shards/task.hpp"

namespace bulk_sync::shards {

/*
 * All shards of a table, or the only one that a call is about.
 *
 * Of all shards, each is reached by a row of a helper table, which is divided as the target is and
 * has a row in each of its shards (shards/setup.hpp):
 *
 *   SELECT public.bulk_sync_on_shard(h.tableoid, $1) FROM public.bulk_sync_shards_3 AS h
 *   SELECT r.* FROM public.bulk_sync_shards_3 AS h,
 *   LATERAL public.bulk_sync_rows_on_shard(h.tableoid, $1) AS r
 *
 * Citus runs it on all of them side by side. A single shard is reached by a query that it sends to
 * that shard alone, and that gives a row whatever the table has:
 *
 *   SELECT public.bulk_sync_on_shard(0, $1) FROM (SELECT pg_catalog.count(*) FROM public.employee
 *   WHERE company_id = '501'::integer AND ctid = '(4294967295,0)') AS b
 */
class Carrier {
  public:
	/* `only` is the number of the one shard, and then `condition` what is true for rows of it
	 * alone, or nullptr when the table has no other. Throws pg::Error, 55000 when a helper table is
	 * needed and does not have a row in each shard. */
	static Carrier to_all(const SqlCall &call, const pg::Relation &target,
						  const Distribution &distribution);
	static Carrier to_one(const SqlCall &call, const pg::Relation &target,
						  const Distribution &distribution, std::size_t only,
						  const char *condition);

	/*
	 * Writes nothing to each shard. Citus makes the commit a two-phase one only on connections that
	 * have seen a write, and a function that it calls in a SELECT is none. All later work on a
	 * shard goes through the same connection. Throws pg::Error.
	 */
	void mark(const Plan &plan) const;

	/* What is true for rows of the only shard alone, or nullptr. */
	const char *condition() const noexcept { return condition_; }
	/* Numbers of the shards that are reached. */
	const Vector<std::size_t> &shards() const noexcept { return shards_; }
	/* Adds what the nodes have to know of shard `number` to find it. */
	void add_shard(std::size_t number, pg::MessageWriter &message) const;

	/* Has the task done on all of them, and returns their answers, in the order of shards(). Throws
	 * pg::Error: what a node raised, with names of the table and not of its shards; 55000 when a
	 * shard did not answer. */
	Vector<pg::MessageReader> send(Datum task) const;

	/*
	 * Has the task done on the only shard, with the rows that go along, or nullptr. In a call that
	 * may write, the statement is a write of no row as well:
	 *
	 *   WITH m AS (DELETE FROM public.employee WHERE company_id = '501'::integer AND
	 *   ctid = '(4294967295,0)' RETURNING 1)
	 *   SELECT public.bulk_sync_on_shard(0, $1, $2) FROM (SELECT pg_catalog.count(*) FROM m) AS b
	 *
	 * Where the caller has no right to such a write, or a table that is published cannot be asked
	 * it, there is mark() before. Throws pg::Error.
	 */
	pg::MessageReader send_to_one(const Plan &plan, Datum task, const char *rows) const;

	/* The same with rows: each is given to the receiver as bulk_sync_rows_on_shard() returns it,
	 * with all values at hand, and nothing in the first column. */
	Vector<pg::MessageReader> send(Datum task, pg::RowReceiver &receiver) const;

	/*
	 * Has the task done on every copy of a reference table, by a write of no row that Citus sends
	 * to each of them:
	 *
	 *   DELETE FROM public.country WHERE (SELECT public.bulk_sync_on_copy(v.task)
	 *   FROM (VALUES ($1)) AS v(task))
	 *
	 * The condition does not depend on a row, so that it is asked once, with or without rows.
	 * Throws pg::Error.
	 */
	void send_to_copies(const Plan &plan, Datum task) const;

  private:
	Carrier(const SqlCall &call, const pg::Relation &target, const Distribution &distribution);
	Vector<pg::MessageReader> send(const pg::String &query, const pg::Parameters &parameters) const;
	Vector<pg::MessageReader> in_order(const Vector<pg::MessageReader> &answers) const;

	const pg::Relation &target_;
	const Distribution &distribution_;
	Vector<std::size_t> shards_;
	Vector<const char *> helpers_; /* names of the helper's shards, without schema */
	const char *condition_ = nullptr;
	const char *schema_;		  /* of the extension */
	const char *place_ = nullptr; /* what says to a shard which it is */
	pg::String from_;
	LogicalNames names_;
};

} // namespace bulk_sync::shards
