/*
 * The one place for differences between the versions of PostgreSQL, newest first in each item.
 */
#pragma once

#include "pg/guard.hpp"

extern "C" {
#include "access/attmap.h"
#include "access/genam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/toast_internals.h"
#include "catalog/pg_namespace_d.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "pgstat.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "storage/buffile.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#include "storage/procnumber.h"
#else
#include "storage/backendid.h"
#endif
}

#if PG_VERSION_NUM < 150000
#error "bulk_sync needs PostgreSQL 15 or newer"
#endif

namespace bulk_sync::pg::compat {

using TreeWalker = bool (*)(Node *, void *);
using PlanWalker = bool (*)(PlanState *, void *);

#if PG_VERSION_NUM < 160000
/* By way of the one function type that compilers let pass as meant. */
template <typename Walker> bool (*untyped(Walker walker))()
{
	return reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker));
}
#endif

/* 16 gave the tree walkers a prototype (1c27d16e6e5). */
PG_RAISES inline bool walk_expression(Node *node, TreeWalker walker, void *context)
{
#if PG_VERSION_NUM >= 160000
	return expression_tree_walker(node, walker, context);
#else
	return expression_tree_walker(node, untyped(walker), context);
#endif
}

PG_RAISES inline bool walk_query(Query *query, TreeWalker walker, void *context, int flags = 0)
{
#if PG_VERSION_NUM >= 160000
	return query_tree_walker(query, walker, context, flags);
#else
	return query_tree_walker(query, untyped(walker), context, flags);
#endif
}

/* Calls the walker for each node that hangs from this one: inputs, subplans, and what a node of an
 * extension shows as its own (custom_ps). */
PG_RAISES inline bool walk_plan(PlanState *node, PlanWalker walker, void *context)
{
#if PG_VERSION_NUM >= 160000
	return planstate_tree_walker(node, walker, context);
#else
	return planstate_tree_walker(node, untyped(walker), context);
#endif
}

/* 16 moved the rights that a query needs out of its range table (a61b1f74823). */
inline void take_permissions([[maybe_unused]] Query *query, [[maybe_unused]] ParseState *state)
{
#if PG_VERSION_NUM >= 160000
	query->rteperminfos = state->p_rteperminfos;
#endif
}

/* The user whose rights on a relation of the query count; InvalidOid for the current one. */
inline Oid checked_user([[maybe_unused]] Query *query, RangeTblEntry *entry)
{
#if PG_VERSION_NUM >= 160000
	return entry->perminfoindex == 0
			   ? InvalidOid
			   : getRTEPermissionInfo(query->rteperminfos, entry)->checkAsUser;
#else
	return entry->checkAsUser;
#endif
}

/* Before 17, hashbpcharextended() hashes the blanks at the end under a nondeterministic collation,
 * though bpchareq() ignores them, as hashbpchar() does. Seen on 15; 16 was not tried. */
inline constexpr bool bpchar_hash_sees_padding = PG_VERSION_NUM < 170000;

/* 18 dropped the argument that promises a single run (3eea7a0c97e). */
PG_RAISES inline void run_executor(QueryDesc *query)
{
#if PG_VERSION_NUM >= 180000
	ExecutorRun(query, ForwardScanDirection, 0);
#else
	ExecutorRun(query, ForwardScanDirection, 0, true);
#endif
}

/* 19 plans with the state of an EXPLAIN in hand. */
PG_RAISES inline PlannedStmt *plan_query(Query *query, const char *text, int options,
										 ParamListInfo params)
{
#if PG_VERSION_NUM >= 190000
	return pg_plan_query(query, text, options, params, nullptr);
#else
	return pg_plan_query(query, text, options, params);
#endif
}

/* 19 wants a hand-made tuple descriptor to be finished. */
inline void finish_tuple_desc([[maybe_unused]] TupleDesc desc)
{
#if PG_VERSION_NUM >= 190000
	TupleDescFinalize(desc);
#endif
}

