#include "pg/stored_rows.hpp"

#include "pg/compat_query.hpp"
#include "pg/compat_table.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES Expr *store_column(const RowStore &store, int number)
{
	Form_pg_attribute const column = TupleDescAttr(store.tuple_desc(), number - 1);
	return reinterpret_cast<Expr *>(makeVar(1, static_cast<AttrNumber>(number), column->atttypid,
											column->atttypmod, column->attcollation, 0));
}

/* The value of a column, or of a generated one the value from before. */
PG_RAISES Expr *given_value(const ColumnSource &source, const RowStore &store)
{
	const ColumnType &type = source.type;
	bool const has_default = source.expression != nullptr && !source.generated;
	if (source.store_column != 0) {
		Expr *const value = store_column(store, source.store_column);
		return has_default ? value_or_default(value, source.expression) : value;
	}
	if (has_default)
		return reinterpret_cast<Expr *>(source.expression);
	return reinterpret_cast<Expr *>(
		makeConst(type.oid, type.typmod, type.collation, type.length, 0, true, type.by_value));
}

PG_RAISES TargetEntry *entry(const ColumnSource &source, Expr *value)
{
	return makeTargetEntry(value, source.column, nullptr, false);
}

/* One target entry for each source: what stands for the column. */
PG_RAISES List *replacements(RangeTblEntry *relation, const RowStore &store,
							 const Vector<ColumnSource> &sources)
{
	List *given = NIL;
	for (const ColumnSource &source : sources)
		given = lappend(given, entry(source, given_value(source, store)));
	List *targets = NIL;
	for (const ColumnSource &source : sources) {
		Expr *value = given_value(source, store);
		if (source.generated)
			value = reinterpret_cast<Expr *>(
				compat::replace_vars(source.expression, relation, given, nullptr));
		targets = lappend(targets, entry(source, value));
	}
	return targets;
}

PG_RAISES List *shown_columns(const RowStore &store, const Vector<int> &shown)
{
	List *targets = NIL;
	for (int const number : shown) {
		auto const position = static_cast<AttrNumber>(list_length(targets) + 1);
		targets = lappend(targets, makeTargetEntry(store_column(store, number), position,
												   psprintf("c%d", number), false));
	}
	return targets;
}

PG_RAISES Query *select_where(List *targets, Node *condition, bool has_sublinks,
							  const RowStore &store)
{
	ParseState *const state = make_parsestate(nullptr);
	state->p_queryEnv = create_queryEnv();
	store.register_in(state->p_queryEnv);
	ParseNamespaceItem *const item =
		addRangeTableEntryForENR(state, makeRangeVar(nullptr, pstrdup(store.name()), -1), true);

	auto *const reference = makeNode(RangeTblRef);
	reference->rtindex = item->p_rtindex;
	auto *const query = makeNode(Query);
	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->rtable = state->p_rtable;
	query->jointree = makeFromExpr(list_make1(reference), condition);
	query->targetList = targets;
	query->hasSubLinks = has_sublinks;
	return query;
}

/* Makes a composite value of a whole row, where else the planner would see its fields. */
PG_RAISES Node *wrap_whole_row(compat::ReplacedVar *var, replace_rte_variables_context *)
{
	Node *const copy = static_cast<Node *>(copyObjectImpl(var));
	if (var->varattno != InvalidAttrNumber)
		return copy;
	auto *const row = makeNode(ConvertRowtypeExpr);
	row->arg = reinterpret_cast<Expr *>(copy);
	row->resulttype = var->vartype;
	row->convertformat = COERCE_IMPLICIT_CAST;
	row->location = -1;
	return reinterpret_cast<Node *>(row);
}

/*
 * The expression with whole rows of an entry of its range table that mean what they mean in WHERE.
 * There `t IS NOT NULL` does not look at dropped columns. The row that will stand for t has NULLs
 * in their place, and the planner divides such a test among the fields of a row that it sees built,
 * as in WHERE where it builds the row itself.
 */
PG_RAISES Node *keep_whole_rows(Node *expression, int entry, const Relation &relation,
								bool *has_sublinks)
{
	TupleDesc const desc = relation.tuple_desc();
	if (compat::has_virtual_columns(relation.get()))
		return expression;
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attisdropped)
			return replace_rte_variables(expression, entry, 0, wrap_whole_row, nullptr,
										 has_sublinks);
	return expression;
}

/* Is that known without any row? */
PG_RAISES bool is_never_true(Node *condition)
{
	if (contain_var_clause(condition))
		return false;
	Node *const value = eval_const_expressions(nullptr, condition);
	return IsA(value, Const) && !reinterpret_cast<Const *>(value)->constisnull &&
		   !DatumGetBool(reinterpret_cast<Const *>(value)->constvalue);
}

