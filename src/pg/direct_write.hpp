/*
 * Rows of one table updated and deleted by their ids without a plan, at the level of
 * execReplication.c, in the order of the pages. See result_relation.hpp for the tables that this is
 * for.
 *
 * AFTER triggers are queued in the group of concurrency.hpp, foreign keys among them. All throw
 * Error: what rights, constraints, indexes and triggers for statements raise; each error says in
 * its context what was being done.
 */
#pragma once

#include "pg/applied_rows.hpp"
#include "pg/relation.hpp"
#include "pg/row_store.hpp"
#include "pg/written_rows.hpp"

namespace bulk_sync::pg {

/*
 * What somebody has a say in before a row is written, as the end of a sentence about the table;
 * nullptr for nothing. A table that has children may have rows in them. Policies are not looked at.
 */
const char *obstacle_to_direct_write(const Relation &table, CmdType command) noexcept;

/* What the rows of a store that begin with tableoid, ctid and xmin are to be: the row as a
 * snapshot saw it. A row that is not so any more, or that another transaction changes first, is
 * left alone. */
struct RowsById {
	const Relation &table;
	RowStore &store;
	Snapshot snapshot;
	/* Are the rows of the store not in the order of the pages? Then they are sorted first. */
	bool in_disorder;
	WrittenRows *written; /* is told of each row; nullptr: nobody asks */
};

/* A column that an update sets. */
struct SetColumn {
	enum class To {
		stored_value,
		expression,
		itself /* set for triggers and rights alone, which look at what is set */
	};

	AttrNumber column = InvalidAttrNumber;
	To to = To::stored_value;
	int store_column = 0;		/* from 1 */
	Node *expression = nullptr; /* over no columns; evaluated for each row */
};

/*
 * Both return the rows written; which of the others another transaction changed, and which a
 * trigger of ours, is for the caller to find out. 40001 in an isolation level with one snapshot,
 * when another transaction changed a row; 27000 when a BEFORE trigger for the statement did.
 */
uint64 delete_directly(const RowsById &rows, WriteObserver &observer);
uint64 update_directly(const RowsById &rows, const Vector<SetColumn> &columns,
					   WriteObserver &observer);

} // namespace bulk_sync::pg
