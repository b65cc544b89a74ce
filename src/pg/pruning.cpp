#include "pg/pruning.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "utils/partcache.h"
}

namespace bulk_sync::pg {

namespace {

/* What the parts of AND and OR for which keeps(part) holds say about the whole; nullptr for nothing. Of
 * OR, each arm has to say something, else nothing is known. */
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

/* Numbers of the columns that the partition key of a table uses, less
 * FirstLowInvalidHeapAttributeNumber. */
Bitmapset *key_columns(Oid table)
{
	::Relation const relation = table_open(table, NoLock);
	PartitionKey const key = RelationGetPartitionKey(relation);
	Bitmapset *columns = nullptr;
	for (int i = 0; i < key->partnatts; i++)
		if (key->partattrs[i] != 0)
			columns =
				bms_add_member(columns, key->partattrs[i] - FirstLowInvalidHeapAttributeNumber);
	pull_varattnos(reinterpret_cast<Node *>(key->partexprs), 1, &columns);
	table_close(relation, NoLock);
	return columns;
}

/* The same of all members, as columns of the root: their own may be in another order. */
Bitmapset *key_columns_of(Oid root, const Vector<Oid> &members)
{
	Bitmapset *columns = nullptr;
	for (Oid const member : members) {
		if (get_rel_relkind(member) != RELKIND_PARTITIONED_TABLE)
			continue;
		Bitmapset *const used = key_columns(member);
		for (int at = bms_next_member(used, -1); at >= 0; at = bms_next_member(used, at)) {
			auto const number = static_cast<AttrNumber>(at + FirstLowInvalidHeapAttributeNumber);
			const char *const name = get_attname(member, number, false);
			columns = bms_add_member(columns,
									 get_attnum(root, name) - FirstLowInvalidHeapAttributeNumber);
		}
	}
	return columns;
}

bool uses_any(Node *condition, Bitmapset *columns)
{
	Bitmapset *used = nullptr;
	pull_varattnos(condition, 1, &used);
	return bms_overlap(used, columns);
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
		Bitmapset *const columns = key_columns_of(relation.oid(), members);
		return part_of(condition, [&](Node *part) { return uses_any(part, columns); });
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
