/*
 * Plans as another extension may make them: a planner hook that puts a CustomScan on top of every
 * plan. planner_hook.shape says of what kind:
 *
 *   none      nothing on top
 *   shown     rows pass through; the plan below is shown in custom_ps
 *   hidden    the same, but nobody can find the plan below
 *   copied    shown, and rows come in a slot of its own
 *   narrowed  copied, and the last column is left out
 *   uncounted hidden, and what is written is not counted
 *   doubled   hidden, and what is written is counted twice
 *   storage   nothing on top; tables with names such as stored_x are read by a scan of its own,
 *             which knows no system columns
 *
 * And a table access method of another name.
 */
extern "C" {
#include "postgres.h"

#include "access/relscan.h"
#include "access/sysattr.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

#pragma GCC visibility push(default)
extern "C" {
PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(other_tableam_handler);
void _PG_init();
Datum other_tableam_handler(PG_FUNCTION_ARGS);
}
#pragma GCC visibility pop

namespace {

enum Shape { none, shown, hidden, copied, narrowed, uncounted, doubled, storage };

const config_enum_entry shapes[] = {
	{"none", none, false},		 {"shown", shown, false},		{"hidden", hidden, false},
	{"copied", copied, false},	 {"narrowed", narrowed, false}, {"uncounted", uncounted, false},
	{"doubled", doubled, false}, {"storage", storage, false},	{nullptr, 0, false},
};

int shape = shown;
planner_hook_type next_planner = nullptr;
set_rel_pathlist_hook_type next_paths = nullptr;

/* ---- A node on top ---- */

struct WrapperState {
	CustomScanState custom;
	PlanState *below;
	int shape;
};

void begin_wrapper(CustomScanState *node, EState *state, int flags)
{
	auto *const wrapper = reinterpret_cast<WrapperState *>(node);
	auto *const plan = reinterpret_cast<CustomScan *>(node->ss.ps.plan);
	wrapper->below = ExecInitNode(static_cast<Plan *>(linitial(plan->custom_plans)), state, flags);
	if (wrapper->shape == shown || wrapper->shape == copied || wrapper->shape == narrowed)
		node->custom_ps = list_make1(wrapper->below);
}

TupleTableSlot *copied_row(WrapperState *wrapper, TupleTableSlot *row)
{
	TupleTableSlot *const slot = wrapper->custom.ss.ps.ps_ResultTupleSlot;
	ExecClearTuple(slot);
	slot_getallattrs(row);
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++) {
		slot->tts_values[i] = row->tts_values[i];
		slot->tts_isnull[i] = row->tts_isnull[i];
	}
	return ExecStoreVirtualTuple(slot);
}

TupleTableSlot *run_wrapper(CustomScanState *node)
{
	auto *const wrapper = reinterpret_cast<WrapperState *>(node);
	EState *const state = node->ss.ps.state;
	uint64 const processed = state->es_processed;
	TupleTableSlot *const row = ExecProcNode(wrapper->below);
	if (wrapper->shape == uncounted)
		state->es_processed = processed;
	else if (wrapper->shape == doubled)
		state->es_processed += state->es_processed - processed;
	if (TupIsNull(row) || (wrapper->shape != copied && wrapper->shape != narrowed))
		return row;
	return copied_row(wrapper, row);
}

void end_wrapper(CustomScanState *node)
{
	ExecEndNode(reinterpret_cast<WrapperState *>(node)->below);
}

void rescan_wrapper(CustomScanState *node)
{
	ExecReScan(reinterpret_cast<WrapperState *>(node)->below);
}

CustomExecMethods wrapper_calls;
CustomScanMethods wrapper_plan;

Node *create_wrapper(CustomScan *plan)
{
	auto *const wrapper = static_cast<WrapperState *>(palloc0(sizeof(WrapperState)));
	NodeSetTag(wrapper, T_CustomScanState);
	wrapper->custom.methods = &wrapper_calls;
	wrapper->shape = linitial_int(plan->custom_private);
	return reinterpret_cast<Node *>(wrapper);
}

/* What the node reads, and what it gives: the columns of the plan below. */
void copy_columns(CustomScan *custom, const Plan *below, int columns)
{
	for (int i = 0; i < columns; i++) {
		auto *const entry = list_nth_node(TargetEntry, below->targetlist, i);
		auto *const expression = reinterpret_cast<Node *>(entry->expr);
		auto *const given = static_cast<TargetEntry *>(copyObjectImpl(entry));
		given->expr = reinterpret_cast<Expr *>(makeVar(INDEX_VAR, static_cast<AttrNumber>(i + 1),
													   exprType(expression), exprTypmod(expression),
													   exprCollation(expression), 0));
		custom->custom_scan_tlist = lappend(custom->custom_scan_tlist, copyObjectImpl(entry));
		custom->scan.plan.targetlist = lappend(custom->scan.plan.targetlist, given);
	}
}

Plan *wrapped(Plan *below)
{
	CustomScan *const custom = makeNode(CustomScan);
	int const columns = list_length(below->targetlist);
	custom->methods = &wrapper_plan;
	custom->custom_plans = list_make1(below);
	custom->custom_private = list_make1_int(shape);
	copy_columns(custom, below, shape == narrowed && columns > 0 ? columns - 1 : columns);
	Plan &plan = custom->scan.plan;
	plan.startup_cost = below->startup_cost;
	plan.total_cost = below->total_cost;
	plan.plan_rows = below->plan_rows;
	plan.plan_width = below->plan_width;
	/* Parameters that tell nodes below to start anew come through this one. */
	plan.initPlan = below->initPlan;
	plan.extParam = bms_copy(below->extParam);
	plan.allParam = bms_copy(below->allParam);
	below->initPlan = NIL;
	return &plan;
}

/* PL/pgSQL evaluates such plans itself and knows only this node. */
bool is_expression(const Plan *plan)
{
	return IsA(plan, Result) && plan->lefttree == nullptr;
}

template <typename... Further>
PlannedStmt *plan_with_wrapper(Query *query, const char *text, int options, ParamListInfo params,
							   Further... further)
{
	PlannedStmt *const statement = next_planner != nullptr
									   ? next_planner(query, text, options, params, further...)
									   : standard_planner(query, text, options, params, further...);
	if (shape != none && shape != storage && !is_expression(statement->planTree))
		statement->planTree = wrapped(statement->planTree);
	return statement;
}

/* ---- A storage without system columns ---- */

void begin_storage(CustomScanState *, EState *, int) {}

TableScanDesc begin_scan(Relation table, Snapshot snapshot)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan(table, snapshot, 0, nullptr, 0);
#else
	return table_beginscan(table, snapshot, 0, nullptr);
#endif
}

