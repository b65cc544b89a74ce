/*
 * Stores of rows that statements read by name: what they are called, and their columns c1, c2..
 */
#pragma once

#include "plan/column_map.hpp"

namespace bulk_sync {

/* The blank keeps the names apart from users' tables. */
inline constexpr const char *staged_keys_name = "bulk_sync keys";
inline constexpr const char *deletes_name = "bulk_sync deletes";
inline constexpr const char *updates_name = "bulk_sync updates";
inline constexpr const char *inserts_name = "bulk_sync inserts";

/* Leading columns of the target's scan and of the stores of row ids: tableoid, ctid, xmin. */
inline constexpr int row_id_columns = 3;

/* The keys. In the current memory context; all throw pg::Error. */
TupleDesc key_store_desc(const ColumnMap &map);
/* The row id. */
TupleDesc delete_store_desc();
/* Row id, image and carried columns. */
TupleDesc update_store_desc(const ColumnMap &map);
/* Image and extra columns, and behind them, if it is to be there, the position in staging. */
TupleDesc insert_store_desc(const ColumnMap &map, bool with_position);

/* In which rows to insert a column is NULL, where NULL stands for the column's default. */
enum class Defaulted { nowhere, somewhere, everywhere };

/* What the INSERT has to know of its store, besides the shape that the plan gives it. */
// NOLINTNEXTLINE(bugprone-exception-escape): its vector moves its memory along
struct InsertStore {
	Vector<Defaulted> defaulted; /* of each image column, and behind them each extra one */
	/* Is the position in staging the last column? If not, the rows are in that order. */
	bool has_positions = false;
};

} // namespace bulk_sync
