#include "plan/locks.hpp"

#include "pg/concurrency.hpp"
#include "plan/rights.hpp"
#include "plan/statements.hpp"

namespace bulk_sync {

namespace {

using pg::quoted;
using pg::String;

/* The planner wants to know more of a foreign partition than we do; this is an error already when the
 * wrapper has no handler. */
Vector<Oid> lock_partitions_in_scope(const Scope &scope, const pg::Relation &target, LOCKMODE mode,
									 Snapshot snapshot)
{
	try {
		return pg::lock_partitions(target, scope.pruning, mode, snapshot);
	} catch (const pg::Error &error) {
		if (error.sqlstate() == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
			refuse_unplanned_partition(target, error);
		throw;
	}
}

Vector<Oid> lock_tree(const Request &request, const Scope &scope, const pg::Relation &target)
{
	if (scope.pruning == nullptr)
		return target.tree(target_lock(request));
	Vector<Oid> members; /* outlives the plans */
	pg::WorkContext work("bulk_sync partitions");
	auto snapshot = pg::ReadSnapshot::of_transaction();
	Vector<Oid> const found =
		lock_partitions_in_scope(scope, target, target_lock(request), snapshot.get());
	members.assign(found.begin(), found.end());
	snapshot.release();
	work.finish();
	return members;
}

/*
 * The writes of row-level security's policies, with no row to write. They are only planned: that
 * expands the policies which the real statement will have, and plans their sub-selects, which
 * WHERE false does not take away. Nothing is asked of them that needs a right which the call may not
 * have, or that computes anything.
 */

/* DELETE FROM public.employee WHERE false */
String delete_nothing(const pg::Relation &target)
{
	String text("DELETE FROM ");
	return text.append(target.qualified_name()).append(" WHERE false");
}

/* UPDATE public.employee SET phone = phone WHERE false */
String update_nothing(const pg::Relation &target, const Column &column)
{
	const char *const name = quoted(column.name);
	String text("UPDATE ");
	text.append(target.qualified_name()).append(" SET ").append(name).append(" = ").append(name);
	return text.append(" WHERE false");
}

/*
 * INSERT INTO public.employee (id, name, phone) OVERRIDING SYSTEM VALUE
 * SELECT id, name, phone FROM public.employee WHERE false
 */
String insert_nothing(const pg::Relation &target)
{
	String names;
	for (const pg::Attribute &attribute : target.attributes())
		if (!attribute.generated)
			names.append(names.empty() ? "" : ", ").append(quoted(attribute.name));
	String text("INSERT INTO ");
	text.append(target.qualified_name()).append(" (").append(names);
	text.append(") OVERRIDING SYSTEM VALUE SELECT ").append(names).append(" FROM ");
	return text.append(target.qualified_name()).append(" WHERE false");
}

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

void lock_policies_of_writes(const Request &request, const ColumnMap &map,
							 const pg::Relation &target, Snapshot snapshot)
{
	auto const plan = [&](const String &sql) {
		pg::Statement::analyze(sql, snapshot, target.oid(), {}, {});
	};
	if (!request.skip_deletes && !map.mark)
		plan(delete_nothing(target));
	if (const Column *const column = updated_column(request, map))
		plan(update_nothing(target, *column));
	if (!request.skip_creates)
		plan(insert_nothing(target));
}

} // namespace

LOCKMODE target_lock(const Request &request)
{
	if (!request.may_write())
		return AccessShareLock;
	return request.lock == LockMode::table ? ShareRowExclusiveLock : RowExclusiveLock;
}

void lock_members(const Request &request, Scope &scope, const pg::Relation &target)
{
	scope.members = lock_tree(request, scope, target);
	check_members(target, scope.members);
	if (scope.pruning == nullptr)
		return;
	if (request.allow_out_of_scope)
		check_members(target, target.tree(NoLock));
	scope.pruning = pg::partition_condition(scope.pruning, target, scope.members);
}

/* It is planning that takes the locks, on a snapshot of its own. */
void lock_sources(const Request &request, const ColumnMap &map, const Scope &scope,
				  const pg::Relation &target, const Staging &staging)
{
	pg::WorkContext work("bulk_sync locks");
	auto snapshot = pg::ReadSnapshot::of_transaction();
	staging.lock_sources(map, snapshot.get());
	bool const policies = has_policies(target);
	if (scope.has_sub_selects() || policies)
		pg::Statement::analyze(select_whole_rows(scope, target), snapshot.get(), target.oid(), {},
							   {});
	if (policies && request.may_write())
		lock_policies_of_writes(request, map, target, snapshot.get());
	snapshot.release();
	work.finish();
}

} // namespace bulk_sync
