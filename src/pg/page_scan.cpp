#include "pg/page_scan.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "access/heapam.h"
#include "executor/executor.h"
}

namespace bulk_sync::pg {

namespace {

/* Is the condition of the plan true for the tuple? */
PG_RAISES bool passes(SeqScanState *node, HeapTuple tuple, Buffer buffer)
{
	ExprState *const condition = node->ss.ps.qual;
	if (condition == nullptr)
		return true;
	ExprContext *const context = node->ss.ps.ps_ExprContext;
	ResetExprContext(context);
	context->ecxt_scantuple = ExecStoreBufferHeapTuple(tuple, node->ss.ss_ScanTupleSlot, buffer);
	return ExecQual(condition, context);
}

/* Returns the number of tuples that passes(tuple, buffer) was true for, and that the receiver got. */
template <typename Passes>
PG_RAISES uint64 scan_passing(HeapScanDesc scan, PageReceiver &receiver, Passes &&passes)
{
	HeapTupleData tuples[MaxHeapTuplesPerPage];
	int count = 0;
	uint64 rows = 0;
	while (HeapTuple const tuple = heap_getnext(&scan->rs_base, ForwardScanDirection)) {
		if (passes(tuple, scan->rs_cbuf))
			tuples[count++] = *tuple;
		/* The next call would go on to another page and let this one go. */
		if (scan->rs_cindex + 1 < scan->rs_ntuples)
			continue;
		if (count > 0)
			receiver.page(tuples, count);
		rows += count;
		count = 0;
	}
	return rows;
}

} // namespace

bool is_heap(::Relation relation) noexcept
{
	return relation->rd_tableam == GetHeapamTableAmRoutine();
}

void scan_all_pages(TableScanDesc scan, PageReceiver &receiver)
{
	scan_passing(reinterpret_cast<HeapScanDesc>(scan), receiver,
				 [](HeapTuple, Buffer) { return true; });
}

void scan_pages(QueryDesc *query, PageReceiver &receiver)
{
	auto *const node = reinterpret_cast<SeqScanState *>(query->planstate);
	EState *const state = query->estate;
	if (!IsA(node, SeqScanState) || !is_heap(node->ss.ss_currentRelation))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot read the rows of a plan that another extension has made")));
	MemoryContext const caller = MemoryContextSwitchTo(state->es_query_cxt);
	/* The node ends it, as one of its own. */
	node->ss.ss_currentScanDesc =
		compat::begin_scan(node->ss.ss_currentRelation, state->es_snapshot);
	MemoryContextSwitchTo(caller);
	state->es_processed =
		scan_passing(reinterpret_cast<HeapScanDesc>(node->ss.ss_currentScanDesc), receiver,
					 [&](HeapTuple tuple, Buffer buffer) { return passes(node, tuple, buffer); });
	/* A tuple of the last page may still be in it. */
	ExecClearTuple(node->ss.ss_ScanTupleSlot);
}

} // namespace bulk_sync::pg
