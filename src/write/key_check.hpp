/*
 * Keys that are stored as another value than the one that was matched: the next call would not find
 * the row, and insert it again.
 */
#pragma once

#include "write/stored_values.hpp"

namespace bulk_sync {

/* Looks at the rows that are going to be written. Throws pg::Error: 22004 for new rows with NULL in
 * an identity column, 44000 for rows whose generated key will differ from the staged one, or cannot
 * be known before they are stored. */
void check_keys(const PlannedWrites &writes);

} // namespace bulk_sync