/* 18 added the result relation of the query, for RETURNING OLD and NEW (80feb727c86). */
PG_RAISES inline Node *replace_vars(Node *node, RangeTblEntry *entry, List *targets,
									bool *has_sublinks, int number = 1)
{
#if PG_VERSION_NUM >= 180000
	return ReplaceVarsFromTargetList(node, number, 0, entry, targets, 0, REPLACEVARS_REPORT_ERROR,
									 0, has_sublinks);
#else
	return ReplaceVarsFromTargetList(node, number, 0, entry, targets, REPLACEVARS_REPORT_ERROR, 0,
									 has_sublinks);
#endif
}

/* What the callback of replace_rte_variables() gets. */
#if PG_VERSION_NUM >= 190000
using ReplacedVar = const Var;
#else
using ReplacedVar = Var;
#endif

/* The expression of a generated column. 18 moved it out of the column's default (83ea6c54025). */
PG_RAISES inline Node *generation_expression(::Relation relation, int attribute)
{
#if PG_VERSION_NUM >= 180000
	return build_generation_expression(relation, attribute);
#else
	return build_column_default(relation, attribute);
#endif
}

/* Has the user USAGE on the schema? 16 asks so of all kinds of objects (c727f511bd7). */
PG_RAISES inline bool may_use_schema(Oid schema, Oid user)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, user, ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, user, ACL_USAGE) == ACLCHECK_OK;
#endif
}

/* Are some of the columns generated when they are read? 18 has such, and its planner puts their
 * expressions in their place, also in whole rows (83ea6c54025). */
inline bool has_virtual_columns([[maybe_unused]] ::Relation relation)
{
#if PG_VERSION_NUM >= 180000
	const TupleConstr *const constraints = RelationGetDescr(relation)->constr;
	return constraints != nullptr && constraints->has_generated_virtual;
#else
	return false;
#endif
}

/* For each column of `to` the one of `from` that has its name. 16 may let some lack
 * (ad86d159b6a). */
PG_RAISES inline AttrMap *map_by_name(TupleDesc from, TupleDesc to)
{
#if PG_VERSION_NUM >= 160000
	return build_attrmap_by_name(from, to, false);
#else
	return build_attrmap_by_name(from, to);
#endif
}

/* The inputs of an Append that can have rows, by what is known now. 18 also tells the relations
 * (cbc127917e0). */
PG_RAISES inline Bitmapset *matching_inputs(PartitionPruneState *pruning)
{
#if PG_VERSION_NUM >= 180000
	return ExecFindMatchingSubPlans(pruning, false, nullptr);
#else
	return ExecFindMatchingSubPlans(pruning, false);
#endif
}

/* Before 16, a column of a partition or child may be generated where the parent's is not
 * (8bf6ec3ba3a). */
inline constexpr bool children_may_generate_alone = PG_VERSION_NUM < 160000;

/* 17 takes const. */
PG_RAISES inline void put_values(Tuplestorestate *store, TupleDesc desc, const Datum *values,
								 const bool *nulls)
{
#if PG_VERSION_NUM >= 170000
	tuplestore_putvalues(store, desc, values, nulls);
#else
	tuplestore_putvalues(store, desc, const_cast<Datum *>(values), const_cast<bool *>(nulls));
#endif
}

/* A scan of all rows of a table. 19 takes flags. */
PG_RAISES inline TableScanDesc begin_scan(::Relation table, Snapshot snapshot)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan(table, snapshot, 0, nullptr, 0);
#else
	return table_beginscan(table, snapshot, 0, nullptr);
#endif
}

/* Counts more tuples that a scan has read; the scan itself has counted some. 16 renamed what counts
 * them. */
inline void count_returned(::Relation table, int tuples) noexcept
{
	if (table->pgstat_info == nullptr)
		return;
#if PG_VERSION_NUM >= 160000
	table->pgstat_info->counts.tuples_returned += tuples;
#else
	table->pgstat_info->t_counts.t_tuples_returned += tuples;
#endif
}

