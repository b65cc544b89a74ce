/*
 * What to tell a caller who named a column that is not there.
 */
#pragma once

#include "plan/column_map.hpp"

namespace bulk_sync {

/* Throws pg::Error, 42703, for a name in an argument that is no column of the target. */
[[noreturn]] void target_column_missing(const pg::Relation &target, const char *name,
										const char *argument);

/* Likewise for one that the target has and staging does not. */
[[noreturn]] void staging_column_missing(const pg::Relation &target, const StagingColumns &staging,
										 const char *name, const char *argument);

/* Likewise for one in argument "ignore_columns" that neither has. */
[[noreturn]] void ignored_column_missing(const pg::Relation &target, const StagingColumns &staging,
										 const char *name);

/* Likewise for a column of staging that the target lacks. */
[[noreturn]] void counterpart_missing(const pg::Relation &target, const StagingColumns &staging,
									  const char *name);

} // namespace bulk_sync
