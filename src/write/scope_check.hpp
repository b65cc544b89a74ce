/*
 * Staged rows outside of the scope: a row that would be stored out of it would not be found there
 * by the next call, and be inserted again.
 */
#pragma once

#include "write/stored_values.hpp"

namespace bulk_sync {

/* Keys of rows that would be stored outside of the scope. */
struct OutOfScope {
	KeyList keys;
	bool has_new_rows = false; /* are there new rows among them? */
};

/* Looks at the rows that are going to be written, as they will be stored. Throws pg::Error, 44000,
 * for rows that cannot be checked before they are stored. */
void find_out_of_scope(const PlannedWrites &writes, OutOfScope &found);

/* Throws pg::Error, 44000, when there are any. */
void refuse_out_of_scope(const Plan &plan, const OutOfScope &found);

} // namespace bulk_sync
