/*
 * A sync, from a request to what was done. ARCHITECTURE.md has a picture of the way.
 */
#pragma once

#include "pg/result_rows.hpp"
#include "plan/request.hpp"

namespace bulk_sync {

/* Rows, each counted from what happened. */
struct Stats {
	uint64 created = 0;
	uint64 updated = 0;
	uint64 deleted = 0;
	uint64 unchanged = 0;
	uint64 skipped = 0; /* differences that were found and not applied */
};

/* Makes the target match staging. `result`, unless it is nullptr, gets a row (action, key, old,
 * new, changes) for each row that was written, or would be in a dry run. Throws pg::Error; then
 * nothing has changed once the caller's transaction, or the subtransaction that the error ends in,
 * is rolled back. */
Stats synchronize(const Request &request, pg::ResultRows *result);

} // namespace bulk_sync
