/*
 * What is looked at between the diff and the first write.
 */
#pragma once

#include "read/staging.hpp"

namespace bulk_sync {

/* Throws pg::Error, 21000, when a key stands twice in staging, or when two rows of the target match
 * one row of staging; names the first keys. */
void check_duplicates(const Request &request, const ColumnMap &map, const DiffResult &result,
					  const pg::Relation &target, const Staging &staging);

/* Throws pg::Error, 55000, when more is going to be deleted than the caller allows. `deletes` are
 * rows. */
void check_guards(const Request &request, const DiffCounts &counts, uint64 deletes,
				  const pg::Relation &target, const Staging &staging);

} // namespace bulk_sync
