#include "shards/local_call.hpp"

#include "pg/fail.hpp"

namespace bulk_sync::shards {

/* The kind of relation is one that Citus never gives a text, for it is on one node alone. */
void explain_unplanned(const pg::Error &error)
{
	if (error.sqlstate() != ERRCODE_INTERNAL_ERROR ||
		strcmp(error.data()->message,
			   pg::format("unrecognized RTE kind: %d", static_cast<int>(RTE_NAMEDTUPLESTORE))) != 0)
		return;
	pg::fail({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			  .message = "rows to write cannot be checked against tables of Citus",
			  .detail = "filter or update_when reads such a table.",
			  .hint =
				  "Copy what it reads into a temporary table, or pass allow_out_of_scope => true "
				  "if it is the filter."});
}

} // namespace bulk_sync::shards
