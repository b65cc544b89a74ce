/*
 * Calls of one machine where Citus is there.
 */
#pragma once

#include "pg/guard.hpp"

namespace bulk_sync::shards {

/* Throws pg::Error, 0A000, in the place of the error by which Citus says that it cannot plan a
 * query over its tables and over rows that are not stored. */
void explain_unplanned(const pg::Error &error);

template <typename Function> auto run_here(Function &&function) -> decltype(function())
{
	try {
		return function();
	} catch (const pg::Error &error) {
		explain_unplanned(error);
		throw;
	}
}

} // namespace bulk_sync::shards
