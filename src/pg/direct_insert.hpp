/*
 * Rows put into one table without a plan, in batches where nothing can tell, as COPY
 * does it (copyfrom.c). See result_relation.hpp for the tables that this is for.
 */
#pragma once

#include "pg/applied_rows.hpp"
#include "pg/relation.hpp"
#include "pg/row_source.hpp"
#include "pg/written_rows.hpp"

namespace bulk_sync::pg {

/* A column that gets something else than its default: the value that the rows have, and where that
 * is NULL, or where there is none, the expression's. */
struct InsertedColumn {
	AttrNumber column = InvalidAttrNumber;
	int source_column = 0;		/* of the rows, from 1; 0 for none */
	Node *expression = nullptr; /* over no columns, of the column's type; nullptr for NULL */
};

struct RowsToInsert {
	const Relation &table;
	/* In the order in which they are inserted, and volatile defaults evaluated. */
	RowSource &source;
	Snapshot snapshot;
	/* Each column once. Those that are not here take their defaults, and generated ones are
	 * computed. */
	const Vector<InsertedColumn> &columns;
	WrittenRows *written; /* is told of each row; nullptr: nobody asks */
};

/* Returns the number of rows. AFTER triggers are queued. Throws Error: what rights, constraints,
 * defaults and indexes raise for the first row that they refuse, and what triggers for statements
 * raise. */
uint64 insert_directly(const RowsToInsert &rows, WriteObserver &observer);

} // namespace bulk_sync::pg
