/*
 * Staged rows outside of the scope: a row that would be stored out of it would not be found there
 * by the next call, and be inserted again.
 */
#pragma once

#include "write/stored_values.hpp"

namespace bulk_sync {

/* Looks at the rows that are going to be written, as they will be stored. Throws pg::Error, 44000,
 * for rows that do not satisfy the filter, or that cannot be checked before they are stored. */
void check_scope(const PlannedWrites &writes);

} // namespace bulk_sync
