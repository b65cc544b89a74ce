/*
 * Does an expression give the same answer each time it is read?
 */
#pragma once

#include "pg/expression_words.hpp"
#include "pg/pg.hpp"

extern "C" {
#include "parser/parse_node.h"
}

namespace bulk_sync::pg {

/*
 * Refuses a filter, or another condition on rows, that may give another answer in each reading:
 * volatile functions, samples, row locks and sequences, also in sub-selects, in the views that they
 * read and in the policies of what they read. `state` is that of its analysis, with nothing in the
 * range table but the relations that the rows are of. Raises 0A000.
 */
PG_RAISES void refuse_unrepeatable(Node *condition, ParseState *state,
								   const ExpressionWords &words);

} // namespace bulk_sync::pg
