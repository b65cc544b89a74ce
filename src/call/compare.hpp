/*
 * What a sync would find, row by row and without writing: the same plan and the same diff, with
 * another sink.
 */
#pragma once

#include "pg/result_rows.hpp"
#include "plan/request.hpp"

namespace bulk_sync {

/* Puts a row (status, key, old, new, changes) per difference into `result`. Throws pg::Error, what
 * a sync of the same arguments would throw before it writes, guards excepted. */
void compare(const Request &request, pg::ResultRows &result);

} // namespace bulk_sync
