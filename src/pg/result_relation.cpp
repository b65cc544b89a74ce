#include "pg/result_relation.hpp"

#include "pg/compat_query.hpp"
#include "pg/compat_table.hpp"
#include "pg/scratch.hpp"

extern "C" {
#include "storage/lmgr.h"
#include "utils/snapmgr.h"
}

namespace bulk_sync::pg {

namespace {

/* The rights that the statement would need: the row ids that it joins by are columns of the
 * table. */
PG_RAISES void require_rights(compat::RelationPermissions *permissions, CmdType command,
							  Bitmapset *columns)
{
	constexpr AttrNumber row_id[] = {TableOidAttributeNumber, SelfItemPointerAttributeNumber,
									 MinTransactionIdAttributeNumber};
	permissions->requiredPerms = command == CMD_INSERT	 ? ACL_INSERT
								 : command == CMD_UPDATE ? ACL_UPDATE | ACL_SELECT
														 : ACL_DELETE | ACL_SELECT;
	if (command == CMD_INSERT) {
		permissions->insertedCols = columns;
		return;
	}
	permissions->updatedCols = columns;
	for (AttrNumber const column : row_id)
		permissions->selectedCols =
			bms_add_member(permissions->selectedCols, column - FirstLowInvalidHeapAttributeNumber);
}

PG_RAISES void fire_before_statement(const ResultRelation &target)
{
	switch (target.command) {
	case CMD_DELETE:
		ExecBSDeleteTriggers(target.executor, target.info);
		return;
	case CMD_UPDATE:
		ExecBSUpdateTriggers(target.executor, target.info);
		return;
	default:
		ExecBSInsertTriggers(target.executor, target.info);
	}
}

PG_RAISES void queue_after_statement(const ResultRelation &target)
{
	switch (target.command) {
	case CMD_DELETE:
		ExecASDeleteTriggers(target.executor, target.info, target.transition);
		return;
	case CMD_UPDATE:
		ExecASUpdateTriggers(target.executor, target.info, target.transition);
		return;
	default:
		ExecASInsertTriggers(target.executor, target.info, target.transition);
	}
}

/* The executor's state for a statement whose range table is this one table. */
PG_RAISES EState *start_executor(::Relation table, CmdType command, Bitmapset *columns)
{
	EState *const executor = CreateExecutorState();
	executor->es_snapshot = GetActiveSnapshot();
	executor->es_output_cid = GetCurrentCommandId(true);
	in_context(executor->es_query_cxt, [&] {
		ParseState *const state = make_parsestate(nullptr);
		addRangeTableEntryForRelation(state, table, RowExclusiveLock, nullptr, false, false);
		require_rights(compat::permissions_of_first(state), command, columns);
		compat::check_and_use_range_table(executor, state);
	});
	return executor;
}

} // namespace

ResultRelation ResultRelation::open(const Relation &relation, CmdType command, Snapshot snapshot,
									Bitmapset *columns)
{
	ResultRelation target = {};
	target.table = relation.get();
	target.command = command;
	/* What the executor expects, also beside a stronger one. */
	LockRelation(target.table, RowExclusiveLock);
	/* The snapshot stays the same throughout; what we have written since shows. */
	PushCopiedSnapshot(snapshot);
	CommandCounterIncrement();
	UpdateActiveSnapshotCommandId();

	target.executor = start_executor(target.table, command, columns);
	target.caller = MemoryContextSwitchTo(target.executor->es_query_cxt);
	target.info = makeNode(ResultRelInfo);
	ExecInitResultRelation(target.executor, target.info, 1);
	target.transition = MakeTransitionCaptureState(target.info->ri_TrigDesc,
												   RelationGetRelid(target.table), command);
	compat::check_result_relation(target.info, command);
	fire_before_statement(target);
	if (command != CMD_DELETE)
		ExecOpenIndices(target.info, false);
	return target;
}

void ResultRelation::close()
{
	queue_after_statement(*this);
	ExecResetTupleTable(executor->es_tupleTable, false);
	ExecCloseResultRelations(executor);
	ExecCloseRangeTableRelations(executor);
	MemoryContextSwitchTo(caller);
	FreeExecutorState(executor);
	PopActiveSnapshot();
	CommandCounterIncrement();
}

} // namespace bulk_sync::pg
