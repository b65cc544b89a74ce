#include "call/report.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;
using pg::ProgressField;
using pg::report_progress;

} // namespace

Report::Report(const Request &request) : progress_(request.target), verbose_(request.verbose)
{
	begin(Phase::waiting);
}

void Report::begin(Phase phase) noexcept
{
	phase_ = phase;
	report_progress(ProgressField::phase, static_cast<int64>(phase));
	INSTR_TIME_SET_CURRENT(began_);
}

double Report::elapsed() const noexcept
{
	instr_time now;
	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, began_);
	return INSTR_TIME_GET_DOUBLE(now);
}

void Report::end_staging(const DiffResult &result, const char *description)
{
	if (!verbose_)
		return;
	pg_call([&] {
		uint64 const rows = result.counts.staged;
		ereport(INFO, (errmsg_plural("read " UINT64_FORMAT " row of %s in %.3f s%s",
									 "read " UINT64_FORMAT " rows of %s in %.3f s%s", rows, rows,
									 description, elapsed(),
									 result.divided ? ", more than fit into memory" : "")));
	});
}

void Report::end_target(const DiffResult &result, const ChangeSet &changes, const char *target)
{
	uint64 const to_apply =
		changes.deletes().count() + changes.updates().count() + changes.inserts().count();
	report_progress(ProgressField::rows_to_apply, static_cast<int64>(to_apply));
	if (!verbose_)
		return;
	pg_call([&] {
		uint64 const rows = result.counts.in_scope;
		ereport(INFO,
				(errmsg_plural("compared " UINT64_FORMAT " row in scope of \"%s\" in %.3f s",
							   "compared " UINT64_FORMAT " rows in scope of \"%s\" in %.3f s", rows,
							   rows, target, elapsed()),
				 errdetail(UINT64_FORMAT " to create, " UINT64_FORMAT " to update, " UINT64_FORMAT
										 " to delete, " UINT64_FORMAT " unchanged.",
						   changes.inserts().count(), changes.updates().count(),
						   changes.deletes().count(), result.counts.unchanged)));
	});
}

void Report::end_write(const char *what, uint64 rows)
{
	applied_ += rows;
	report_progress(ProgressField::rows_applied, static_cast<int64>(applied_));
	if (!verbose_)
		return;
	pg_call([&] {
		ereport(INFO, (errmsg_plural("%s " UINT64_FORMAT " row in %.3f s",
									 "%s " UINT64_FORMAT " rows in %.3f s", rows, what, rows,
									 elapsed())));
	});
}

void Report::end_triggers()
{
	if (verbose_)
		pg_call([&] { ereport(INFO, (errmsg("fired AFTER triggers in %.3f s", elapsed()))); });
}

void Report::restart()
{
	applied_ = 0;
	report_progress(ProgressField::rows_applied, 0);
	if (verbose_)
		pg_call([&] {
			ereport(INFO, (errmsg("another transaction changed rows; starting again on a fresh "
								  "snapshot")));
		});
}

} // namespace bulk_sync
