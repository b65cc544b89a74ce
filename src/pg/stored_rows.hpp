/*
 * Questions about rows of a store as they will be once the relation has them.
 *
 * They are query trees and not SQL: no text could speak of the relation's columns, and of its name
 * and the whole row, while it reads a store.
 */
#pragma once

#include "pg/expression.hpp"
#include "pg/row_store.hpp"

namespace bulk_sync::pg {

/* Where the value of a relation's column is to be taken from: a column of a store, and where it is
 * not in the store, or NULL there, an expression, or NULL. A generated column comes from its
 * expression, over the columns as the store has them, itself too. */
struct ColumnSource {
	AttrNumber column = InvalidAttrNumber; /* of the relation, from 1; or that of tableoid */
	ColumnType type;
	int store_column = 0;		/* from 1; 0 when it is not in the store */
	Node *expression = nullptr; /* nullptr for NULL */
	bool generated = false;
};

/*
 * The rows of `store` for which the filter is not true, as
 *
 *   SELECT <shown columns> FROM <store> WHERE (<filter>) IS NOT TRUE
 *
 * with the filter's references to the columns of `relation` replaced by `sources`; nullptr when the
 * filter turns out to be true for whatever row is in the store: the sources have the same values
 * in all of them. `shown` are columns of the store, from 1. Throws Error.
 */
Query *select_failing_rows(const Filter &filter, const Relation &relation, const RowStore &store,
						   const Vector<ColumnSource> &sources, const Vector<int> &shown);

/*
 * Whether the condition is true of each row of `store`, which has what makes up the old and the new
 * row:
 *
 *   SELECT <condition> FROM <store>
 *
 * Throws Error.
 */
Query *select_condition(const UpdateCondition &condition, const Relation &relation,
						const RowStore &store, const Vector<ColumnSource> &old_sources,
						const Vector<ColumnSource> &new_sources);

/* A column of the relation, and the column of a store that it is compared with. */
struct ComparedColumn {
	AttrNumber column = InvalidAttrNumber;
	ColumnType type;
	int store_column = 0;
	Oid equality = InvalidOid; /* operator of the type */
};

/*
 * The rows of `store` in which the relation's column will have another value than the store's
 * column; NULL is equal to NULL:
 *
 *   SELECT <shown columns> FROM <store> WHERE <source of column> IS DISTINCT FROM <store column>
 *
 * Throws Error.
 */
Query *select_other_values(const ComparedColumn &compared, const RowStore &store,
						   const Vector<ColumnSource> &sources, const Vector<int> &shown);

/* SELECT <shown columns> FROM <store> WHERE <column> is NULL. Throws Error. */
Query *select_nulls(int column, const RowStore &store, const Vector<int> &shown);

} // namespace bulk_sync::pg
