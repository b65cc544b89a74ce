#include "pg/pruning.hpp"

#include "pg/compat.hpp"

namespace bulk_sync::pg {

namespace {

/* Of OR, each arm has to say something, else nothing is known. */
Node *lasting_part(Node *condition)
{
	check_stack_depth();
	if (!is_andclause(condition) && !is_orclause(condition))
		return contain_mutable_functions(condition) || checkExprHasSubLink(condition) ? nullptr
																					  : condition;
	auto *const whole = reinterpret_cast<BoolExpr *>(condition);
	List *parts = NIL;
	for (int i = 0; i < list_length(whole->args); i++) {
		Node *const part = lasting_part(static_cast<Node *>(list_nth(whole->args, i)));
		if (part != nullptr)
			parts = lappend(parts, part);
		else if (is_orclause(condition))
			return nullptr;
	}
	if (list_length(parts) < 2)
		return parts == NIL ? nullptr : static_cast<Node *>(linitial(parts));
	return reinterpret_cast<Node *>(is_andclause(condition) ? make_andclause(parts)
															: make_orclause(parts));
}

/* SELECT FROM <relation> WHERE <condition>, whose planning locks in `mode`. */
Query *select_where(const Relation &relation, Node *condition, LOCKMODE mode)
{
	ParseState *const state = make_parsestate(nullptr);
	ParseNamespaceItem *const item =
		addRangeTableEntryForRelation(state, relation.get(), mode, nullptr, true, true);
	auto *const reference = makeNode(RangeTblRef);
	reference->rtindex = item->p_rtindex;
	auto *const query = makeNode(Query);
	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->rtable = state->p_rtable;
	compat::take_permissions(query, state);
	query->jointree =
		makeFromExpr(list_make1(reference), static_cast<Node *>(copyObjectImpl(condition)));
	return query;
}

/* The planner adds what it has not left out to the range table, in which only this relation was. */
List *plan_and_lock(const Relation &relation, Node *condition, LOCKMODE mode)
{
	PlannedStmt *const plan = compat::plan_query(select_where(relation, condition, mode),
												 "bulk_sync partitions", 0, nullptr);
	List *members = NIL;
	for (int i = 0; i < list_length(plan->rtable); i++) {
		auto *const entry = list_nth_node(RangeTblEntry, plan->rtable, i);
		if (entry->rtekind == RTE_RELATION)
			members = lappend_oid(members, entry->relid);
	}
	return members;
}

/* Attaching a partition does not conflict with our lock on the parent. Was there any change in a
 * catalog while we waited? */
List *lock_and_look_again(const Relation &relation, Node *condition, LOCKMODE mode)
{
	List *members = NIL;
	for (;;) {
		CHECK_FOR_INTERRUPTS();
		List *const before = members;
		uint64 const changes_before = SharedInvalidMessageCounter;
		members = plan_and_lock(relation, condition, mode);
		AcceptInvalidationMessages();
		if (SharedInvalidMessageCounter == changes_before || equal(members, before))
			return members;
	}
}

} // namespace

Node *lasting_condition(const Filter &filter)
{
	return pg_call([&] {
		/* As the planner will do: constants are computed, and NOT is pushed down to what it is about. */
		return lasting_part(eval_const_expressions(
			nullptr, static_cast<Node *>(copyObjectImpl(filter.expression))));
	});
}

void add_condition(Query *query, Node *condition)
{
	auto *const copy = static_cast<Node *>(copyObjectImpl(condition));
	if (query->resultRelation > 1)
		ChangeVarNodes(copy, 1, query->resultRelation, 0);
	query->jointree->quals = make_and_qual(query->jointree->quals, copy);
}

Vector<Oid> lock_partitions(const Relation &relation, Node *condition, LOCKMODE mode,
							Snapshot snapshot)
{
	List *const members = pg_call([&] {
		PushActiveSnapshot(snapshot);
		List *const locked = lock_and_look_again(relation, condition, mode);
		PopActiveSnapshot();
		return locked;
	});
	Vector<Oid> result;
	result.reserve(list_length(members));
	for (int i = 0; i < list_length(members); i++)
		result.push_back(list_nth_oid(members, i));
	return result;
}

} // namespace bulk_sync::pg
