/*
 * The plan of a call: all that is decided before the first row is read, made once and handed on
 * whole to whoever reads, compares, checks or writes rows.
 */
#pragma once

#include "plan/computed_keys.hpp"
#include "plan/scope.hpp"
#include "plan/update_when.hpp"

namespace bulk_sync {

/* Its vectors live in the memory context that was current when it was made; request and target
 * outlive it. */
struct Plan {
	const Request &request;
	const pg::Relation &target;
	const char *staging_name; /* what messages call it, such as: staging relation "import" */
	ColumnMap map;
	Scope scope;
	ComputedKeys keys;
	UpdateWhen update_when;
	/* Partitions or children that may compute a generated column by an expression of their own. */
	Vector<Oid> computing_members;
	/* Does an index make sure that no two rows in scope ever have the same key? */
	bool keys_are_unique = false;

	/* Is a condition asked about rows that differ? */
	bool tests_updates() const noexcept { return update_when.is_given() && !request.skip_updates; }

	/* Is anything asked about rows as they will be stored, before they are written? */
	bool checks_stored_rows() const noexcept
	{
		return (!scope.is_whole_table() && !request.allow_out_of_scope) || !keys.none();
	}
};

/*
 * Decides how target and staging, both open and locked, are brought together: checks the rights
 * that the columns need, and locks the partitions or children that can hold rows in scope. Throws
 * pg::Error: what map_columns(), define_scope(), define_update_when(), check_rights() and
 * lock_members() throw.
 */
Plan make_plan(const Request &request, const pg::Relation &target, const StagingColumns &staging);

} // namespace bulk_sync
