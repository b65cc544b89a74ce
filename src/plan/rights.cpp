#include "plan/rights.hpp"

#include "pg/access.hpp"
#include "pg/fail.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;
using pg::Relation;

void require_some(Oid relation, AclMode right)
{
	if (!pg::may_on_relation(relation, right) && !pg::may_on_some_column(relation, right))
		pg::refuse_access(relation);
}

void require(Oid relation, AclMode right)
{
	if (!pg::may_on_relation(relation, right))
		pg::refuse_access(relation);
}

void require_column(Oid relation, AttrNumber column, AclMode right)
{
	if (!pg::may_on_column(relation, column, right))
		pg::refuse_access(relation);
}

/* The columns that a right is about. */
enum class About { whole_rows, staged, inserted, updated, mark };

/* Calls ask(relation, right, about) for each right that a sync needs besides SELECT on its target,
 * in the order in which they are asked for. */
template <typename Ask> void each_right(const Request &request, Ask &&ask)
{
	if (OidIsValid(request.staging))
		ask(request.staging, ACL_SELECT, About::staged);
	if (request.dry_run)
		return;
	if (!request.skip_creates)
		ask(request.target, ACL_INSERT, About::inserted);
	if (!request.skip_updates)
		ask(request.target, ACL_UPDATE, About::updated);
	if (request.skip_deletes)
		return;
	if (request.soft_delete != nullptr)
		ask(request.target, ACL_UPDATE, About::mark);
	else
		ask(request.target, ACL_DELETE, About::whole_rows);
}

/* Numbers in staging for About::staged, else in the target. */
Vector<AttrNumber> columns_of(const ColumnMap &map, About about)
{
	Vector<AttrNumber> columns;
	auto const add = [&](const Column &column) {
		if (about == About::staged && !column.is_mark())
			columns.push_back(column.staging);
		else if ((about == About::inserted && column.inserted) ||
				 (about == About::updated && column.updated) ||
				 (about == About::mark && column.is_mark()))
			columns.push_back(column.target);
	};
	for (const Column &column : map.image)
		add(column);
	for (const Column &column : map.extra)
		add(column);
	if (about == About::inserted)
		for (const InsertDefault &value : map.insert_defaults)
			columns.push_back(value.column);
	if (about != About::staged)
		for (const TouchedColumn &column : map.touched)
			columns.push_back(column.column);
	return columns;
}

/* The scan of the target reads ctid and xmin, for which rights on columns are not enough. */
void require_select_on_target(Oid target)
{
	if (pg::may_on_relation(target, ACL_SELECT))
		return;
	if (!pg::may_on_some_column(target, ACL_SELECT))
		pg::refuse_access(target);
	pg::fail({.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
			  .message = pg::format("permission denied for table %s", pg::relation_name(target)),
			  .detail = "bulk_sync needs SELECT on the whole target, not only on some "
						"of its columns."});
}

void refuse_target(const Relation &target, const char *detail, const char *hint)
{
	pg::fail({.sqlstate = ERRCODE_WRONG_OBJECT_TYPE,
			  .message = pg::format("cannot sync \"%s\"", target.name()),
			  .detail = detail,
			  .hint = hint});
}

void check_target_kind(const Relation &target)
{
	switch (target.kind()) {
	case RELKIND_RELATION:
	case RELKIND_PARTITIONED_TABLE:
		return;
	case RELKIND_VIEW:
		refuse_target(target, "It is a view.", "Name the table that the view reads.");
		return;
	default:
		refuse_target(target, pg::describe_kind(target), nullptr);
	}
}

void refuse_feature(const Relation &target, const char *detail)
{
	pg::fail({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			  .message = pg::format("cannot sync \"%s\"", target.name()),
			  .detail = detail});
}

/* What keeps rows from being written to a relation, as the end of a sentence; nullptr for
 * nothing. */
const char *obstacle_of(Oid relation)
{
	if (pg::relation_kind(relation) == RELKIND_FOREIGN_TABLE)
		return "is a foreign table.";
	const char *const method = pg::other_access_method(relation);
	if (method == nullptr)
		return nullptr;
	return pg::format("uses the table access method \"%s\".", method);
}

void check_member(const Relation &target, Oid member)
{
	const char *const obstacle = obstacle_of(member);
	if (obstacle == nullptr)
		return;
	refuse_feature(target, member == target.oid()
							   ? pg::format("It %s", obstacle)
							   : pg::format("\"%s\", one of its partitions or children, %s",
											pg::relation_name(member), obstacle));
}

} // namespace

void check_rights_before_locks(const Request &request)
{
	pg::require_schema(request.target);
	if (OidIsValid(request.staging))
		pg::require_schema(request.staging);
	if (request.only_compares) {
		require_some(request.target, ACL_SELECT);
		if (OidIsValid(request.staging))
			require_some(request.staging, ACL_SELECT);
		return;
	}
	require_select_on_target(request.target);
	/* What LOCK TABLE asks for this lock. */
	if (request.may_write() && request.lock == LockMode::table)
		require(request.target, ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE);
	each_right(request, [&](Oid relation, AclMode right, About about) {
		if (about == About::whole_rows)
			require(relation, right);
		else
			require_some(relation, right);
	});
}

void check_rights(const Request &request, const ColumnMap &map, const Relation &target)
{
	require_select_on_target(target.oid());
	each_right(request, [&](Oid relation, AclMode right, About about) {
		if (about == About::whole_rows)
			require(relation, right);
		else if (!pg::may_on_relation(relation, right))
			for (AttrNumber const column : columns_of(map, about))
				require_column(relation, column, right);
	});
}

void check_target(const Request &request, const Relation &target)
{
	if (request.only_compares) {
		check_readable(target);
		return;
	}
	if (request.target == request.staging)
		pg::fail({.sqlstate = ERRCODE_WRONG_OBJECT_TYPE,
				  .message = pg::format("cannot sync \"%s\" with itself", target.name()),
				  .hint = "Target and staging must be two relations."});
	check_target_kind(target);
	if (pg::is_system_relation(target))
		refuse_target(target, "It is a system catalog.", nullptr);
	if (target.is_temporary_of_other_session())
		refuse_feature(target, "It is a temporary table of another session.");
	if (target.has_rules())
		refuse_feature(target, "It has rules, which may rewrite or swallow what is written.");
}

void check_members(const Relation &target, const Vector<Oid> &members)
{
	for (Oid const member : members)
		check_member(target, member);
}

void refuse_unplanned_partition(const Relation &target, const pg::Error &error)
{
	const char *const detail =
		pg::format("One of its partitions that can hold rows in scope is a foreign table: %s.",
				   error.data()->message);
	refuse_feature(target, detail);
}

void check_readable(const Relation &relation)
{
	switch (relation.kind()) {
	case RELKIND_RELATION:
	case RELKIND_PARTITIONED_TABLE:
	case RELKIND_VIEW:
	case RELKIND_MATVIEW:
	case RELKIND_FOREIGN_TABLE:
		return;
	default: {
		const char *const detail = pg::describe_kind(relation);
		pg::fail({.sqlstate = ERRCODE_WRONG_OBJECT_TYPE,
				  .message = pg::format("cannot read rows of \"%s\"", relation.name()),
				  .detail = detail});
	}
	}
}

bool has_policies(const Relation &target)
{
	return pg::row_security_applies(target.oid());
}

} // namespace bulk_sync
