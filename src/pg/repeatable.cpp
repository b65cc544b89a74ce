#include "pg/repeatable.hpp"

#include "pg/compat.hpp"
#include "pg/fail.hpp"

extern "C" {
#include "nodes/makefuncs.h"
}

namespace bulk_sync::pg {

namespace {

/* Of what a reader of the filter does not see there. */
constexpr const char *behind_names = " It is in a view that the filter reads, or in a policy of "
									 "row-level security on a table that it reads.";

/* `place` is its end. */
PG_RAISES const char *detail_for(const char *place)
{
	return psprintf("The filter decides which rows exist for the call and must give the same "
					"answer each time.%s",
					place);
}

/* Raises for what makes a query give other rows each time although no function of it is volatile.
 * With SKIP LOCKED others' locks decide; any row lock would also go and find a row's newest
 * version. A sequence knows no snapshot, and the rows that we insert move it. */
PG_RAISES bool visit_unrepeatable(Node *node, void *argument)
{
	auto *const place = static_cast<const char *>(argument);
	if (node == nullptr)
		return false;
	if (IsA(node, Query)) {
		auto *const query = reinterpret_cast<Query *>(node);
		if (query->rowMarks != NIL)
			raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
				   .message = "row locking is not allowed in the filter",
				   .detail = detail_for(place)});
		return compat::walk_query(query, visit_unrepeatable, argument, QTW_EXAMINE_RTES_BEFORE);
	}
	if (IsA(node, RangeTblEntry)) {
		auto *const entry = reinterpret_cast<RangeTblEntry *>(node);
		if (entry->rtekind == RTE_RELATION && entry->relkind == RELKIND_SEQUENCE)
			raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
				   .message = "reading a sequence is not allowed in the filter",
				   .detail = detail_for(place)});
		return false;
	}
	if (IsA(node, TableSampleClause) &&
		reinterpret_cast<TableSampleClause *>(node)->repeatable == nullptr)
		raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			   .message = "TABLESAMPLE without REPEATABLE is not allowed in the filter",
			   .detail = detail_for(place)});
	return compat::walk_expression(node, visit_unrepeatable, argument);
}

/*
 * SELECT FROM <relation> WHERE <filter>
 *
 * as it will run: with views in place of their names, and policies. Those of the filter's relation
 * itself, and what it reads when it is a view, are not the filter's.
 */
PG_RAISES Node *expanded(Node *filter, ParseState *state)
{
	Query *const query = makeNode(Query);
	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->hasSubLinks = true;
	query->rtable = state->p_rtable;
	compat::take_permissions(query, state);
	query->jointree = makeFromExpr(state->p_joinlist, filter);
	auto *const rewritten =
		linitial_node(Query, QueryRewrite(static_cast<Query *>(copyObjectImpl(query))));
	linitial(rewritten->rtable) = linitial(query->rtable);
	return reinterpret_cast<Node *>(rewritten);
}

PG_RAISES void refuse_in(Node *node, const char *place)
{
	if (contain_volatile_functions(node))
		raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			   .message = "volatile functions are not allowed in the filter",
			   .detail = detail_for(place)});
	visit_unrepeatable(node, const_cast<char *>(place));
}

} // namespace

void refuse_unrepeatable(Node *filter, ParseState *state)
{
	refuse_in(filter, "");
	if (state->p_hasSubLinks)
		refuse_in(expanded(filter, state), behind_names);
}

} // namespace bulk_sync::pg
