#include "plan/members.hpp"

#include <algorithm>

#include "pg/compat_table.hpp"
#include "pg/concurrency.hpp"
#include "pg/fail.hpp"
#include "plan/rights.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;

bool has_generated_columns(const pg::Relation &target)
{
	return std::any_of(target.attributes().begin(), target.attributes().end(),
					   [](const pg::Attribute &attribute) { return attribute.generated; });
}

/* Does the call write or judge the column? */
bool is_used(const Plan &plan, AttrNumber number)
{
	const ColumnMap &map = plan.map;
	auto const is_column = [&](const Column &column) { return column.target == number; };
	auto const is_default = [&](const InsertDefault &value) { return value.column == number; };
	auto const judges = [&](const UsedColumns &used) {
		return std::find(used.columns.begin(), used.columns.end(), number) != used.columns.end();
	};
	return map.touches(number) || std::any_of(map.image.begin(), map.image.end(), is_column) ||
		   std::any_of(map.extra.begin(), map.extra.end(), is_column) ||
		   std::any_of(map.insert_defaults.begin(), map.insert_defaults.end(), is_default) ||
		   judges(plan.scope.used) || judges(plan.update_when.new_columns);
}

void refuse_column(const pg::Relation &target, const char *column, Oid member)
{
	pg::fail({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			  .message = pg::format("cannot sync column \"%s\" of \"%s\"", column, target.name()),
			  .detail = pg::format("It is a generated column in \"%s\", which would not store what "
								   "staging has.",
								   pg::relation_name(member)),
			  .hint = "Leave the column out of staging, insert_defaults and the filter."});
}

/* Can there be partitions or children that compute a column otherwise than the target? */
bool members_may_compute(const pg::Relation &target)
{
	return target.has_children() &&
		   (has_generated_columns(target) || pg::compat::children_may_generate_alone);
}

/* Planning fails when the wrapper of a foreign partition has no handler. A sync refuses foreign
 * partitions in any case, in words of its own. */
Vector<Oid> lock_partitions_in_scope(const Request &request, const Scope &scope,
									 const pg::Relation &target, Snapshot snapshot)
{
	try {
		return pg::lock_partitions(target, scope.pruning, target_lock(request), snapshot);
	} catch (const pg::Error &error) {
		if (!request.only_compares && error.sqlstate() == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
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
	auto snapshot = pg::ReadSnapshot::fresh();
	Vector<Oid> const found = lock_partitions_in_scope(request, scope, target, snapshot.get());
	members.assign(found.begin(), found.end());
	snapshot.release();
	work.finish();
	return members;
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
	if (request.only_compares) {
		if (scope.pruning != nullptr && !request.allow_out_of_scope && members_may_compute(target))
			scope.members = lock_tree(request, scope, target);
		return;
	}
	scope.members = lock_tree(request, scope, target);
	check_members(target, scope.members);
	if (scope.pruning == nullptr)
		return;
	if (request.allow_out_of_scope)
		check_members(target, target.tree(NoLock));
	scope.pruning = pg::partition_condition(scope.pruning, target, scope.members);
}

const Vector<Oid> *members_with_rows(const Request &request, const Scope &scope) noexcept
{
	return request.allow_out_of_scope || scope.members.empty() ? nullptr : &scope.members;
}

Vector<Oid> computing_members(const pg::Relation &target, const Vector<Oid> *known)
{
	if (!target.has_children() || !has_generated_columns(target))
		return {};
	return known != nullptr ? *known : target.tree(AccessShareLock);
}

void refuse_columns_generated_below(const Plan &plan, const Vector<Oid> *known)
{
	const pg::Relation &target = plan.target;
	if (!pg::compat::children_may_generate_alone || !target.has_children())
		return;
	/* Only the catalog is asked about the members. */
	Vector<Oid> const members = known != nullptr ? *known : target.tree(NoLock);
	for (Oid const member : members) {
		List *const names = pg::generated_columns(member);
		for (int i = 0; i < list_length(names); i++) {
			auto *const name = static_cast<const char *>(list_nth(names, i));
			const pg::Attribute *const column = target.find(name);
			if (column != nullptr && !column->generated && is_used(plan, column->number))
				refuse_column(target, name, member);
		}
	}
}

} // namespace bulk_sync
