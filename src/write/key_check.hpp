/*
 * Keys that are stored as another value than the one that was matched: the next call would not find
 * the row, and insert it again.
 */
#pragma once

#include "write/stored_values.hpp"

namespace bulk_sync {

/* Keys of rows that fail, for each computed key in the order of plan.keys, identity columns first:
 * new rows with NULL in it, or rows in which it will differ from the staged value. */
using OtherKeys = Vector<KeyList>;

/* Looks at the rows that are going to be written. Throws pg::Error, 44000, when a key cannot be
 * known before its row is stored. */
OtherKeys find_other_keys(const PlannedWrites &writes);

/* Throws pg::Error when there are any, 22004 or 44000. */
void refuse_other_keys(const Plan &plan, const OtherKeys &found);

} // namespace bulk_sync