TupleTableSlot *next_stored_row(ScanState *node)
{
	if (node->ss_currentScanDesc == nullptr)
		node->ss_currentScanDesc =
			begin_scan(node->ss_currentRelation, node->ps.state->es_snapshot);
	/* A row that is kept as columns has values and nothing else. */
	TupleTableSlot *const slot = node->ss_ScanTupleSlot;
	TupleTableSlot *const stored = table_slot_create(node->ss_currentRelation, nullptr);
	ExecClearTuple(slot);
	if (table_scan_getnextslot(node->ss_currentScanDesc, ForwardScanDirection, stored)) {
		slot_getallattrs(stored);
		MemoryContext const caller =
			MemoryContextSwitchTo(node->ps.ps_ExprContext->ecxt_per_tuple_memory);
		HeapTuple const row = ExecCopySlotHeapTuple(stored);
		heap_deform_tuple(row, slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
		MemoryContextSwitchTo(caller);
		ExecStoreVirtualTuple(slot);
		slot->tts_tableOid = RelationGetRelid(node->ss_currentRelation);
	}
	ExecDropSingleTupleTableSlot(stored);
	return slot;
}

bool recheck_stored_row(ScanState *, TupleTableSlot *)
{
	return true;
}

TupleTableSlot *run_storage(CustomScanState *node)
{
	return ExecScan(&node->ss, next_stored_row, recheck_stored_row);
}

void end_storage(CustomScanState *node)
{
	if (node->ss.ss_currentScanDesc != nullptr)
		table_endscan(node->ss.ss_currentScanDesc);
}

void rescan_storage(CustomScanState *node)
{
	if (node->ss.ss_currentScanDesc != nullptr)
		table_rescan(node->ss.ss_currentScanDesc, nullptr);
}

CustomExecMethods storage_calls;
CustomScanMethods storage_plan;
CustomPathMethods storage_path;

Node *create_storage(CustomScan *)
{
	CustomScanState *const state = makeNode(CustomScanState);
	state->methods = &storage_calls;
	return reinterpret_cast<Node *>(state);
}

/* Knows no system column but tableoid. */
void refuse_system_columns(const List *targets)
{
	List *const columns = pull_var_clause(reinterpret_cast<Node *>(const_cast<List *>(targets)), 0);
	for (int i = 0; i < list_length(columns); i++) {
		auto *const column = static_cast<Var *>(list_nth(columns, i));
		if (column->varattno < 0 && column->varattno != TableOidAttributeNumber)
			elog(ERROR, "this storage has no system columns");
	}
}

Plan *plan_storage(PlannerInfo *, RelOptInfo *table, CustomPath *, List *targets, List *clauses,
				   List *)
{
	refuse_system_columns(targets);
	CustomScan *const custom = makeNode(CustomScan);
	custom->methods = &storage_plan;
	custom->scan.scanrelid = table->relid;
	custom->scan.plan.targetlist = targets;
	custom->scan.plan.qual = extract_actual_clauses(clauses, false);
	return &custom->scan.plan;
}

void add_storage_path(PlannerInfo *root, RelOptInfo *table, Index index, RangeTblEntry *entry)
{
	if (next_paths != nullptr)
		next_paths(root, table, index, entry);
	if (shape != storage || entry->rtekind != RTE_RELATION || entry->relkind != RELKIND_RELATION ||
		root->parse->commandType != CMD_SELECT ||
		strncmp(get_rel_name(entry->relid), "stored_", 7) != 0)
		return;
	CustomPath *const path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = table;
	path->path.pathtarget = table->reltarget;
	path->path.rows = table->rows;
	path->path.total_cost = 1;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &storage_path;
	table->pathlist = NIL;
	table->partial_pathlist = NIL;
	add_path(table, &path->path);
}

} // namespace

