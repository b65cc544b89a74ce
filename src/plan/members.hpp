/*
 * The tables of the target's tree, and what they make of its columns.
 */
#pragma once

#include "plan/column_map.hpp"
#include "plan/scope.hpp"

namespace bulk_sync {

/* Can there be partitions or children that compute a column otherwise than the target? */
bool members_may_compute(const pg::Relation &target);

/* The partitions or children that may compute a generated column of the target by an expression of
 * their own, locked. `known` are the members that can have rows of the call, locked; nullptr for all
 * that there are. Throws pg::Error. */
Vector<Oid> computing_members(const pg::Relation &target, const Vector<Oid> *known);

/* A column of the call that is ordinary in the target and generated in a member would not be stored
 * as staging has it. `known` as above. Throws pg::Error, 0A000. */
void refuse_columns_generated_below(const ColumnMap &map, const Scope &scope,
									const pg::Relation &target, const Vector<Oid> *known);

} // namespace bulk_sync
