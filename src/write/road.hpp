/*
 * Which way rows are written. The direct way takes rows by their ids and puts them into heap and
 * indexes (pg/direct_write.hpp); a statement joins the store with the target and has the executor
 * do it, with everything that a table may ask for before a row is written. Both write the same and
 * raise the same.
 */
#pragma once

#include "plan/plan.hpp"

namespace bulk_sync {

/*
 * Why this write has to be a statement, as a sentence that begins with the target's name; nullptr
 * when it is done directly. To be asked right before each write, for triggers of the one before may
 * have changed the table. In the current memory context. Throws pg::Error, 42501 when row_security
 * is off and policies would apply.
 */
const char *reason_for_statement(const Plan &plan, CmdType command);

} // namespace bulk_sync
