#include "call/compare.hpp"

#include <optional>

#include "pg/concurrency.hpp"
#include "pg/progress.hpp"
#include "diff/compare_rows.hpp"
#include "write/guards.hpp"
#include "write/key_check.hpp"
#include "plan/members.hpp"
#include "plan/rights.hpp"
#include "read/target_scan.hpp"
#include "write/scope_check.hpp"

namespace bulk_sync {

namespace {

Vector<AttrNumber> all_columns(const pg::Relation &relation)
{
	Vector<AttrNumber> columns;
	for (const pg::Attribute &attribute : relation.attributes())
		columns.push_back(attribute.number);
	return columns;
}

/* What does not change while rows are compared. */
struct Comparison {
	const Request &request;
	const ColumnMap &map;
	const Scope &scope;
	const ComputedKeys &keys;
	const pg::Relation &target;
	const Vector<Oid> &members;
};

void find_differences(const Comparison &comparison, const Staging &staging, pg::ResultRows &result,
					  Snapshot snapshot)
{
	const auto &[request, map, scope, keys, target, members] = comparison;
	bool const checks_scope = !scope.is_whole_table() && !request.allow_out_of_scope;
	ChangeSet changes(map, request);
	watch_unknown(changes, scope.used);
	watch_unknown(changes, keys.used);
	CompareRows rows(request, map, target, members, result,
					 checks_scope || !keys.none() ? &changes : nullptr);
	DiffResult found;
	Diff diff(map, rows, found, get_hash_memory_limit());
	staging.scan(map, snapshot, diff);
	scan_target(map, scope, target, snapshot, false,
				rows.is_parallel_safe() ? pg::Parallel::allowed : pg::Parallel::forbidden, diff);
	check_duplicates(request, map, found, target, staging);
	PlannedWrites const writes{map, changes, target, snapshot};
	if (checks_scope)
		check_scope(scope, writes);
	check_keys(keys, writes);
	changes.finish();
}

/* The partitions that can hold rows in scope, locked, where it matters what they compute; nothing when
 * rows may be in any. */
std::optional<Vector<Oid>> members_in_scope(const Request &request, const Scope &scope,
											const pg::Relation &target, Snapshot snapshot)
{
	if (scope.pruning == nullptr || request.allow_out_of_scope || !members_may_compute(target))
		return std::nullopt;
	return pg::lock_partitions(target, scope.pruning, AccessShareLock, snapshot);
}

} // namespace

void compare(const Request &request, pg::ResultRows &result)
{
	check_rights_to_compare(request);
	pg::ProgressPause const pause;
	auto target = pg::Relation::open(request.target, AccessShareLock);
	auto staging = RelationStaging::open(request.staging);
	check_readable(target);
	pg::WorkContext work("bulk_sync compare");
	ColumnMap map = map_columns(request, target, staging);
	map.reads_row_ids = false;
	Scope scope = define_scope(request, target);
	auto snapshot = pg::ReadSnapshot::of_statement();
	auto const in_scope = members_in_scope(request, scope, target, snapshot.get());
	const Vector<Oid> *const known = in_scope ? &*in_scope : nullptr;
	Vector<Oid> const members = computing_members(target, known);
	if (!request.allow_out_of_scope)
		look_up_columns(scope, target, members);
	ComputedKeys const keys = computed_keys(map, target, members);
	refuse_columns_generated_below(map, scope, target, known);
	carry_columns(map, target, all_columns(target));

	find_differences({request, map, scope, keys, target, members}, staging, result, snapshot.get());
	snapshot.release();
	staging.close();
	target.close();
	work.finish();
}

} // namespace bulk_sync
