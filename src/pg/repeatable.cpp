#include "pg/repeatable.hpp"

#include "pg/compat_query.hpp"
#include "pg/fail.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
}

namespace bulk_sync::pg {

namespace {

struct Search {
	const ExpressionWords &words;
	bool is_behind_names; /* is it in what a reader of the condition does not see there? */
};

PG_RAISES const char *detail_for(const Search &search)
{
	if (!search.is_behind_names)
		return search.words.purpose;
	return psprintf("%s It is in a view that %s reads, or in a policy of row-level security on a "
					"table that it reads.",
					search.words.purpose, search.words.object);
}

/* Raises for what makes a query give other rows each time although no function of it is volatile.
 * With SKIP LOCKED others' locks decide; any row lock would also go and find a row's newest
 * version. A sequence knows no snapshot, and the rows that we insert move it. */
PG_RAISES bool visit_unrepeatable(Node *node, void *argument)
{
	const auto &search = *static_cast<const Search *>(argument);
	if (node == nullptr)
		return false;
	if (IsA(node, Query)) {
		auto *const query = reinterpret_cast<Query *>(node);
		if (query->rowMarks != NIL)
			raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
				   .message = psprintf("row locking is not allowed in %s", search.words.object),
				   .detail = detail_for(search)});
		return compat::walk_query(query, visit_unrepeatable, argument, QTW_EXAMINE_RTES_BEFORE);
	}
	if (IsA(node, RangeTblEntry)) {
		auto *const entry = reinterpret_cast<RangeTblEntry *>(node);
		if (entry->rtekind == RTE_RELATION && entry->relkind == RELKIND_SEQUENCE)
			raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
				   .message =
					   psprintf("reading a sequence is not allowed in %s", search.words.object),
				   .detail = detail_for(search)});
		return false;
	}
	if (IsA(node, TableSampleClause) &&
		reinterpret_cast<TableSampleClause *>(node)->repeatable == nullptr)
		raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			   .message = psprintf("TABLESAMPLE without REPEATABLE is not allowed in %s",
								   search.words.object),
			   .detail = detail_for(search)});
	return compat::walk_expression(node, visit_unrepeatable, argument);
}

/*
 * SELECT FROM <relations> WHERE <condition>
 *
 * as it will run: with views in place of their names, and policies. Those of the condition's own
 * relations, and what these read when they are views, are not the condition's.
 */
PG_RAISES Node *expanded(Node *condition, ParseState *state)
{
	Query *const query = makeNode(Query);
	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->hasSubLinks = true;
	query->rtable = state->p_rtable;
	compat::take_permissions(query, state);
	query->jointree = makeFromExpr(state->p_joinlist, condition);
	auto *const rewritten =
		linitial_node(Query, QueryRewrite(static_cast<Query *>(copyObjectImpl(query))));
	for (int i = 0; i < list_length(query->rtable); i++)
		lfirst(list_nth_cell(rewritten->rtable, i)) = list_nth(query->rtable, i);
	return reinterpret_cast<Node *>(rewritten);
}

PG_RAISES void refuse_in(Node *node, Search search)
{
	if (contain_volatile_functions(node))
		raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			   .message = psprintf("volatile functions are not allowed in %s", search.words.object),
			   .detail = detail_for(search)});
	visit_unrepeatable(node, &search);
}

} // namespace

void refuse_unrepeatable(Node *condition, ParseState *state, const ExpressionWords &words)
{
	refuse_in(condition, {words, false});
	if (state->p_hasSubLinks)
		refuse_in(expanded(condition, state), {words, true});
}

} // namespace bulk_sync::pg