/* The snapshot by which values out of line are read. 18 has one that everybody shares; before, it
 * is part of this object. */
class ToastSnapshot {
  public:
#if PG_VERSION_NUM >= 180000
	PG_RAISES Snapshot get()
	{
		return get_toast_snapshot();
	}
#else
	PG_RAISES Snapshot get()
	{
		init_toast_snapshot(&data_);
		return &data_;
	}

  private:
	SnapshotData data_;
#endif
};

/* A scan of an index. 18 counts for EXPLAIN (0fbceae841c), 19 takes flags. */
PG_RAISES inline IndexScanDesc begin_index_scan(::Relation table, ::Relation index,
												Snapshot snapshot, int keys)
{
#if PG_VERSION_NUM >= 190000
	return index_beginscan(table, index, snapshot, nullptr, keys, 0, 0);
#elif PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
	return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

/* A type by its name. 16 takes a place for soft errors (858e776c84f). */
PG_RAISES inline void parse_type(const char *name, Oid *type, int32 *typmod)
{
#if PG_VERSION_NUM >= 160000
	parseTypeString(name, type, typmod, nullptr);
#else
	parseTypeString(name, type, typmod, false);
#endif
}

/* A name with dots and quotes, as a list. 16 takes a place for soft errors (858e776c84f). */
PG_RAISES inline List *qualified_name(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return stringToQualifiedNameList(name, nullptr);
#else
	return stringToQualifiedNameList(name);
#endif
}

/* 16 takes const, reads exactly, and reports what is missing itself (20428d344a2). */
PG_RAISES inline void write_file(BufFile *file, const void *bytes, std::size_t length)
{
#if PG_VERSION_NUM >= 160000
	BufFileWrite(file, bytes, length);
#else
	BufFileWrite(file, const_cast<void *>(bytes), length);
#endif
}

PG_RAISES inline std::size_t read_file(BufFile *file, void *bytes, std::size_t length)
{
#if PG_VERSION_NUM >= 160000
	return BufFileReadMaybeEOF(file, bytes, length, true);
#else
	return BufFileRead(file, bytes, length);
#endif
}

/*
 * The entry of a range table that says which rights on the relation are needed, and which columns
 * are read and set. 16 moved that out of the range table (a61b1f74823).
 */
#if PG_VERSION_NUM >= 160000
using RelationPermissions = RTEPermissionInfo;
#else
using RelationPermissions = RangeTblEntry;
#endif

/* That of the first relation of the state. */
inline RelationPermissions *permissions_of_first(ParseState *state)
{
#if PG_VERSION_NUM >= 160000
	return linitial_node(RTEPermissionInfo, state->p_rteperminfos);
#else
	return linitial_node(RangeTblEntry, state->p_rtable);
#endif
}

/* Asks for the rights, as the start of a plan does. */
PG_RAISES inline void check_permissions(ParseState *state)
{
#if PG_VERSION_NUM >= 160000
	ExecCheckPermissions(state->p_rtable, state->p_rteperminfos, true);
#else
	ExecCheckRTPerms(state->p_rtable, true);
#endif
}

/* The same, and makes the range table known to the executor. 18 wants to know which relations are
 * not pruned (cbc127917e0). */
PG_RAISES inline void check_and_use_range_table(EState *executor, ParseState *state)
{
	check_permissions(state);
#if PG_VERSION_NUM >= 180000
	ExecInitRangeTable(executor, state->p_rtable, state->p_rteperminfos, bms_make_singleton(1));
#elif PG_VERSION_NUM >= 160000
	ExecInitRangeTable(executor, state->p_rtable, state->p_rteperminfos);
#else
	ExecInitRangeTable(executor, state->p_rtable);
#endif
}

/* Can this command be done to the relation? 17 and 18 ask about MERGE and ON CONFLICT as well. */
PG_RAISES inline void check_result_relation(ResultRelInfo *relation, CmdType command)
{
#if PG_VERSION_NUM >= 180000
	CheckValidResultRel(relation, command, ONCONFLICT_NONE, NIL);
#elif PG_VERSION_NUM >= 170000
	CheckValidResultRel(relation, command, NIL);
#else
	CheckValidResultRel(relation, command);
#endif
}

/* Which indexes an update has to be put into: 16 tells those that only summarize pages apart, and
 * has an entry made there even where the row stays on its page (19d8e2308bc). */
#if PG_VERSION_NUM >= 160000
using IndexUpdates = TU_UpdateIndexes;
inline constexpr IndexUpdates all_indexes = TU_All;
#else
using IndexUpdates = bool;
inline constexpr IndexUpdates all_indexes = true;
#endif

/* Returns the deferred constraints to check again. 19 takes flags. */
PG_RAISES inline List *insert_index_tuples(ResultRelInfo *relation, TupleTableSlot *slot,
										   EState *executor, bool is_update, IndexUpdates updates)
{
#if PG_VERSION_NUM >= 190000
	uint32 const flags =
		(is_update ? EIIT_IS_UPDATE : 0) | (updates == TU_Summarizing ? EIIT_ONLY_SUMMARIZING : 0);
	return ExecInsertIndexTuples(relation, executor, flags, slot, NIL, nullptr);
#elif PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(relation, slot, executor, is_update, false, nullptr, NIL,
								 updates == TU_Summarizing);
#else
	return updates ? ExecInsertIndexTuples(relation, slot, executor, is_update, false, nullptr, NIL)
				   : NIL;
#endif
}

