/*
 * Rights of the current user.
 */
#pragma once

#include "pg/relation.hpp"

namespace bulk_sync::pg {

/* Has the user this right on the relation, or at least on one of its columns? Needs no lock. Throws
 * Error: 42P01 when there is no such relation. */
bool may_on_relation(Oid relation, AclMode right);
bool may_on_some_column(Oid relation, AclMode right);
bool may_on_column(Oid relation, AttrNumber column, AclMode right);

/* Asks for USAGE on the schema of a relation that is not temporary, as a query does that names it.
 * Throws Error, 42501. */
void require_schema(Oid relation);

/* Throws Error, 42501, as a query without the right would. */
[[noreturn]] void refuse_access(Oid relation);

/* Do policies apply to the user? 42501 when row_security is off and they would. Throws Error. */
bool row_security_applies(Oid relation);

/* Is it a table of the system: in pg_catalog, pg_toast or information_schema? Throws Error. */
bool is_system_relation(const Relation &relation);

/* The kind of a relation that is not open, and the name of its table access method when that is
 * another than heap, else nullptr. Throws Error. */
char relation_kind(Oid relation);
const char *other_access_method(Oid relation);

/*
 * Does the planner of TimescaleDB have a say in where rows of the table go? So it is with a
 * hypertable, which may have no children yet, and with what may be a chunk of one. Throws Error.
 */
bool is_of_hypertable(const Relation &table);

} // namespace bulk_sync::pg
