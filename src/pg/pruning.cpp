#include "pg/pruning.hpp"

#include "pg/compat_query.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/partition.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/prep.h"
#include "storage/sinval.h"
#include "utils/inval.h"
#include "utils/partcache.h"
#include "utils/snapmgr.h"
}

namespace bulk_sync::pg {

namespace {

/* What the parts of AND and OR for which keeps(part) holds say about the whole; nullptr for
 * nothing. Of OR, each arm has to say something, else nothing is known. */
template <typename Keeps> Node *part_of(Node *condition, Keeps &&keeps)
{
	check_stack_depth();
	if (!is_andclause(condition) && !is_orclause(condition))
		return keeps(condition) ? condition : nullptr;
	List *const arms = reinterpret_cast<BoolExpr *>(condition)->args;
	List *parts = NIL;
	for (int i = 0; i < list_length(arms); i++) {
		Node *const part = part_of(static_cast<Node *>(list_nth(arms, i)), keeps);
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

/* A part of a partition key: an expression over the root's columns, and what compares it. */
struct KeyPart {
	Node *expression;
	Oid family;
};

Node *without_relabels(Node *expression)
{
	while (IsA(expression, RelabelType))
		expression = reinterpret_cast<Node *>(reinterpret_cast<RelabelType *>(expression)->arg);
	return expression;
}

PG_RAISES bool is_known(const List *parts, Node *expression, Oid family)
{
	for (int i = 0; i < list_length(parts); i++) {
		const auto *const part = static_cast<KeyPart *>(list_nth(parts, i));
		if (part->family == family && equal(part->expression, expression))
			return true;
	}
	return false;
}

/* Adds the parts of the partition key of a table. Its columns may be in another order than the
 * root's. */
PG_RAISES List *add_key_parts(List *parts, ::Relation root, ::Relation table)
{
	PartitionKey const key = RelationGetPartitionKey(table);
	int expressions = 0;
	for (int i = 0; i < key->partnatts; i++) {
		Node *part =
			key->partattrs[i] == 0
				? static_cast<Node *>(list_nth(key->partexprs, expressions++))
				: reinterpret_cast<Node *>(makeVar(1, key->partattrs[i], key->parttypid[i],
												   key->parttypmod[i], key->parttypcoll[i], 0));
		part = without_relabels(static_cast<Node *>(
			linitial(map_partition_varattnos(list_make1(part), 1, root, table))));
		if (is_known(parts, part, key->partopfamily[i]))
			continue;
		auto *const added = static_cast<KeyPart *>(palloc(sizeof(KeyPart)));
		added->expression = static_cast<Node *>(copyObjectImpl(part));
		added->family = key->partopfamily[i];
		parts = lappend(parts, added);
	}
	return parts;
}

PG_RAISES List *key_parts_of(::Relation root, const Vector<Oid> &members)
{
	List *parts = NIL;
	for (Oid const member : members) {
		if (get_rel_relkind(member) != RELKIND_PARTITIONED_TABLE)
			continue;
		::Relation const table = table_open(member, NoLock);
		parts = add_key_parts(parts, root, table);
		table_close(table, NoLock);
	}
	return parts;
}

/* Is the expression a part of a key? With an operator, one that partitions are left out by. */
PG_RAISES bool is_key_part(const List *parts, Node *expression, Oid oper = InvalidOid)
{
	expression = without_relabels(expression);
	for (int i = 0; i < list_length(parts); i++) {
		const auto *const part = static_cast<KeyPart *>(list_nth(parts, i));
		if (equal(part->expression, expression) &&
			(!OidIsValid(oper) || op_in_opfamily(oper, part->family) ||
			 op_in_opfamily(get_negator(oper), part->family)))
			return true;
	}
	return false;
}

/* The key may be the contrary of what the condition has. */
PG_RAISES bool is_boolean_key_part(const List *parts, Node *expression)
{
	return is_key_part(parts, expression) || is_key_part(parts, negate_clause(expression));
}

PG_RAISES bool compares_key_part(const List *key, Oid oper, const List *operands)
{
	if (list_length(operands) != 2)
		return false;
	auto *const left = static_cast<Node *>(linitial(operands));
	auto *const right = static_cast<Node *>(lsecond(operands));
	return (IsA(right, Const) && is_key_part(key, left, oper)) ||
		   (IsA(left, Const) && is_key_part(key, right, oper));
}

/* Is it of the forms by which the planner leaves out partitions (partprune.c)? These are
 * comparisons of what each row was compared by when it was stored, so that they never
 * raise. */
PG_RAISES bool leaves_out_partitions(Node *condition, const List *key)
{
	if (IsA(condition, OpExpr)) {
		auto *const comparison = reinterpret_cast<OpExpr *>(condition);
		if (compares_key_part(key, comparison->opno, comparison->args))
			return true;
	} else if (IsA(condition, ScalarArrayOpExpr)) {
		auto *const comparison = reinterpret_cast<ScalarArrayOpExpr *>(condition);
		return compares_key_part(key, comparison->opno, comparison->args);
	} else if (IsA(condition, NullTest)) {
		return is_key_part(key,
						   reinterpret_cast<Node *>(reinterpret_cast<NullTest *>(condition)->arg));
	} else if (IsA(condition, BooleanTest)) {
		return is_boolean_key_part(
			key, reinterpret_cast<Node *>(reinterpret_cast<BooleanTest *>(condition)->arg));
	}
	return is_boolean_key_part(key, condition);
}

/* SELECT FROM <relation> WHERE <condition>, whose planning locks in `mode`. */
PG_RAISES Query *select_where(const Relation &relation, Node *condition, LOCKMODE mode)
{
	ParseState *const state = make_parsestate(nullptr);
	ParseNamespaceItem *const item =
		addRangeTableEntryForRelation(state, relation.get(), AccessShareLock, nullptr, true, true);
	/* The parser knows of no stronger modes than its statements take. */
	item->p_rte->rellockmode = mode;
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
PG_RAISES List *plan_and_lock(const Relation &relation, Node *condition, LOCKMODE mode)
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
PG_RAISES List *lock_and_look_again(const Relation &relation, Node *condition, LOCKMODE mode)
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
		/* As the planner will do: constants are computed, and NOT is pushed down to what it is
		 * about. */
		Node *const condition =
			eval_const_expressions(nullptr, static_cast<Node *>(copyObjectImpl(filter.expression)));
		return part_of(condition, [](Node *part) {
			return !contain_mutable_functions(part) && !checkExprHasSubLink(part);
		});
	});
}

Node *partition_condition(Node *condition, const Relation &relation, const Vector<Oid> &members)
{
	return pg_call([&] {
		List *const key = key_parts_of(relation.get(), members);
		return part_of(condition, [&](Node *part) { return leaves_out_partitions(part, key); });
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
