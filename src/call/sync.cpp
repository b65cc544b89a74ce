#include "call/sync.hpp"

#include "pg/concurrency.hpp"
#include "write/apply.hpp"
#include "write/collisions.hpp"
#include "write/conflicts.hpp"
#include "write/guards.hpp"
#include "read/json_staging.hpp"
#include "write/key_check.hpp"
#include "plan/locks.hpp"
#include "plan/members.hpp"
#include "call/report.hpp"
#include "plan/rights.hpp"
#include "read/target_scan.hpp"
#include "write/scope_check.hpp"
#include "plan/statements.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;
using pg::Relation;

constexpr int most_retries = 3;

/* Calls that are running in this session, the innermost first. A trigger that the writes of one
 * fire may start another. */
class RunningCall {
  public:
	explicit RunningCall(Oid target) noexcept : target_(target), outer_(innermost)
	{
		innermost = this;
	}
	RunningCall(const RunningCall &) = delete;
	RunningCall &operator=(const RunningCall &) = delete;
	~RunningCall() { innermost = outer_; }

	static bool works_on(Oid target) noexcept
	{
		for (const RunningCall *call = innermost; call != nullptr; call = call->outer_)
			if (call->target_ == target)
				return true;
		return false;
	}

  private:
	static RunningCall *innermost;
	Oid target_;
	RunningCall *outer_;
};

RunningCall *RunningCall::innermost = nullptr;

void refuse_nested_call(const char *name)
{
	pg_call([&] {
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("cannot sync \"%s\" from a trigger of a sync of the same table", name)));
	});
}

[[noreturn]] void give_up(const Relation &target)
{
	pg_call([&] {
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not sync \"%s\" due to concurrent changes", target.name()),
				 errdetail("Other transactions changed rows between reading and writing them."),
				 /* A call in the same transaction would have the same snapshot. */
				 IsolationUsesXactSnapshot()
					 ? errhint("Try the transaction again.")
					 : errhint("Try the transaction again, or use lock => 'table'.")));
	});
	pg_unreachable();
}

/* A unique value that goes round among updated rows is refused in an order of luck. */
void add_hint_for_swaps(ErrorData *error)
{
	if (error->hint == nullptr)
		error->hint = pg_call([] {
			return pstrdup("If rows hand the value on to each other, declare the constraint "
						   "DEFERRABLE.");
		});
}

Vector<AttrNumber> key_numbers(const ColumnMap &map)
{
	Vector<AttrNumber> keys;
	for (int i = 0; i < map.key_count(); i++)
		keys.push_back(map.image[i].target);
	return keys;
}

/* What stays the same over the attempts. */
class Sync {
  public:
	Sync(const Request &request, const Relation &target, const Staging &staging, Report &report)
		: request_(request), target_(target), staging_(staging), report_(report),
		  map_(map_columns(request, target, staging)), scope_(define_scope(request, target)),
		  keys_are_unique_(
			  target.has_unique_index_on(key_numbers(map_), scope_.fixed, scope_.filter.expression))
	{
		check_rights(request, map_, target);
		lock_members(request, scope_, target);
		look_up_computed_columns();
	}

	Stats run()
	{
		if (request_.may_write())
			pg::wait_for_other_calls(target_.oid(), target_.ancestors(), scope_.lock_number(),
									 !keys_are_unique_);
		lock_sources(request_, map_, scope_, target_, staging_);
		for (int retries = 0;; retries++) {
			is_last_attempt_ = retries == most_retries || !pg::reads_committed();
			if (std::optional<Stats> const stats = attempt())
				return *stats;
			if (is_last_attempt_)
				give_up(target_);
			report_.restart();
		}
	}

  private:
	void look_up_computed_columns();
	std::optional<Stats> attempt();
	DiffCounts find_changes(ChangeSet &changes, Snapshot snapshot);
	Written write(ChangeSet &changes, Snapshot snapshot);
	void refuse_stale_scope(Snapshot snapshot);
	void refuse_unnoticed_inserts(ChangeSet &changes);
	bool is_conflict(const pg::Error &error, ChangeSet &changes, Snapshot snapshot,
					 TransactionId writer);
	Stats stats_of(const DiffCounts &counts, const ChangeSet &changes, const Written &written);

	const Request &request_;
	const Relation &target_;
	const Staging &staging_;
	Report &report_;
	ColumnMap map_;
	Scope scope_;
	ComputedKeys keys_;
	bool keys_are_unique_;
	bool is_last_attempt_ = false;
};

/* What the checks before the writes have to know of the target's rows besides the image. */
void Sync::look_up_computed_columns()
{
	/* Rows that may be out of scope may be in any partition. */
	bool const in_scope = !request_.allow_out_of_scope;
	const Vector<Oid> *const known = in_scope ? &scope_.members : nullptr;
	Vector<Oid> const members = in_scope || has_generated_keys(map_, target_)
									? computing_members(target_, known)
									: Vector<Oid>();
	if (in_scope)
		look_up_columns(scope_, target_, members);
	keys_ = computed_keys(map_, target_, members);
	refuse_columns_generated_below(map_, scope_, target_, known);
	carry_columns(map_, target_, scope_.used.columns);
	if (keys_.changed_by_updates)
		carry_columns(map_, target_, keys_.used.columns);
}

