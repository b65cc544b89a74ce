#include "read/diff_into.hpp"

#include "diff/wanted_updates.hpp"

namespace bulk_sync {

void diff_into(const Plan &plan, const Staging &staging, Snapshot snapshot, Wanted wanted,
			   DiffSink &sink, DiffResult &result, Observer &observer)
{
	pg::WorkContext work("bulk_sync diff");
	Diff diff(plan.map, sink, result, get_hash_memory_limit());
	observer.begin(ProgressPhase::staging);
	staging.scan(plan, snapshot, diff, observer);
	observer.reading(result.counts.staged);
	observer.staging_was_read(plan, result);
	observer.begin(ProgressPhase::target);
	scan_target(plan, snapshot, wanted, sink, diff, observer);
	observer.reading(result.counts.in_scope);
	work.finish();
}

void wanted_diff_into(const Plan &plan, const Staging &staging, Snapshot snapshot, Wanted wanted,
					  DiffSink &sink, DiffResult &result, Observer &observer)
{
	if (!plan.tests_updates()) {
		diff_into(plan, staging, snapshot, wanted, sink, result, observer);
		return;
	}
	WantedUpdates updates(plan, snapshot, sink);
	diff_into(plan, staging, snapshot, wanted, updates, result, observer);
	updates.finish();
}

} // namespace bulk_sync
