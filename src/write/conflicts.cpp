#include "write/conflicts.hpp"

#include "pg/concurrency.hpp"
#include "pg/progress.hpp"
#include "pg/statement.hpp"
#include "read/target_scan.hpp"
#include "plan/statements.hpp"

namespace bulk_sync {

namespace {

/* Of a diff, only whether any pair was found. */
class PairFinder final : public DiffSink {
  public:
	void added(StagedRow *, uint64) override {}
	void updated(const ChangedRow &) override { found = true; }
	void removed(const TargetRow &) override {}
	void unchanged(const TargetRow &, StagedRow *) override { found = true; }

	bool found = false;
};

/* A sum over row versions that does not depend on their order. */
class VersionSum final : public pg::RowReceiver {
  public:
	void row(TupleTableSlot *slot) override
	{
		RowId const id = row_id_of(slot);
		uint64 const place =
			pg::hash_combine(id.table, (uint64{ItemPointerGetBlockNumberNoCheck(&id.tid)} << 16) |
										   ItemPointerGetOffsetNumberNoCheck(&id.tid));
		sum += pg::hash_combine(place, id.xmin);
	}

	uint64 sum = 0;
};

uint64 sum_versions(Snapshot snapshot, const Scope &scope, const pg::Relation &target)
{
	VersionSum versions;
	pg::Statement::analyze(select_row_ids(scope, target), snapshot, target.oid(), {}, {})
		.read(versions);
	return versions.sum;
}

void feed_inserts(ChangeSet &changes, Diff &diff)
{
	pg::pg_call([&] {
		pg::RowStore &rows = changes.inserts();
		TupleTableSlot *const slot =
			MakeSingleTupleTableSlot(rows.tuple_desc(), &TTSOpsMinimalTuple);
		rows.rewind();
		while (rows.next(slot)) {
			slot_getallattrs(slot);
			diff.add_staged(slot->tts_values, slot->tts_isnull);
		}
		ExecDropSingleTupleTableSlot(slot);
		diff.end_staged();
	});
}

} // namespace

bool new_keys_exist_by_now(const ColumnMap &map, const Scope &scope, ChangeSet &changes,
						   const pg::Relation &target)
{
	if (changes.inserts().count() == 0)
		return false;
	pg::WorkContext work("bulk_sync conflicts");
	pg::ProgressPause const pause;
	auto latest = pg::ReadSnapshot::latest();
	PairFinder finder;
	DiffResult result;
	Diff diff(map, finder, result, get_hash_memory_limit());
	feed_inserts(changes, diff);
	scan_target(map, scope, target, latest.get(), true, pg::Parallel::allowed, diff);
	latest.release();
	work.finish();
	return finder.found;
}

bool scope_changed_since(Snapshot snapshot, const Scope &scope, const pg::Relation &target)
{
	auto latest = pg::ReadSnapshot::latest();
	bool const changed =
		sum_versions(snapshot, scope, target) != sum_versions(latest.get(), scope, target);
	latest.release();
	return changed;
}

} // namespace bulk_sync
