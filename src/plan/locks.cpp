#include "plan/locks.hpp"

#include "pg/statement.hpp"
#include "plan/read_statements.hpp"
#include "plan/rights.hpp"
#include "plan/update_test.hpp"
#include "plan/write_statements.hpp"

namespace bulk_sync {

namespace {

/* A column that an UPDATE of the call may set; nullptr when it updates nothing. */
const Column *updated_column(const Request &request, const ColumnMap &map)
{
	if (map.mark && !(request.skip_deletes && request.skip_updates))
		return &map.image[*map.mark];
	if (!request.skip_updates)
		for (const Column &column : map.image)
			if (column.updated)
				return &column;
	return nullptr;
}

/*
 * The writes to a target with row-level security, with no row to write. They are only planned: that
 * expands the policies which the real statement will have, and plans their sub-selects, which WHERE
 * false does not take away. Nothing is asked of them that needs a right which the call may not
 * have, or that computes anything.
 */
void lock_policies_of_writes(const Plan &plan, Snapshot snapshot)
{
	const Request &request = plan.request;
	const pg::Relation &target = plan.target;
	const ColumnMap &map = plan.map;
	auto const lock = [&](const pg::String &sql) {
		pg::Statement::plan(sql, snapshot, target.oid(), {}, {});
	};
	if (!request.skip_deletes && !map.mark)
		lock(delete_nothing(target));
	if (const Column *const column = updated_column(request, map))
		lock(update_nothing(target, *column));
	if (!request.skip_creates)
		lock(insert_nothing(target));
}

void lock_update_test(const Plan &plan, Snapshot snapshot)
{
	UpdateTest const test = update_test(plan);
	pg::RowStore store = update_test_store(test);
	plan_update_test(plan, test, store, snapshot);
	store.finish();
}

} // namespace

/* It is planning that takes the locks. */
void lock_what_is_read(const Plan &plan, Snapshot snapshot)
{
	bool const policies = has_policies(plan.target);
	if (plan.scope.has_sub_selects() || policies)
		pg::Statement::plan(select_whole_rows(plan), snapshot, plan.target.oid(), {}, {});
	if (plan.tests_updates() && plan.update_when.condition.has_sub_selects)
		lock_update_test(plan, snapshot);
	if (policies && plan.request.may_write())
		lock_policies_of_writes(plan, snapshot);
}

} // namespace bulk_sync
