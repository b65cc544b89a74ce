#include "plan/rights.hpp"

#include "pg/access.hpp"

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
	if (!pg::may_on_relation(relation, right) && !pg::may_on_column(relation, column, right))
		pg::refuse_access(relation);
}

/* The right on the whole relation, or on each column for which needs(column) holds. */
template <typename Needs>
void require_columns(const ColumnMap &map, Oid relation, AclMode right, AttrNumber Column::*number,
					 Needs &&needs)
{
	if (pg::may_on_relation(relation, right))
		return;
	auto const check = [&](const Column &column) {
		if (needs(column) && !pg::may_on_column(relation, column.*number, right))
			pg::refuse_access(relation);
	};
	for (const Column &column : map.image)
		check(column);
	for (const Column &column : map.extra)
		check(column);
}

/* The scan of the target reads ctid and xmin, for which rights on columns are not enough. */
void require_select_on_target(Oid target)
{
	if (pg::may_on_relation(target, ACL_SELECT))
		return;
	if (!pg::may_on_some_column(target, ACL_SELECT))
		pg::refuse_access(target);
	pg_call([&] {
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for table %s", get_rel_name(target)),
						errdetail("bulk_sync needs SELECT on the whole target, not only on some "
								  "of its columns.")));
	});
}

void refuse_target(const Relation &target, const char *detail, const char *hint)
{
	pg_call([&] {
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("cannot sync \"%s\"", target.name()),
				 errdetail("%s", detail), hint != nullptr ? errhint("%s", hint) : 0));
	});
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
	pg_call([&] {
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot sync \"%s\"", target.name()), errdetail("%s", detail)));
	});
}

/* What keeps rows from being written to a relation, as the end of a sentence; nullptr for nothing. */
const char *obstacle_of(Oid relation)
{
	if (pg::relation_kind(relation) == RELKIND_FOREIGN_TABLE)
		return "is a foreign table.";
	const char *const method = pg::other_access_method(relation);
	if (method == nullptr)
		return nullptr;
	return pg_call([&] { return psprintf("uses the table access method \"%s\".", method); });
}

void check_member(const Relation &target, Oid member)
{
	const char *const obstacle = obstacle_of(member);
	if (obstacle == nullptr)
		return;
	const char *const detail = pg_call([&] {
		return member == target.oid() ? psprintf("It %s", obstacle)
									  : psprintf("\"%s\", one of its partitions or children, %s",
												 get_rel_name(member), obstacle);
	});
	refuse_feature(target, detail);
}

void refuse_distributed_staging(Oid staging)
{
	pg_call([&] {
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot use \"%s\" as staging", get_rel_name(staging)),
						errdetail("It is a table of Citus, whose rows are in shards.")));
	});
}

void refuse_distributed_tables(const Request &request, const Relation &target)
{
	for (Oid const table : pg::distributed_tables()) {
		if (table == target.oid())
			refuse_feature(target, "It is a table of Citus, whose rows are in shards.");
		if (table == request.staging)
			refuse_distributed_staging(table);
	}
}

} // namespace

void check_rights_before_locks(const Request &request)
{
	require_select_on_target(request.target);
	if (OidIsValid(request.staging))
		require_some(request.staging, ACL_SELECT);
	if (request.dry_run)
		return;
	/* What LOCK TABLE asks for this lock. */
	if (request.may_write() && request.lock == LockMode::table)
		require(request.target, ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE);
	if (!request.skip_creates)
		require_some(request.target, ACL_INSERT);
	if (!request.skip_updates)
		require_some(request.target, ACL_UPDATE);
	if (request.skip_deletes)
		return;
	if (request.soft_delete != nullptr)
		require_some(request.target, ACL_UPDATE);
	else
		require(request.target, ACL_DELETE);
}

void check_rights_to_compare(const Request &request)
{
	require_some(request.target, ACL_SELECT);
	require_some(request.staging, ACL_SELECT);
}

void check_rights(const Request &request, const ColumnMap &map, const Relation &target)
{
	require_select_on_target(target.oid());
	if (OidIsValid(request.staging))
		require_columns(map, request.staging, ACL_SELECT, &Column::staging,
						[](const Column &column) { return !column.is_mark(); });
	if (request.dry_run)
		return;
	if (!request.skip_creates) {
		require_columns(map, target.oid(), ACL_INSERT, &Column::target,
						[](const Column &column) { return column.inserted; });
		for (const InsertDefault &value : map.insert_defaults)
			require_column(target.oid(), value.column, ACL_INSERT);
	}
	if (!request.skip_updates)
		require_columns(map, target.oid(), ACL_UPDATE, &Column::target,
						[](const Column &column) { return column.updated; });
	if (request.skip_deletes)
		return;
	if (map.mark)
		require_column(target.oid(), map.image[*map.mark].target, ACL_UPDATE);
	else
		require(target.oid(), ACL_DELETE);
}

void check_target(const Request &request, const Relation &target)
{
	if (request.target == request.staging)
		pg_call([&] {
			ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
							errmsg("cannot sync \"%s\" with itself", target.name()),
							errhint("Target and staging must be two relations.")));
		});
	check_target_kind(target);
	if (pg::is_system_relation(target))
		refuse_target(target, "It is a system catalog.", nullptr);
	if (target.is_temporary_of_other_session())
		refuse_feature(target, "It is a temporary table of another session.");
	if (target.has_rules())
		refuse_feature(target, "It has rules, which may rewrite or swallow what is written.");
	refuse_distributed_tables(request, target);
}

void check_members(const Relation &target, const Vector<Oid> &members)
{
	for (Oid const member : members)
		check_member(target, member);
}

void refuse_unplanned_partition(const Relation &target, const pg::Error &error)
{
	const char *const detail = pg_call([&] {
		return psprintf("One of its partitions that can hold rows in scope is a foreign table: %s.",
						error.data()->message);
	});
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
		pg_call([&] {
			ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
							errmsg("cannot read rows of \"%s\"", relation.name()),
							errdetail("%s", detail)));
		});
	}
	}
}

bool has_policies(const Relation &target)
{
	return pg::row_security_applies(target.oid());
}

} // namespace bulk_sync
