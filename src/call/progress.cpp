#include "call/progress.hpp"

namespace bulk_sync {

using pg::pg_call;
using pg::ProgressField;

CallProgress::CallProgress(const Request &request)
	: progress_(request.target), verbose_(request.verbose)
{
	begin(ProgressPhase::waiting);
}

void CallProgress::begin(ProgressPhase phase) noexcept
{
	phase_ = phase;
	progress_.set(ProgressField::phase, static_cast<int64>(phase));
	INSTR_TIME_SET_CURRENT(began_);
}

double CallProgress::elapsed() const noexcept
{
	instr_time now;
	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, began_);
	return INSTR_TIME_GET_DOUBLE(now);
}

void CallProgress::expect(double rows) noexcept
{
	progress_.set_expected(phase_ == ProgressPhase::staging ? ProgressField::staging_total
															: ProgressField::target_total,
						   rows);
}

void CallProgress::reading(uint64 rows) noexcept
{
	progress_.set(phase_ == ProgressPhase::staging ? ProgressField::staging_scanned
												   : ProgressField::target_scanned,
				  static_cast<int64>(rows));
}

void CallProgress::writing(uint64 rows) noexcept
{
	progress_.set(ProgressField::rows_applied, static_cast<int64>(written_ + rows));
}

void CallProgress::staging_was_read(const Plan &plan, const DiffResult &result)
{
	if (!verbose_)
		return;
	pg_call([&] {
		uint64 const rows = result.counts.staged;
		ereport(INFO, (errmsg_plural("read " UINT64_FORMAT " row of %s in %.3f s%s",
									 "read " UINT64_FORMAT " rows of %s in %.3f s%s", rows, rows,
									 plan.staging_name, elapsed(),
									 result.divided ? ", more than fit into memory" : "")));
	});
}

void CallProgress::changes_were_found(const Plan &plan, const DiffCounts &counts,
									  const ChangeCounts &changes)
{
	uint64 const to_apply = changes.deletes + changes.updates + changes.creates;
	progress_.set(ProgressField::rows_to_apply, static_cast<int64>(to_apply));
	if (!verbose_)
		return;
	pg_call([&] {
		uint64 const rows = counts.in_scope;
		ereport(INFO,
				(errmsg_plural("compared " UINT64_FORMAT " row in scope of \"%s\" in %.3f s",
							   "compared " UINT64_FORMAT " rows in scope of \"%s\" in %.3f s", rows,
							   rows, plan.target.name(), elapsed()),
				 errdetail(UINT64_FORMAT " to create, " UINT64_FORMAT " to update, " UINT64_FORMAT
										 " to delete, " UINT64_FORMAT " unchanged.",
						   changes.creates, changes.updates, changes.deletes, counts.unchanged)));
	});
}

void CallProgress::staging_was_spread(const Plan &plan, uint64 shards, const char *how)
{
	if (verbose_)
		pg_call([&] {
			ereport(INFO, (errmsg_plural("%s is ready for " UINT64_FORMAT " shard in %.3f s",
										 "%s is ready for " UINT64_FORMAT " shards in %.3f s",
										 shards, plan.staging_name, shards, elapsed()),
						   errdetail_internal("%s", how)));
		});
}

void CallProgress::shard_was_compared(const char *name, const ChangeCounts &changes)
{
	if (verbose_ && changes.creates + changes.updates + changes.deletes > 0)
		pg_call([&] {
			ereport(INFO, (errmsg("shard %s: " UINT64_FORMAT " to create, " UINT64_FORMAT
								  " to update, " UINT64_FORMAT " to delete",
								  name, changes.creates, changes.updates, changes.deletes)));
		});
}

void CallProgress::shards_were_written(uint64 rows, uint64 shards)
{
	writing(rows);
	if (!verbose_)
		return;
	pg_call([&] {
		ereport(INFO, (errmsg_plural("wrote " UINT64_FORMAT " row on shards in %.3f s",
									 "wrote " UINT64_FORMAT " rows on shards in %.3f s", rows, rows,
									 elapsed()),
					   errdetail_plural(UINT64_FORMAT " shard had changes.",
										UINT64_FORMAT " shards had changes.", shards, shards)));
	});
}

void CallProgress::rows_were_written(const char *how, uint64 rows, const char *reason_for_statement)
{
	written_ += rows;
	writing(0);
	if (!verbose_)
		return;
	pg_call([&] {
		if (reason_for_statement == nullptr)
			ereport(INFO, (errmsg_plural("%s " UINT64_FORMAT " row directly in %.3f s",
										 "%s " UINT64_FORMAT " rows directly in %.3f s", rows, how,
										 rows, elapsed())));
		else
			ereport(INFO, (errmsg_plural("%s " UINT64_FORMAT " row in %.3f s",
										 "%s " UINT64_FORMAT " rows in %.3f s", rows, how, rows,
										 elapsed()),
						   errdetail("Written by a statement: %s", reason_for_statement)));
	});
}

void CallProgress::triggers_were_fired()
{
	if (verbose_)
		pg_call([&] { ereport(INFO, (errmsg("fired AFTER triggers in %.3f s", elapsed()))); });
}

void CallProgress::restart()
{
	written_ = 0;
	writing(0);
	if (verbose_)
		pg_call([&] {
			ereport(INFO, (errmsg("another transaction changed rows; starting again on a fresh "
								  "snapshot")));
		});
}

} // namespace bulk_sync
