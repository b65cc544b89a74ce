/*
 * Both sides of a plan read and compared: the one way to a diff, whoever wants to know the
 * differences.
 */
#pragma once

#include "read/staging.hpp"
#include "read/target_scan.hpp"

namespace bulk_sync {

/*
 * Reads staging and then the target, under one snapshot; each difference goes to the sink as it is
 * found, and the rest into the result. The memory of the diff, at most get_hash_memory_limit()
 * bytes but for single large rows, is free again afterwards. Throws pg::Error.
 */
void diff_into(const Plan &plan, const Staging &staging, Snapshot snapshot, Wanted wanted,
			   DiffSink &sink, DiffResult &result, Observer &observer);

/* The same with the condition for updates asked about the rows that differ; those of which it is
 * not true are held back. */
void wanted_diff_into(const Plan &plan, const Staging &staging, Snapshot snapshot, Wanted wanted,
					  DiffSink &sink, DiffResult &result, Observer &observer);

} // namespace bulk_sync
