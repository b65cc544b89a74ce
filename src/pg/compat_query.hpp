/*
 * Differences between the versions of PostgreSQL (compat.hpp) in queries and plans: their trees,
 * the rights that they ask for, planning and running them.
 */
#pragma once

#include "pg/guard.hpp"

extern "C" {
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "rewrite/rewriteManip.h"
#include "tcop/tcopprot.h"
}

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

/* What the callback of replace_rte_variables() gets. */
#if PG_VERSION_NUM >= 190000
using ReplacedVar = const Var;
#else
using ReplacedVar = Var;
#endif

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

/* 18 dropped the argument that promises a single run (3eea7a0c97e). */
PG_RAISES inline void run_executor(QueryDesc *query)
{
#if PG_VERSION_NUM >= 180000
	ExecutorRun(query, ForwardScanDirection, 0);
#else
	ExecutorRun(query, ForwardScanDirection, 0, true);
#endif
}

} // namespace bulk_sync::pg::compat