/* A table access method that is the heap's and does not say so. */
Datum other_tableam_handler(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_POINTER(GetHeapamTableAmRoutine());
}

void _PG_init()
{
	wrapper_calls.CustomName = "PlannerHookWrapper";
	wrapper_calls.BeginCustomScan = begin_wrapper;
	wrapper_calls.ExecCustomScan = run_wrapper;
	wrapper_calls.EndCustomScan = end_wrapper;
	wrapper_calls.ReScanCustomScan = rescan_wrapper;
	wrapper_plan.CustomName = "PlannerHookWrapper";
	wrapper_plan.CreateCustomScanState = create_wrapper;
	RegisterCustomScanMethods(&wrapper_plan);

	storage_calls.CustomName = "PlannerHookStorage";
	storage_calls.BeginCustomScan = begin_storage;
	storage_calls.ExecCustomScan = run_storage;
	storage_calls.EndCustomScan = end_storage;
	storage_calls.ReScanCustomScan = rescan_storage;
	storage_plan.CustomName = "PlannerHookStorage";
	storage_plan.CreateCustomScanState = create_storage;
	storage_path.CustomName = "PlannerHookStorage";
	storage_path.PlanCustomPath = plan_storage;
	RegisterCustomScanMethods(&storage_plan);

	DefineCustomEnumVariable("planner_hook.shape", "What is put on top of plans.", nullptr, &shape,
							 shown, shapes, PGC_USERSET, 0, nullptr, nullptr, nullptr);
	next_planner = planner_hook;
	planner_hook = plan_with_wrapper;
	next_paths = set_rel_pathlist_hook;
	set_rel_pathlist_hook = add_storage_path;
}
