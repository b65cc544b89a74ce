/*
 * What the rows that are going to be written will have in their columns, once they are stored.
 */
#pragma once

#include "pg/stored_rows.hpp"
#include "diff/change_set.hpp"
#include "diff/key_list.hpp"

namespace bulk_sync {

/* How a check speaks of itself when it cannot know what is stored. */
struct CheckWords {
	const char *question;  /* "cannot check whether rows of "t" <question>" */
	const char *user;	   /* "<user> column "c", whose ..." */
	const char *way_round; /* "Stage the column, give it in insert_defaults, or <way_round>." */
};

/* The rows to write, and the snapshot that they were found under. */
struct PlannedWrites {
	const Plan &plan;
	ChangeSet &changes;
	Snapshot snapshot;
};

/* Makes the query for the rows of one store that fail a check; nullptr when none can. `first_key`
 * is the store's column with the first key, from 1. Throws pg::Error. */
class FailingRowsQuery {
  public:
	virtual Query *build(const pg::RowStore &store, const Vector<pg::ColumnSource> &sources,
						 int first_key, const Vector<int> &keys) const = 0;

  protected:
	~FailingRowsQuery() = default;
};

/* Do all rows to update keep the values of the columns that a check uses? Generated columns count
 * as changed: a row may go to a partition that computes them otherwise. Throws pg::Error. */
bool updates_keep(const PlannedWrites &writes, const UsedColumns &used);

/* Keys of rows to update or to insert that fail a check. Both throw pg::Error, 44000 when a value
 * that the check uses is not known before the row is stored. */
void find_failing_updates(const PlannedWrites &writes, const UsedColumns &used,
						  const CheckWords &words, const FailingRowsQuery &query, KeyList &failing);
void find_failing_inserts(const PlannedWrites &writes, const UsedColumns &used,
						  const CheckWords &words, const FailingRowsQuery &query, KeyList &failing);

} // namespace bulk_sync
