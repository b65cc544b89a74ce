/*
 * Where the columns of rows that are not stored yet get their values from.
 */
#pragma once

#include "pg/stored_rows.hpp"
#include "plan/column_map.hpp"
#include "plan/used_columns.hpp"

namespace bulk_sync {

/* Every column of the target, and tableoid, with no source yet but the expressions of generated
 * columns. Throws std::bad_alloc. */
Vector<pg::ColumnSource> sources_of(const pg::Relation &target, const UsedColumns &used);

/* That of one column, which is there. */
pg::ColumnSource &source_of(Vector<pg::ColumnSource> &sources, AttrNumber column);

/* Touched columns come from the clock, wherever else they came from. Throws pg::Error. */
void touch(Vector<pg::ColumnSource> &sources, const ColumnMap &map);

} // namespace bulk_sync
