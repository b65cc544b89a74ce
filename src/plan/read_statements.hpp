/*
 * The SQL that reads, a builder for each statement; what a finished statement looks like stands
 * above its builder.
 *
 * Every name comes from the catalog and is quoted, every operator is named with its schema, and
 * values are parameters or come from a store: neither the caller's search_path nor the data can
 * change what a statement does. Builders throw pg::Error and std::bad_alloc.
 */
#pragma once

#include "pg/row_store.hpp"
#include "plan/plan.hpp"

namespace bulk_sync {

/* What the call takes from staging: the image without its mark, then the extra columns. */
pg::String select_staging(const ColumnMap &map, const pg::Relation &staging);
/* The rows in scope: row id, image and carried columns. */
pg::String select_target(const Plan &plan);
/* All columns of the target, in their order. */
pg::String select_whole_rows(const Plan &plan);
/* The row ids of the scope alone. */
pg::String select_row_ids(const Plan &plan);
/* What select_target() gives of rows whose keys are in the store of staged keys. `has_null`: for
 * each key, is it NULL in some row of staging? */
pg::String select_target_by_keys(const Plan &plan, const Vector<bool> &has_null);
/* A row for each row of the store that is still as the diff saw it. */
pg::String select_untouched(const pg::Relation &target, const pg::RowStore &store);

} // namespace bulk_sync
