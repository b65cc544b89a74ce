/*
 * What the call is allowed to touch: rights, row-level security, and kinds of relations.
 */
#pragma once

#include "plan/column_map.hpp"

namespace bulk_sync {

/*
 * Does the caller have each right that the call needs, at least on some column? Looked at before
 * any lock is waited for, so that nobody without rights can stand in a queue for locks. The
 * executor asks for the rest of what a comparison reads. Throws pg::Error, 42501.
 */
void check_rights_before_locks(const Request &request);

/* The same with the columns known, under lock. Throws pg::Error, 42501. */
void check_rights(const Request &request, const ColumnMap &map, const pg::Relation &target);

/* Can the target be synced at all, from this staging relation, or, for a comparison, be read?
 * Throws pg::Error: 42809 for kinds that cannot, 0A000 for what is not supported. */
void check_target(const Request &request, const pg::Relation &target);

/* Can rows be written to these members of the target's tree? Throws pg::Error, 0A000. */
void check_members(const pg::Relation &target, const Vector<Oid> &members);

/* Throws pg::Error, 0A000, with the planner's error about a foreign partition as its reason. */
void refuse_unplanned_partition(const pg::Relation &target, const pg::Error &error);

/* Can the relation be read like a table? Throws pg::Error, 42809. */
void check_readable(const pg::Relation &relation);

/* Do row-level security policies of the target apply to the caller? Throws pg::Error. */
bool has_policies(const pg::Relation &target);

} // namespace bulk_sync
