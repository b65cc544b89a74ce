/*
 * Columns that get the time of the call in each row that it writes.
 */
#pragma once

#include "plan/column_map.hpp"

namespace bulk_sync {

/* What argument "touch_columns" names. Throws pg::Error: 42703 for what is no column of the target,
 * 22023 for columns that cannot be touched. */
Vector<TouchedColumn> touched_columns(const Request &request, const pg::Relation &target,
									  const pg::ColumnList &staging,
									  const Vector<AttrNumber> &primary_key);

/* now(), as it is assigned to the column. Throws pg::Error. */
Node *value_of(const TouchedColumn &column);

} // namespace bulk_sync
