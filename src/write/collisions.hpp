/*
 * What a unique or exclusion violation of the target means: a conflict with another transaction, or
 * the caller's own error.
 */
#pragma once

#include "pg/collision.hpp"
#include "diff/change_set.hpp"

namespace bulk_sync {

enum class Violation {
	of_another_table, /* or no such violation at all */
	error,			  /* it would happen without any other session */
	swap,			  /* likewise, and each row in the way was about to give its value away */
	unknown,		  /* what was refused is gone, and nothing in its way was found */
	conflict		  /* another transaction brought the row that is in the way */
};

/*
 * Judges an error of an attempt which wrote `changes` under `snapshot`, as (sub)transaction
 * `writer`, and is rolled back. A row counts as the caller's own error when the snapshot shows it
 * and the attempt leaves it as it is. Throws pg::Error.
 */
Violation judge_violation(const pg::Error &error, const Plan &plan, ChangeSet &changes,
						  Snapshot snapshot, TransactionId writer);

} // namespace bulk_sync
