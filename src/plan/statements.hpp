/*
 * The SQL that the extension runs, a builder for each statement; what a finished statement looks
 * like stands above its builder.
 *
 * Every name comes from the catalog and is quoted, every operator is named with its schema, and
 * values are parameters or come from a store: neither the caller's search_path nor the data can
 * change what a statement does. Builders throw pg::Error and std::bad_alloc.
 */
#pragma once

#include "pg/statement.hpp"
#include "diff/change_set.hpp"
#include "plan/scope.hpp"

namespace bulk_sync {

/* Names under which statements read the stores; the blank keeps them apart from users' tables. */
inline constexpr const char *staged_keys_name = "bulk_sync keys";
inline constexpr const char *deletes_name = "bulk_sync deletes";
inline constexpr const char *updates_name = "bulk_sync updates";
inline constexpr const char *inserts_name = "bulk_sync inserts";

/* Leading columns of the target's scan and of the stores of row ids: tableoid, ctid, xmin. */
inline constexpr int row_id_columns = 3;

/* Shapes of the stores: columns c1, c2.. The keys; the row id; row id, image and carried columns;
 * image and extra columns, and behind them, if it is to be there, the position in staging. */
TupleDesc key_store_desc(const ColumnMap &map);
TupleDesc delete_store_desc();
TupleDesc update_store_desc(const ColumnMap &map);
TupleDesc insert_store_desc(const ColumnMap &map, bool with_position);

pg::String select_staging(const ColumnMap &map, const pg::Relation &staging);
pg::String select_target(const ColumnMap &map, const Scope &scope, const pg::Relation &target);
/* All columns of the target, in their order. */
pg::String select_whole_rows(const Scope &scope, const pg::Relation &target);
/* The row ids of the scope alone. */
pg::String select_row_ids(const Scope &scope, const pg::Relation &target);
/* `has_null`: for each key, is it NULL in some row of staging? */
pg::String select_target_by_keys(const ColumnMap &map, const Scope &scope,
								 const pg::Relation &target, const Vector<bool> &has_null);

pg::String delete_rows(const pg::Relation &target);
/* Marks instead of deleting. */
pg::String mark_rows(const ColumnMap &map, const pg::Relation &target, const Vector<bool> &changed);
pg::String update_rows(const ColumnMap &map, const pg::Relation &target,
					   const Vector<bool> &changed);
/* Adds the values of insert_defaults, and the defaults that take the place of NULLs, to the
 * parameters. */
pg::String insert_rows(const ColumnMap &map, const pg::Relation &target, const ChangeSet &changes,
					   pg::Parameters &parameters);
/* A row for each row of the store that is still as the diff saw it. */
pg::String select_untouched(const pg::Relation &target, const pg::RowStore &store);

} // namespace bulk_sync
