/*
 * What the rows that are going to be written will have in their columns, once they are stored.
 */
#pragma once

#include "pg/generated.hpp"
#include "pg/stored_rows.hpp"
#include "diff/change_set.hpp"
#include "diff/key_list.hpp"

namespace bulk_sync {

/* Columns of the target that a check looks at. */
// NOLINTNEXTLINE(bugprone-exception-escape): its vectors move their memory along
struct UsedColumns {
	/* Those that are stored as they are given, used directly or to compute others. */
	Vector<AttrNumber> columns;
	/* Those that are generated. */
	Vector<pg::Generation> generated;
};

/* `used` are the columns that are used directly; `members` as in pg::generation_of(). Throws
 * pg::Error. */
UsedColumns used_columns(const Vector<AttrNumber> &used, const pg::Relation &target,
						 const Vector<Oid> &members);

/* Before the diff: lets the change set note what the checks have to know of rows in tables that
 * compute one of the columns from more than the target has. Throws std::bad_alloc. */
void watch_unknown(ChangeSet &changes, const UsedColumns &used);

/* How a check speaks of itself when it cannot know what is stored. */
struct CheckWords {
	const char *question;  /* "cannot check whether rows of "t" <question>" */
	const char *user;	   /* "<user> column "c", whose ..." */
	const char *way_round; /* "Stage the column, give it in insert_defaults, or <way_round>." */
};

/* The rows to write, and what they are written to. */
struct PlannedWrites {
	const ColumnMap &map;
	ChangeSet &changes;
	const pg::Relation &target;
	Snapshot snapshot;
};

/* Makes the query for the rows of one store that fail a check. `first_key` is the store's column
 * with the first key, from 1. Throws pg::Error. */
class FailingRowsQuery {
  public:
	virtual Query *build(const pg::RowStore &store, const Vector<pg::ColumnSource> &sources,
						 int first_key, const Vector<int> &keys) const = 0;

  protected:
	~FailingRowsQuery() = default;
};

/* Keys of rows to update or to insert that fail a check. Both throw pg::Error, 44000 when a value
 * that the check uses is not known before the row is stored. */
void find_failing_updates(const PlannedWrites &writes, const UsedColumns &used,
						  const CheckWords &words, const FailingRowsQuery &query, KeyList &failing);
void find_failing_inserts(const PlannedWrites &writes, const UsedColumns &used,
						  const CheckWords &words, const FailingRowsQuery &query, KeyList &failing);

} // namespace bulk_sync
