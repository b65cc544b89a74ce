/*
 * Plans whose rows are, but for their selection, the tuples of tables.
 */
#pragma once

#include "pg/statement.hpp"

namespace bulk_sync::pg {

/* What Statement::gives_stored_tuples() says of its plan. Raises. */
PG_RAISES bool reads_stored_tuples(const PlannedStmt *plan, const Relation &relation,
								   const Vector<AttrNumber> &columns);

/* For each column of the relation, by its number less one, the column of the table, which is the
 * relation or a partition or child of it; 0 for one that is dropped. In the current memory context.
 * Raises. */
PG_RAISES const AttrNumber *columns_in(::Relation table, const Relation &relation);

} // namespace bulk_sync::pg
