#include "call/compare.hpp"

#include "call/phases.hpp"
#include "diff/compare_rows.hpp"
#include "pg/concurrency.hpp"
#include "plan/members.hpp"
#include "plan/rights.hpp"
#include "read/diff_into.hpp"
#include "read/relation_staging.hpp"

namespace bulk_sync {

namespace {

void find_differences(const Plan &plan, const Staging &staging, Snapshot snapshot,
					  pg::ResultRows &result)
{
	ChangeSet changes(plan);
	CompareRows rows(plan, result, plan.checks_stored_rows() ? &changes : nullptr);
	DiffResult found;
	NoObserver nobody;
	wanted_diff_into(plan, staging, snapshot, Wanted::all_in_scope, rows, found, nobody);
	check(plan, found, changes, snapshot);
	changes.finish();
}

} // namespace

void compare(const Request &request, pg::ResultRows &result)
{
	check_rights_before_locks(request);
	auto target = pg::Relation::open(request.target, target_lock(request));
	check_target(request, target);
	auto staging = RelationStaging::open(request.staging);
	pg::WorkContext work("bulk_sync compare");
	Plan const plan = make_plan(request, target, staging.for_plan());
	auto snapshot = pg::ReadSnapshot::of_caller();
	find_differences(plan, staging, snapshot.get(), result);
	snapshot.release();
	staging.close();
	target.close();
	work.finish();
}

} // namespace bulk_sync
