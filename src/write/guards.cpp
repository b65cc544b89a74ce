#include "write/guards.hpp"

#include "pg/fail.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;

void refuse_deletes(const Plan &plan, uint64 deletes, uint64 in_scope, const char *limit)
{
	pg::fail(
		{.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
		 .message = pg::counted(in_scope,
								"bulk_sync would delete " UINT64_FORMAT " of " UINT64_FORMAT
								" row in scope of \"%s\", more than %s",
								"bulk_sync would delete " UINT64_FORMAT " of " UINT64_FORMAT
								" rows in scope of \"%s\", more than %s",
								deletes, in_scope, plan.target.name(), limit),
		 .detail = pg::format("Rows to delete: " UINT64_FORMAT
							  ". Limit: %s. Rows in scope: " UINT64_FORMAT ".",
							  deletes, limit, in_scope),
		 .hint = pg::format("Check that %s is complete, or raise the limit.", plan.staging_name)});
}

void refuse_empty_staging(const Plan &plan, uint64 in_scope)
{
	pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			  .message = pg::format("%s is empty", plan.staging_name),
			  .detail = pg::counted(
				  in_scope, "The " UINT64_FORMAT " row in scope of \"%s\" would be deleted.",
				  "All " UINT64_FORMAT " rows in scope of \"%s\" would be deleted.", in_scope,
				  plan.target.name()),
			  .hint = "If that is meant, pass allow_empty => true."});
}

/* Leaves marked rows out: "deleted_at IS NULL", and with a filter:
 * "(..) AND deleted_at IS NULL". */
const char *filter_without_marked(const Request &request, const Column &mark)
{
	const char *const name = pg::quoted(mark.name);
	return pg::format("%s%s IS %s", request.filter == nullptr ? "" : "(..) AND ", name,
					  mark.mark_is_boolean() ? "NOT TRUE" : "NULL");
}

/* Marked rows are the history of a key, so the caller is not told to remove them. */
void refuse_target_duplicates(const Plan &plan, const DiffResult &found)
{
	const char *const filter =
		found.marked_among_duplicates
			? filter_without_marked(plan.request, plan.map.image[*plan.map.mark])
			: nullptr;
	pg::fail({.sqlstate = ERRCODE_CARDINALITY_VIOLATION,
			  .message = pg::format("several rows in scope of \"%s\" match the same row of staging",
									plan.target.name()),
			  .detail = pg_call([&] { return found.target_duplicates.text(); }),
			  .hint = filter != nullptr
						  ? pg::format("Rows that are marked as deleted are among them. Leave "
									   "marked rows out by the filter: %s",
									   filter)
						  : "Name more key columns, narrow the filter, or remove the duplicates "
							"first."});
}

} // namespace

void check_duplicates(const Plan &plan, const DiffResult &found)
{
	if (found.staging_duplicates.count > 0)
		pg::fail({.sqlstate = ERRCODE_CARDINALITY_VIOLATION,
				  .message = pg::format("%s has several rows with the same key", plan.staging_name),
				  .detail = pg_call([&] { return found.staging_duplicates.text(); }),
				  .hint = "Leave one row of each key, or name more key columns."});
	if (found.target_duplicates.count > 0)
		refuse_target_duplicates(plan, found);
}

void check_guards(const Plan &plan, const DiffCounts &counts, uint64 deletes)
{
	const Request &request = plan.request;
	if (request.skip_deletes || request.only_compares)
		return;
	uint64 const in_scope = counts.in_scope - counts.marked;
	if (counts.staged == 0 && in_scope > 0 && !request.allow_empty)
		refuse_empty_staging(plan, in_scope);
	if (request.max_deletes && deletes > static_cast<uint64>(*request.max_deletes))
		refuse_deletes(plan, deletes, in_scope,
					   pg::format("max_deletes = " INT64_FORMAT, *request.max_deletes));
	/* Of two integers, a quotient is rounded as the limit was when it was read; a product with it
	 * is not: 0.29 * 100 < 29. */
	if (request.max_delete_ratio && deletes > 0 &&
		static_cast<double>(deletes) / static_cast<double>(in_scope) > *request.max_delete_ratio)
		refuse_deletes(plan, deletes, in_scope,
					   pg::format("max_delete_ratio = %g", *request.max_delete_ratio));
}

} // namespace bulk_sync
