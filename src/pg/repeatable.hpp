/*
 * Does an expression give the same answer each time it is read?
 */
#pragma once

#include "pg/pg.hpp"

extern "C" {
#include "parser/parse_node.h"
}

namespace bulk_sync::pg {

/*
 * Refuses a filter that may give other rows in each reading: volatile functions, samples, row locks
 * and sequences, also in sub-selects, in the views that they read and in the policies of what they
 * read. `state` is that of its analysis, with the filter's relation as entry 1 of the range table.
 * Raises 0A000.
 */
PG_RAISES void refuse_unrepeatable(Node *filter, ParseState *state);

} // namespace bulk_sync::pg