/* Both wait for a transaction that has changed the row. 19 takes options. */
PG_RAISES inline TM_Result update_tuple(::Relation table, ItemPointer tid, TupleTableSlot *slot,
										const EState *executor, TM_FailureData *failure,
										IndexUpdates *updates)
{
	LockTupleMode mode;
#if PG_VERSION_NUM >= 190000
	return table_tuple_update(table, tid, slot, executor->es_output_cid, 0, executor->es_snapshot,
							  InvalidSnapshot, true, failure, &mode, updates);
#else
	return table_tuple_update(table, tid, slot, executor->es_output_cid, executor->es_snapshot,
							  InvalidSnapshot, true, failure, &mode, updates);
#endif
}

PG_RAISES inline TM_Result delete_tuple(::Relation table, ItemPointer tid, const EState *executor,
										TM_FailureData *failure)
{
#if PG_VERSION_NUM >= 190000
	return table_tuple_delete(table, tid, executor->es_output_cid, 0, executor->es_snapshot,
							  InvalidSnapshot, true, failure);
#else
	return table_tuple_delete(table, tid, executor->es_output_cid, executor->es_snapshot,
							  InvalidSnapshot, true, failure, false);
#endif
}

/* A number below backend_slots() for this backend, or -1. 17 renamed it and counts from 0. */
inline int my_backend_slot()
{
#if PG_VERSION_NUM >= 170000
	return MyProcNumber;
#else
	return MyBackendId - 1;
#endif
}

/* One more than the largest my_backend_slot(). */
inline int backend_slots()
{
	return MaxBackends;
}

#if PG_VERSION_NUM >= 170000
/* Shared memory by name, made by whoever comes first; since 17. 19 hands an argument on. */
inline void *named_memory(const char *name, std::size_t size, void (*init)(void *))
{
	bool found;
#if PG_VERSION_NUM >= 190000
	return GetNamedDSMSegment(
		name, size,
		[](void *memory, void *function) { reinterpret_cast<void (*)(void *)>(function)(memory); },
		&found, reinterpret_cast<void *>(init));
#else
	return GetNamedDSMSegment(name, size, init, &found);
#endif
}
#endif

} // namespace bulk_sync::pg::compat
