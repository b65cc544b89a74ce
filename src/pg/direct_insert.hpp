/*
 * Rows of a store put into one table without a plan, in batches where nothing can tell, as COPY
 * does it (copyfrom.c). See result_relation.hpp for the tables that this is for.
 */
#pragma once

#include "pg/applied_rows.hpp"
#include "pg/relation.hpp"
#include "pg/row_store.hpp"
#include "pg/written_rows.hpp"

namespace bulk_sync::pg {

/* A column that gets something else than its default: the value of the store, and where that is
 * NULL, or where there is none, the expression's. */
struct InsertedColumn {
	AttrNumber column = InvalidAttrNumber;
	int store_column = 0;		/* from 1; 0 for none */
	Node *expression = nullptr; /* over no columns, of the column's type; nullptr for NULL */
};

struct RowsToInsert {
	const Relation &table;
	RowStore &store;
	Snapshot snapshot;
	/* Each column once. Those that are not here take their defaults, and generated ones are
	 * computed. */
	const Vector<InsertedColumn> &columns;
	/* The column of the store, from 1, whose order the rows are inserted in, and in which volatile
	 * defaults are evaluated; 0 for the order of the store. */
	int order_column;
	WrittenRows *written; /* is told of each row; nullptr: nobody asks */
};

/* Returns the number of rows. AFTER triggers are queued. Throws Error: what rights, constraints,
 * defaults and indexes raise for the first row that they refuse, and what triggers for statements
 * raise. */
uint64 insert_directly(const RowsToInsert &rows, WriteObserver &observer);

} // namespace bulk_sync::pg
