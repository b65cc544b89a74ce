/*
 * The tables of the target's tree that can hold rows of the call, and what they make of its
 * columns.
 */
#pragma once

#include "plan/plan.hpp"

namespace bulk_sync {

/* The lock that the call takes on the target and on scope.members. */
LOCKMODE target_lock(const Request &request);

/*
 * Locks the partitions of the target that can hold rows in scope, or all its children, in the mode
 * of the target, and notes them in scope.members. Those, and with allow_out_of_scope all others,
 * must be of kinds that can be synced. A comparison, which only reads, locks them only
 * where it matters what they compute; otherwise it leaves scope.members empty. Throws pg::Error,
 * 0A000.
 */
void lock_members(const Request &request, Scope &scope, const pg::Relation &target);

/* The members that can have rows of the call, when they are known and locked; nullptr when any of
 * the tree can. */
const Vector<Oid> *members_with_rows(const Request &request, const Scope &scope) noexcept;

/* The partitions or children that may compute a generated column of the target by an expression of
 * their own, locked. `known` as from members_with_rows(). Throws pg::Error. */
Vector<Oid> computing_members(const pg::Relation &target, const Vector<Oid> *known);

/* A column of the call that is ordinary in the target and generated in a member would not be stored
 * as staging has it. `known` as above. Throws pg::Error, 0A000. */
void refuse_columns_generated_below(const Plan &plan, const Vector<Oid> *known);

} // namespace bulk_sync