PG_RAISES Query *build_failing_rows(const Filter &filter, const Relation &relation,
									const RowStore &store, const Vector<ColumnSource> &sources,
									const Vector<int> &shown)
{
	List *const targets = replacements(filter.relation, store, sources);
	bool has_sublinks = checkExprHasSubLink(filter.expression);
	Node *const expression =
		compat::replace_vars(keep_whole_rows(filter.expression, 1, relation, &has_sublinks),
							 filter.relation, targets, &has_sublinks);

	auto *const test = makeNode(BooleanTest);
	test->arg = reinterpret_cast<Expr *>(expression);
	test->booltesttype = IS_NOT_TRUE;
	test->location = -1;
	if (!has_sublinks && is_never_true(reinterpret_cast<Node *>(test)))
		return nullptr;
	return select_where(shown_columns(store, shown), reinterpret_cast<Node *>(test), has_sublinks,
						store);
}

/* Puts what the store has in the place of the columns of one entry of the range table. */
PG_RAISES Node *replaced(Node *expression, int entry, RangeTblEntry *row, const Relation &relation,
						 const RowStore &store, const Vector<ColumnSource> &sources,
						 bool *has_sublinks)
{
	return compat::replace_vars(keep_whole_rows(expression, entry, relation, has_sublinks), row,
								replacements(row, store, sources), has_sublinks, entry);
}

/* The store is entry 1 too, so the old row, which is that, goes first. */
PG_RAISES Query *build_condition(const UpdateCondition &condition, const Relation &relation,
								 const RowStore &store, const Vector<ColumnSource> &old_sources,
								 const Vector<ColumnSource> &new_sources)
{
	bool has_sublinks = condition.has_sub_selects;
	Node *expression = replaced(condition.expression, UpdateCondition::old_row, condition.rows[0],
								relation, store, old_sources, &has_sublinks);
	expression = replaced(expression, UpdateCondition::new_row, condition.rows[1], relation, store,
						  new_sources, &has_sublinks);
	TargetEntry *const target =
		makeTargetEntry(reinterpret_cast<Expr *>(expression), 1, pstrdup("update_when"), false);
	return select_where(list_make1(target), nullptr, has_sublinks, store);
}

/* With the casts that the operator's declared types need. A polymorphic one takes the value as it
 * is, but for a domain, which is no array or enum itself. */
PG_RAISES Node *operand(Node *value, Oid declared)
{
	Oid const type = exprType(value);
	Oid const wanted = IsPolymorphicType(declared) ? getBaseType(type) : declared;
	return wanted == type ? value
						  : coerce_type(nullptr, value, type, wanted, -1, COERCION_IMPLICIT,
										COERCE_IMPLICIT_CAST, -1);
}

PG_RAISES Node *is_distinct(Node *left, Node *right, Oid equality, Oid collation)
{
	Oid left_type;
	Oid right_type;
	op_input_types(equality, &left_type, &right_type);
	auto *const test = makeNode(DistinctExpr);
	test->opno = equality;
	test->opfuncid = get_opcode(equality);
	test->opresulttype = BOOLOID;
	test->inputcollid = collation;
	test->args = list_make2(operand(left, left_type), operand(right, right_type));
	test->location = -1;
	return reinterpret_cast<Node *>(test);
}

PG_RAISES Query *build_other_values(const ComparedColumn &compared, const RowStore &store,
									const Vector<ColumnSource> &sources, const Vector<int> &shown)
{
	const ColumnType &type = compared.type;
	Var *const column = makeVar(1, compared.column, type.oid, type.typmod, type.collation, 0);
	Node *const value = compat::replace_vars(reinterpret_cast<Node *>(column), nullptr,
											 replacements(nullptr, store, sources), nullptr);
	auto *const other = reinterpret_cast<Node *>(store_column(store, compared.store_column));
	return select_where(shown_columns(store, shown),
						is_distinct(value, other, compared.equality, type.collation), false, store);
}

PG_RAISES Query *build_nulls(int column, const RowStore &store, const Vector<int> &shown)
{
	auto *const test = makeNode(NullTest);
	test->arg = store_column(store, column);
	test->nulltesttype = IS_NULL;
	test->location = -1;
	return select_where(shown_columns(store, shown), reinterpret_cast<Node *>(test), false, store);
}

} // namespace

Query *select_failing_rows(const Filter &filter, const Relation &relation, const RowStore &store,
						   const Vector<ColumnSource> &sources, const Vector<int> &shown)
{
	return pg_call([&] { return build_failing_rows(filter, relation, store, sources, shown); });
}

Query *select_condition(const UpdateCondition &condition, const Relation &relation,
						const RowStore &store, const Vector<ColumnSource> &old_sources,
						const Vector<ColumnSource> &new_sources)
{
	return pg_call(
		[&] { return build_condition(condition, relation, store, old_sources, new_sources); });
}

Query *select_other_values(const ComparedColumn &compared, const RowStore &store,
						   const Vector<ColumnSource> &sources, const Vector<int> &shown)
{
	return pg_call([&] { return build_other_values(compared, store, sources, shown); });
}

Query *select_nulls(int column, const RowStore &store, const Vector<int> &shown)
{
	return pg_call([&] { return build_nulls(column, store, shown); });
}

} // namespace bulk_sync::pg
