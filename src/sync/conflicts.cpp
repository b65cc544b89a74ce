#include "sync/conflicts.hpp"

#include "pg/concurrency.hpp"
#include "sync/scan.hpp"

namespace bulk_sync {

namespace {

/* Of a diff, only whether any pair was found. */
class PairFinder final : public DiffSink {
  public:
	void added(StagedRow *) override {}
	void updated(const ChangedRow &) override { found = true; }
	void removed(const TargetRow &) override {}
	void unchanged(const TargetRow &, StagedRow *) override { found = true; }

	bool found = false;
};

void feed_inserts(ChangeSet &changes, Diff &diff)
{
	for (InsertGroup &group : changes.inserts())
		pg::pg_call([&] {
			TupleTableSlot *const slot =
				MakeSingleTupleTableSlot(group.rows.tuple_desc(), &TTSOpsMinimalTuple);
			group.rows.rewind();
			while (group.rows.next(slot)) {
				slot_getallattrs(slot);
				diff.add_staged(slot->tts_values, slot->tts_isnull);
			}
			ExecDropSingleTupleTableSlot(slot);
		});
}

} // namespace

bool new_keys_exist_by_now(const ColumnMap &map, const Scope &scope, ChangeSet &changes,
						   const pg::Relation &target)
{
	if (changes.insert_count() == 0)
		return false;
	pg::WorkContext work("bulk_sync conflicts");
	auto latest = pg::ReadSnapshot::latest();
	PairFinder finder;
	Diff diff(map, finder, get_hash_memory_limit());
	feed_inserts(changes, diff);
	scan_target(map, scope, target, latest.get(), true, diff);
	latest.release();
	work.finish();
	return finder.found;
}

} // namespace bulk_sync
