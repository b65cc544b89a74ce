#include "pg/page_scan.hpp"

#include "pg/compat_query.hpp"
#include "pg/compat_table.hpp"
#include "pg/stored_plan.hpp"
#include "pg/tuple.hpp"

extern "C" {
#include "access/heapam.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "storage/bufmgr.h"
}

namespace bulk_sync::pg {

namespace {

/* One table for a receiver, which is told of it when there is a tuple. */
struct TableReader {
	::Relation table;
	const Relation &relation;
	StoredReceiver &receiver;
	bool has_begun = false;

	PG_RAISES void page(const HeapTupleData *tuples, int count)
	{
		begin();
		receiver.page(tuples, count);
	}

	PG_RAISES void tuple(const HeapTupleData &tuple)
	{
		begin();
		receiver.tuple(tuple);
	}

  private:
	PG_RAISES void begin()
	{
		if (!has_begun)
			receiver.begin(table, columns_in(table, relation));
		has_begun = true;
	}
};

/* Is the condition of the plan true for the tuple? */
PG_RAISES bool passes(ScanState *node, HeapTuple tuple, Buffer buffer)
{
	ExprState *const condition = node->ps.qual;
	if (condition == nullptr)
		return true;
	ExprContext *const context = node->ps.ps_ExprContext;
	ResetExprContext(context);
	context->ecxt_scantuple = ExecStoreBufferHeapTuple(tuple, node->ss_ScanTupleSlot, buffer);
	return ExecQual(condition, context);
}

/* What heap_getnext() gives of the visible tuple with this index on its page. */
void set_tuple(HeapScanDesc scan, int index, HeapTupleData &tuple) noexcept
{
	Page const page = BufferGetPage(scan->rs_cbuf);
	OffsetNumber const offset = scan->rs_vistuples[index];
	ItemId const item = PageGetItemId(page, offset);
	tuple.t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
	tuple.t_len = ItemIdGetLength(item);
	tuple.t_tableOid = scan->rs_ctup.t_tableOid;
	ItemPointerSet(&tuple.t_self, scan->rs_cblock, offset);
}

/* Returns the number of tuples that passes(tuple, buffer) was true for, and that the reader got. */
template <typename Passes>
PG_RAISES uint64 scan_passing(HeapScanDesc scan, TableReader &reader, Passes &&passes)
{
	HeapTupleData tuples[MaxHeapTuplesPerPage];
	uint64 rows = 0;
	/* The heap has found out which tuples of the page are visible when it gives the first. */
	while (heap_getnext(&scan->rs_base, ForwardScanDirection) != nullptr) {
		int const visible = static_cast<int>(scan->rs_ntuples);
		int count = 0;
		for (int i = 0; i < visible; i++) {
			set_tuple(scan, i, tuples[count]);
			if (passes(&tuples[count], scan->rs_cbuf))
				count++;
		}
		compat::count_returned(scan->rs_base.rs_rd, visible - 1);
		if (count > 0)
			reader.page(tuples, count);
		rows += count;
		/* So that the next call goes on to another page. */
		scan->rs_cindex = visible - 1;
	}
	return rows;
}

PG_RAISES uint64 read_pages(ScanState *node, TableReader &reader)
{
	EState *const state = node->ps.state;
	MemoryContext const caller = MemoryContextSwitchTo(state->es_query_cxt);
	/* The node ends it, as one of its own. */
	node->ss_currentScanDesc = compat::begin_scan(node->ss_currentRelation, state->es_snapshot);
	MemoryContextSwitchTo(caller);
	uint64 const rows =
		scan_passing(reinterpret_cast<HeapScanDesc>(node->ss_currentScanDesc), reader,
					 [&](HeapTuple tuple, Buffer buffer) { return passes(node, tuple, buffer); });
	/* A tuple of the last page may still be in it. */
	ExecClearTuple(node->ss_ScanTupleSlot);
	return rows;
}

/* What the node gives may be made of the tuple, which is still where it was scanned into. */
PG_RAISES uint64 read_tuples(ScanState *node, TableReader &reader)
{
	EState *const state = node->ps.state;
	uint64 rows = 0;
	for (;; rows++) {
		ResetPerTupleExprContext(state);
		MemoryContext const caller = MemoryContextSwitchTo(state->es_query_cxt);
		TupleTableSlot *const slot = ExecProcNode(&node->ps);
		MemoryContextSwitchTo(caller);
		if (TupIsNull(slot))
			return rows;
		reader.tuple(stored_tuple(node->ss_ScanTupleSlot));
	}
}

[[noreturn]] PG_RAISES void refuse_node()
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("cannot read the rows of a plan that another extension has made")));
}

PG_RAISES uint64 read_table(PlanState *node, const Relation &relation, StoredReceiver &receiver)
{
	if (!IsA(node, SeqScanState) && !IsA(node, IndexScanState) && !IsA(node, BitmapHeapScanState))
		refuse_node();
	auto *const scan = reinterpret_cast<ScanState *>(node);
	TableReader reader{scan->ss_currentRelation, relation, receiver};
	return IsA(node, SeqScanState) && is_heap(scan->ss_currentRelation) ? read_pages(scan, reader)
																		: read_tuples(scan, reader);
}

/* What the node does when it is asked for its first row: sub-selects may tell now that some tables
 * cannot have rows in question. */
PG_RAISES uint64 read_tables(AppendState *node, const Relation &relation, StoredReceiver &receiver)
{
	bool const prunes = node->as_prune_state != nullptr && node->as_prune_state->do_exec_prune;
	const Bitmapset *const matching =
		prunes ? compat::matching_inputs(node->as_prune_state) : nullptr;
	uint64 rows = 0;
	for (int i = 0; i < node->as_nplans; i++) {
		CHECK_FOR_INTERRUPTS();
		if (!prunes || bms_is_member(i, matching))
			rows += read_table(node->appendplans[i], relation, receiver);
	}
	return rows;
}

} // namespace

bool is_heap(::Relation relation) noexcept
{
	return relation->rd_tableam == GetHeapamTableAmRoutine();
}

void scan_all_pages(::Relation table, const Relation &relation, Snapshot snapshot,
					StoredReceiver &receiver)
{
	TableScanDesc const scan = compat::begin_scan(table, snapshot);
	TableReader reader{table, relation, receiver};
	scan_passing(reinterpret_cast<HeapScanDesc>(scan), reader,
				 [](HeapTuple, Buffer) { return true; });
	table_endscan(scan);
}

void scan_stored(QueryDesc *query, const Relation &relation, StoredReceiver &receiver)
{
	PlanState *const top = query->planstate;
	if (top->plan != query->plannedstmt->planTree)
		refuse_node();
	if (IsA(top, AppendState))
		query->estate->es_processed =
			read_tables(reinterpret_cast<AppendState *>(top), relation, receiver);
	else if (!IsA(top, ResultState))
		query->estate->es_processed = read_table(top, relation, receiver);
}

} // namespace bulk_sync::pg