/* One try on one snapshot; nothing when another transaction interfered and nothing was done. */
std::optional<Stats> Sync::attempt()
{
	pg::WorkContext work("bulk_sync");
	auto snapshot = pg::ReadSnapshot::of_transaction();
	if (!request_.dry_run && !pg::reads_committed())
		refuse_stale_scope(snapshot.get());
	ChangeSet changes(map_, request_);
	watch_unknown(changes, scope_.used);
	watch_unknown(changes, keys_.used);
	DiffCounts const counts = find_changes(changes, snapshot.get());
	Written written;
	if (request_.dry_run) {
		written.created = changes.inserts().count();
		written.updated = changes.updates().count();
		written.deleted = changes.deletes().count();
	} else if (!changes.is_empty()) {
		if (!pg::reads_committed())
			refuse_unnoticed_inserts(changes);
		written = write(changes, snapshot.get());
	}

	std::optional<Stats> stats;
	if (!written.conflict)
		stats = stats_of(counts, changes, written);
	changes.finish();
	snapshot.release();
	work.finish();
	return stats;
}

/* Diff and checks. The memory of the diff is free again before anything is written. */
DiffCounts Sync::find_changes(ChangeSet &changes, Snapshot snapshot)
{
	pg::WorkContext work("bulk_sync diff");
	DiffResult result;
	Diff diff(map_, changes, result, get_hash_memory_limit());
	report_.begin(Phase::staging);
	staging_.scan(map_, snapshot, diff);
	report_.end_staging(result, staging_.description());
	report_.begin(Phase::target);
	scan_target(map_, scope_, target_, snapshot, request_.skip_deletes, pg::Parallel::allowed,
				diff);
	report_.end_target(result, changes, target_.name());
	report_.begin(Phase::checking);
	check_duplicates(request_, map_, result, target_, staging_);
	check_guards(request_, result.counts, changes.deletes().count(), target_, staging_);
	PlannedWrites const writes{map_, changes, target_, snapshot};
	if (!request_.allow_out_of_scope)
		check_scope(scope_, writes);
	check_keys(keys_, writes);
	work.finish();
	return result.counts;
}

/* Writes in a subtransaction, and rolls that back when another transaction was faster. */
Written Sync::write(ChangeSet &changes, Snapshot snapshot)
{
	auto subtransaction = pg::Subtransaction::begin();
	try {
		Written const written = apply_changes(map_, scope_, changes, target_, snapshot, report_);
		if (written.conflict)
			subtransaction.roll_back();
		else
			subtransaction.commit();
		return written;
	} catch (const pg::Error &error) {
		TransactionId const writer = subtransaction.writer();
		subtransaction.roll_back();
		if (!is_conflict(error, changes, snapshot, writer))
			throw;
		Written written;
		written.conflict = true;
		return written;
	} catch (...) {
		subtransaction.roll_back();
		throw;
	}
}

/* Is the error one that a new attempt on a fresh snapshot may not meet? One that comes out is as it
 * was raised, but for the hint. */
bool Sync::is_conflict(const pg::Error &error, ChangeSet &changes, Snapshot snapshot,
					   TransactionId writer)
{
	if (error.sqlstate() == ERRCODE_T_R_SERIALIZATION_FAILURE)
		return !is_last_attempt_;
	Violation const violation = judge_violation(error, map_, changes, target_, snapshot, writer);
	if (violation == Violation::of_another_table)
		return false;
	if (violation == Violation::unknown && !is_last_attempt_)
		return true;
	if (violation == Violation::conflict || new_keys_exist_by_now(map_, scope_, changes, target_))
		return true;
	if (violation == Violation::swap && report_.phase() == Phase::updating)
		add_hint_for_swaps(error.data());
	return false;
}

/* lock => 'table' promises a result that is exact at commit, and the snapshot of a transaction is
 * older than the lock. */
void Sync::refuse_stale_scope(Snapshot snapshot)
{
	if (request_.lock != LockMode::table)
		return;
	require_row_ids(scope_, target_, snapshot);
	if (scope_changed_since(snapshot, scope_, target_))
		give_up(target_);
}

/* An old snapshot lacks what was inserted since, and without a unique index nothing notices. An index
 * that counts on what the filter fixes notices no row that is inserted outside of the scope. */
void Sync::refuse_unnoticed_inserts(ChangeSet &changes)
{
	bool const index_notices =
		request_.allow_out_of_scope
			? target_.has_unique_index_on(key_numbers(map_), Vector<AttrNumber>(), nullptr)
			: keys_are_unique_;
	if (!index_notices && new_keys_exist_by_now(map_, scope_, changes, target_))
		give_up(target_);
}

Stats Sync::stats_of(const DiffCounts &counts, const ChangeSet &changes, const Written &written)
{
	Stats stats;
	stats.created = written.created;
	stats.updated = written.updated;
	stats.deleted = written.deleted;
	stats.unchanged = counts.unchanged;
	uint64 const skipped = changes.skipped_creates() + changes.skipped_updates();
	stats.skipped = skipped + written.suppressed;
	if (stats.created + stats.updated + stats.unchanged + skipped +
			written.suppressed_creates_and_updates !=
		counts.staged)
		pg_call([&] {
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("bulk_sync lost count of the rows of %s", staging_.description())));
		});
	return stats;
}

} // namespace

Stats synchronize(const Request &request)
{
	check_rights_before_locks(request);
	if (!request.dry_run)
		pg::require_writable(request.target, "bulk_sync()");
	if (RunningCall::works_on(request.target))
		refuse_nested_call(pg_call([&] { return get_rel_name(request.target); }));
	RunningCall const running(request.target);
	Report report(request);
	auto target = Relation::open(request.target, target_lock(request));
	check_target(request, target);
	Stats stats;
	if (request.rows) {
		stats = Sync(request, target, JsonStaging(request, target), report).run();
	} else {
		auto staging = RelationStaging::open(request.staging);
		stats = Sync(request, target, staging, report).run();
		staging.close();
	}
	target.close();
	return stats;
}

} // namespace bulk_sync
