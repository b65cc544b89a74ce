#include "pg/concurrency.hpp"

extern "C" {
#include "access/genam.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "storage/lock.h"
}

namespace bulk_sync::pg {

namespace {

/* SQL's advisory locks have 1 and 2 in the tag's fourth field (lockfuncs.c). */
constexpr uint16 lock_class_of_bulk_sync = 0xB51C;
constexpr uint32 scope_of_whole_target = 0;

PG_RAISES void lock(Oid target, uint32 scope, LOCKMODE mode)
{
	LOCKTAG tag;
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, target, scope, lock_class_of_bulk_sync);
	LockAcquire(&tag, mode, false, false);
}

} // namespace

ReadSnapshot ReadSnapshot::fresh()
{
	return ReadSnapshot(pg_call([] {
		CommandCounterIncrement();
		return RegisterSnapshot(GetTransactionSnapshot());
	}));
}

ReadSnapshot ReadSnapshot::of_caller()
{
	return ReadSnapshot(pg_call([] { return RegisterSnapshot(GetActiveSnapshot()); }));
}

ReadSnapshot ReadSnapshot::with_own_changes(Snapshot snapshot)
{
	return ReadSnapshot(pg_call([&] {
		PushCopiedSnapshot(snapshot);
		UpdateActiveSnapshotCommandId();
		Snapshot const copy = RegisterSnapshot(GetActiveSnapshot());
		PopActiveSnapshot();
		return copy;
	}));
}

ReadSnapshot ReadSnapshot::latest()
{
	return ReadSnapshot(pg_call([] { return RegisterSnapshot(GetLatestSnapshot()); }));
}

ReadSnapshot ReadSnapshot::latest_with_own_changes_of(Snapshot snapshot)
{
	return ReadSnapshot(pg_call([&] {
		PushCopiedSnapshot(GetLatestSnapshot());
		GetActiveSnapshot()->curcid = snapshot->curcid;
		Snapshot const copy = RegisterSnapshot(GetActiveSnapshot());
		PopActiveSnapshot();
		return copy;
	}));
}

void ReadSnapshot::release()
{
	pg_call([&] { UnregisterSnapshot(snapshot_); });
	snapshot_ = nullptr;
}

bool reads_committed() noexcept
{
	return !IsolationUsesXactSnapshot();
}

void require_writable(Oid target, const char *command)
{
	pg_call([&] {
		if (!isTempNamespace(get_rel_namespace(target)))
			PreventCommandIfReadOnly(command);
	});
}

Subtransaction::Subtransaction() noexcept
	: context_(CurrentMemoryContext), owner_(CurrentResourceOwner)
{
}

void Subtransaction::restore() noexcept
{
	MemoryContextSwitchTo(context_);
	CurrentResourceOwner = owner_;
}

Subtransaction Subtransaction::begin()
{
	Subtransaction subtransaction;
	pg_call([] { BeginInternalSubTransaction(nullptr); });
	/* Memory goes on coming from the caller's context: what is made here outlives a rollback. */
	MemoryContextSwitchTo(subtransaction.context_);
	return subtransaction;
}

void Subtransaction::commit()
{
	pg_call([] { ReleaseCurrentSubTransaction(); });
	restore();
}

void Subtransaction::roll_back()
{
	pg_call([] { RollbackAndReleaseCurrentSubTransaction(); });
	restore();
}

void begin_trigger_group()
{
	pg_call([] { AfterTriggerBeginQuery(); });
}

void fire_trigger_group(Snapshot snapshot)
{
	pg_call([&] {
		CommandCounterIncrement();
		PushCopiedSnapshot(snapshot);
		UpdateActiveSnapshotCommandId();
		EState *const state = CreateExecutorState();
		AfterTriggerEndQuery(state);
		ExecCloseResultRelations(state);
		ExecResetTupleTable(state->es_tupleTable, false);
		FreeExecutorState(state);
		PopActiveSnapshot();
		CommandCounterIncrement();
	});
}

void wait_for_other_calls(Oid target, const Vector<Oid> &ancestors, uint32 scope, bool whole_target)
{
	pg_call([&] {
		for (Oid const ancestor : ancestors)
			lock(ancestor, scope_of_whole_target, ShareLock);
		if (whole_target) {
			lock(target, scope_of_whole_target, ExclusiveLock);
			return;
		}
		lock(target, scope_of_whole_target, ShareLock);
		lock(target, scope == scope_of_whole_target ? 1 : scope, ExclusiveLock);
	});
}

} // namespace bulk_sync::pg
