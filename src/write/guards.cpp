#include "write/guards.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;

void refuse_deletes(uint64 deletes, uint64 in_scope, const char *limit, const char *target,
					const char *staging)
{
	pg_call([&] {
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg_plural("bulk_sync would delete " UINT64_FORMAT " of " UINT64_FORMAT
									  " row in scope of \"%s\", more than %s",
									  "bulk_sync would delete " UINT64_FORMAT " of " UINT64_FORMAT
									  " rows in scope of \"%s\", more than %s",
									  in_scope, deletes, in_scope, target, limit),
						errdetail("Rows to delete: " UINT64_FORMAT
								  ". Limit: %s. Rows in scope: " UINT64_FORMAT ".",
								  deletes, limit, in_scope),
						errhint("Check that %s is complete, or raise the limit.", staging)));
	});
}

void refuse_empty_staging(uint64 in_scope, const char *target, const char *staging)
{
	pg_call([&] {
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("%s is empty", staging),
				 errdetail_plural("The " UINT64_FORMAT " row in scope of \"%s\" would be deleted.",
								  "All " UINT64_FORMAT " rows in scope of \"%s\" would be deleted.",
								  in_scope, in_scope, target),
				 errhint("If that is meant, pass allow_empty => true.")));
	});
}

/* Leaves marked rows out: "deleted_at IS NULL", and with a filter: "(..) AND deleted_at IS NULL". */
const char *filter_without_marked(const Request &request, const Column &mark)
{
	const char *const name = pg::quoted(mark.name);
	return pg_call([&] {
		return psprintf("%s%s IS %s", request.filter == nullptr ? "" : "(..) AND ", name,
						mark.mark_is_boolean() ? "NOT TRUE" : "NULL");
	});
}

/* Marked rows are the history of a key: it is not for the caller to remove. */
void refuse_target_duplicates(const Request &request, const ColumnMap &map,
							  const DiffResult &result, const pg::Relation &target)
{
	const char *const filter = result.marked_among_duplicates
								   ? filter_without_marked(request, map.image[*map.mark])
								   : nullptr;
	pg_call([&] {
		ereport(
			ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("several rows in scope of \"%s\" match the same row of staging", target.name()),
			 errdetail("%s", result.target_duplicates.text()),
			 filter != nullptr
				 ? errhint("Rows that are marked as deleted are among them. Leave marked rows "
						   "out by the filter: %s",
						   filter)
				 : errhint("Name more key columns, narrow the filter, or remove the "
						   "duplicates first.")));
	});
}

} // namespace

void check_duplicates(const Request &request, const ColumnMap &map, const DiffResult &result,
					  const pg::Relation &target, const Staging &staging)
{
	if (result.staging_duplicates.count > 0)
		pg_call([&] {
			ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
							errmsg("%s has several rows with the same key", staging.description()),
							errdetail("%s", result.staging_duplicates.text()),
							errhint("Leave one row of each key, or name more key columns.")));
		});
	if (result.target_duplicates.count > 0)
		refuse_target_duplicates(request, map, result, target);
}

void check_guards(const Request &request, const DiffCounts &counts, uint64 deletes,
				  const pg::Relation &target, const Staging &staging)
{
	if (request.skip_deletes)
		return;
	uint64 const in_scope = counts.in_scope - counts.marked;
	if (counts.staged == 0 && in_scope > 0 && !request.allow_empty)
		refuse_empty_staging(in_scope, target.name(), staging.description());
	if (request.max_deletes && deletes > static_cast<uint64>(*request.max_deletes)) {
		const char *const limit =
			pg_call([&] { return psprintf("max_deletes = " INT64_FORMAT, *request.max_deletes); });
		refuse_deletes(deletes, in_scope, limit, target.name(), staging.description());
	}
	/* Of two integers, a quotient is rounded as the limit was when it was read; a product with it is
	 * not: 0.29 * 100 < 29. */
	if (request.max_delete_ratio && deletes > 0 &&
		static_cast<double>(deletes) / static_cast<double>(in_scope) > *request.max_delete_ratio) {
		const char *const limit =
			pg_call([&] { return psprintf("max_delete_ratio = %g", *request.max_delete_ratio); });
		refuse_deletes(deletes, in_scope, limit, target.name(), staging.description());
	}
}

} // namespace bulk_sync
