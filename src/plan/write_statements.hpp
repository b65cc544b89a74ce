/*
 * The SQL that writes, by the rules of read_statements.hpp, and the same for writes without a
 * statement. Builders throw pg::Error and std::bad_alloc.
 */
#pragma once

#include "pg/direct_insert.hpp"
#include "pg/direct_write.hpp"
#include "pg/statement.hpp"
#include "plan/plan.hpp"
#include "plan/stores.hpp"

namespace bulk_sync {

/* Deletes the rows in the store of deletes. */
pg::String delete_rows(const pg::Relation &target);
/* Marks them instead. `changed`: flags for the image columns. */
pg::String mark_rows(const Plan &plan, const Vector<bool> &changed);
/* Sets the changed columns of the rows in the store of updates. */
pg::String update_rows(const Plan &plan, const Vector<bool> &changed);
/* Inserts the rows in the store of inserts. Adds the values of insert_defaults, and the defaults
 * that take the place of NULLs, to the parameters. */
pg::String insert_rows(const Plan &plan, const InsertStore &store, pg::Parameters &parameters);

/* Adds to one of these, by its command, what pg::ReturnedRows takes. */
void append_returning(pg::String &text, CmdType command);

/* What mark_rows() and update_rows() set, without a statement. In the current memory context. */
Vector<pg::SetColumn> marked_columns(const Plan &plan, const Vector<bool> &changed);
Vector<pg::SetColumn> updated_columns(const Plan &plan, const Vector<bool> &changed);
/* What insert_rows() inserts, likewise, and the column of the store that it orders by, from 1; 0
 * for none. */
Vector<pg::InsertedColumn> inserted_columns(const Plan &plan, const InsertStore &store);
int position_column(const InsertStore &store) noexcept;

/* Writes of no row, to be planned for what planning locks. */
pg::String delete_nothing(const pg::Relation &target);
pg::String update_nothing(const pg::Relation &target, const Column &column);
pg::String insert_nothing(const pg::Relation &target);

/* An INSERT of the target's own rows, but for generated columns, for a WHERE to follow. Throws
 * std::bad_alloc. */
pg::String insert_of_all_columns(const pg::Relation &target);

} // namespace bulk_sync
