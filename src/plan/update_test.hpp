/*
 * The query that asks the condition for updates about a row: over a store that has what the
 * condition uses of the old and the new row.
 */
#pragma once

#include "pg/statement.hpp"
#include "plan/column_sources.hpp"
#include "plan/plan.hpp"

namespace bulk_sync {

/* A column of the store: the value at a position of one of the two rows. */
struct TestedColumn {
	bool of_new_row;
	int position; /* among image and carried columns, from 0 */
};

// NOLINTNEXTLINE(bugprone-exception-escape): its vectors move their memory along
struct UpdateTest {
	Vector<TestedColumn> columns; /* behind tableoid, the first column of the store */
	TupleDesc desc = nullptr;	  /* of the store */
	Vector<pg::ColumnSource> old_sources;
	Vector<pg::ColumnSource> new_sources;
};

/* In the current memory context. Throws pg::Error. */
UpdateTest update_test(const Plan &plan);

/* An empty store for the row that is asked about. Throws pg::Error. */
pg::RowStore update_test_store(const UpdateTest &test);

/* Plans the query, which locks what its sub-selects read. Throws pg::Error. */
pg::Statement plan_update_test(const Plan &plan, const UpdateTest &test, const pg::RowStore &store,
							   Snapshot snapshot);

} // namespace bulk_sync
