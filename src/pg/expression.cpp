#include "pg/expression.hpp"

#include "pg/compat_query.hpp"
#include "pg/error_context.hpp"
#include "pg/fail.hpp"
#include "pg/repeatable.hpp"

extern "C" {
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
}

namespace bulk_sync::pg {

namespace {

/* Hints where the server has none and the same words in a statement would be right. */
PG_RAISES void add_hint(const ExpressionWords &words)
{
	if (geterrcode() == ERRCODE_AMBIGUOUS_COLUMN && words.ambiguous != nullptr)
		errhint("%s", words.ambiguous);
	else if (geterrcode() == ERRCODE_UNDEFINED_PARAMETER)
		errhint("Put values into the text, by format() with %%L.");
}

/* Shows positions of errors in the expression, not in the statement that called us. */
PG_RAISES void add_expression_context(const char *text, const ExpressionWords &words)
{
	int const position = geterrposition();
	if (position > 0) {
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
	}
	add_hint(words);
	errcontext("%s", words.context);
}

[[noreturn]] PG_RAISES void refuse_shape(const char *detail, const ExpressionWords &words)
{
	raise({.sqlstate = ERRCODE_SYNTAX_ERROR,
		   .message = psprintf("%s must be exactly one boolean expression", words.argument),
		   .detail = detail,
		   .hint = words.hint});
}

[[noreturn]] PG_RAISES void refuse_empty(const ExpressionWords &words)
{
	refuse_shape(psprintf("%s is empty.", words.subject), words);
}

/* Is it *, t.* or (t).*, which mean something only in the list of a SELECT? */
bool ends_in_star(Node *expression)
{
	List *names = NIL;
	if (IsA(expression, ColumnRef))
		names = reinterpret_cast<ColumnRef *>(expression)->fields;
	else if (IsA(expression, A_Indirection))
		names = reinterpret_cast<A_Indirection *>(expression)->indirection;
	return names != NIL && IsA(llast(names), A_Star);
}

/* The grammar reads the text as what may follow SELECT; only a single bare expression will do. */
PG_RAISES Node *single_expression(const char *text, const ExpressionWords &words)
{
	List *const parsed = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	if (list_length(parsed) != 1)
		refuse_empty(words);
	auto *const select = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);
	if (select->op != SETOP_NONE || select->distinctClause != NIL || select->fromClause != NIL ||
		select->whereClause != nullptr || select->groupClause != NIL ||
		select->havingClause != nullptr || select->windowClause != NIL ||
		select->sortClause != NIL || select->limitCount != nullptr ||
		select->limitOffset != nullptr || select->lockingClause != NIL ||
		select->intoClause != nullptr || select->valuesLists != NIL ||
		select->withClause != nullptr)
		refuse_shape("It has a clause after or before the expression.", words);
	if (select->targetList == NIL)
		refuse_empty(words);
	if (list_length(select->targetList) != 1)
		refuse_shape("It is a list of expressions.", words);
	auto *const target = linitial_node(ResTarget, select->targetList);
	if (target->name != nullptr || target->indirection != NIL)
		refuse_shape("The expression has a name.", words);
	if (ends_in_star(target->val))
		refuse_shape("It is a list of expressions.", words);
	return target->val;
}

/* Visits the columns of one range table entry of the outermost level. */
struct ColumnWalk {
	int entry;
	int depth = 0;
	Bitmapset *columns = nullptr; /* column numbers less FirstLowInvalidHeapAttributeNumber */
};

PG_RAISES bool visit_columns(Node *node, void *argument)
{
	auto *const walk = static_cast<ColumnWalk *>(argument);
	if (node == nullptr)
		return false;
	if (IsA(node, Var)) {
		auto *const var = reinterpret_cast<Var *>(node);
		if (var->varno == walk->entry && static_cast<int>(var->varlevelsup) == walk->depth)
			walk->columns =
				bms_add_member(walk->columns, var->varattno - FirstLowInvalidHeapAttributeNumber);
		return false;
	}
	if (IsA(node, Query)) {
		walk->depth++;
		bool const stop =
			compat::walk_query(reinterpret_cast<Query *>(node), visit_columns, argument);
		walk->depth--;
		return stop;
	}
	return compat::walk_expression(node, visit_columns, argument);
}

PG_RAISES Bitmapset *columns_of(Node *expression, int entry = 1)
{
	ColumnWalk walk;
	walk.entry = entry;
	visit_columns(expression, &walk);
	return walk.columns;
}

/* Makes the relation an entry of the range table, under its own name when `alias` is nullptr. */
PG_RAISES RangeTblEntry *add_relation(ParseState *state, const Relation &relation,
									  const char *alias)
{
	ParseNamespaceItem *const item = addRangeTableEntryForRelation(
		state, relation.get(), AccessShareLock,
		alias == nullptr ? nullptr : makeAlias(pstrdup(alias), NIL), true, true);
	addNSItemToQuery(state, item, true, true, true);
	return item->p_rte;
}

/* The expression of a text over the relations in the range table, analyzed and checked. */
PG_RAISES Node *analyze(const char *text, ParseState *state, const ExpressionWords &words)
{
	Node *const parsed = single_expression(text, words);
	Node *const expression = transformWhereClause(state, parsed, EXPR_KIND_WHERE, words.context);
	assign_expr_collations(state, expression);
	for (int entry = 1; entry <= list_length(state->p_rtable); entry++) {
		int const first = bms_next_member(columns_of(expression, entry), -1);
		if (first >= 0 && first + FirstLowInvalidHeapAttributeNumber < 0)
			raise({.sqlstate = ERRCODE_INVALID_COLUMN_REFERENCE,
				   .message = psprintf("system columns are not allowed in %s", words.object),
				   .detail = words.about_rows});
	}
	refuse_unrepeatable(expression, state, words);
	return expression;
}

PG_RAISES Filter analyze_filter(const char *text, const Relation &relation)
{
	ParseState *const state = make_parsestate(nullptr);
	state->p_sourcetext = text;
	Filter filter;
	filter.relation = add_relation(state, relation, relation.alias());
	filter.expression = analyze(text, state, filter_words);
	filter.has_sub_selects = state->p_hasSubLinks;
	free_parsestate(state);
	return filter;
}

PG_RAISES UpdateCondition analyze_update_condition(const char *text, const Relation &relation)
{
	ParseState *const state = make_parsestate(nullptr);
	state->p_sourcetext = text;
	UpdateCondition condition;
	condition.rows[0] = add_relation(state, relation, "old");
	condition.rows[1] = add_relation(state, relation, "new");
	condition.expression = analyze(text, state, update_when_words);
	condition.has_sub_selects = state->p_hasSubLinks;
	if (bms_is_empty(columns_of(condition.expression, UpdateCondition::old_row)) &&
		bms_is_empty(columns_of(condition.expression, UpdateCondition::new_row)))
		raise({.sqlstate = ERRCODE_INVALID_COLUMN_REFERENCE,
			   .message = "update_when must use columns of old or new",
			   .detail = "It would be the same for all rows.",
			   .hint = update_when_words.hint});
	free_parsestate(state);
	return condition;
}

bool is_setting(Oid function, void *)
{
	return function == F_CURRENT_SETTING_TEXT || function == F_CURRENT_SETTING_TEXT_BOOL;
}

PG_RAISES bool visit_settings(Node *node, void *context)
{
	return node != nullptr && (check_functions_in_node(node, is_setting, context) ||
							   compat::walk_expression(node, visit_settings, context));
}

} // namespace

Filter parse_filter(const char *text, const Relation &relation)
{
	return pg_call([&] {
		return with_error_context([&] { add_expression_context(text, filter_words); },
								  [&] { return analyze_filter(text, relation); });
	});
}

UpdateCondition parse_update_condition(const char *text, const Relation &relation)
{
	return pg_call([&] {
		return with_error_context([&] { add_expression_context(text, update_when_words); },
								  [&] { return analyze_update_condition(text, relation); });
	});
}

Vector<AttrNumber> columns_used(Node *expression, const Relation &relation, int entry)
{
	Bitmapset *const used = pg_call([&] { return columns_of(expression, entry); });
	bool const whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
	Vector<AttrNumber> columns;
	for (const Attribute &attribute : relation.attributes())
		if (whole_row || bms_is_member(attribute.number - FirstLowInvalidHeapAttributeNumber, used))
			columns.push_back(attribute.number);
	return columns;
}

Node *column_default(const Relation &relation, AttrNumber column)
{
	if (Node *const replaced = relation.replaced_default(column))
		return replaced;
	AttrNumber const number = relation.number_in_defaults(column);
	if (number == InvalidAttrNumber)
		return nullptr;
	return pg_call([&] { return build_column_default(relation.defaults(), number); });
}

Node *constant(const ColumnType &type, Datum value, bool is_null)
{
	return pg_call([&] {
		return reinterpret_cast<Node *>(makeConst(type.oid, type.typmod, type.collation,
												  type.length, value, is_null, type.by_value));
	});
}

Node *current_time()
{
	return pg_call([] {
		return reinterpret_cast<Node *>(
			makeFuncExpr(F_NOW, TIMESTAMPTZOID, NIL, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
	});
}

Datum evaluate(Node *expression, bool &is_null)
{
	return pg_call([&] {
		int16 length;
		bool by_value;
		get_typlenbyval(exprType(expression), &length, &by_value);
		EState *const executor = CreateExecutorState();
		ExprState *const state = ExecPrepareExpr(reinterpret_cast<Expr *>(expression), executor);
		Datum const value =
			ExecEvalExprSwitchContext(state, GetPerTupleExprContext(executor), &is_null);
		Datum const kept = is_null ? value : datumCopy(value, by_value, length);
		FreeExecutorState(executor);
		return kept;
	});
}

Node *assigned(Node *value, const ColumnType &type)
{
	return pg_call([&] {
		ParseState *const state = make_parsestate(nullptr);
		Node *const expression =
			coerce_to_target_type(state, value, exprType(value), type.oid, type.typmod,
								  COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
		free_parsestate(state);
		return expression;
	});
}

bool is_volatile(Node *expression)
{
	return pg_call([&] { return contain_volatile_functions(expression); });
}

bool reads_settings(Node *expression)
{
	return pg_call([&] { return visit_settings(expression, nullptr); });
}

Expr *value_or_default(Expr *value, Node *default_value)
{
	auto *const coalesce = makeNode(CoalesceExpr);
	coalesce->coalescetype = exprType(reinterpret_cast<Node *>(value));
	coalesce->coalescecollid = exprCollation(reinterpret_cast<Node *>(value));
	coalesce->args = list_make2(value, copyObjectImpl(default_value));
	coalesce->location = -1;
	return reinterpret_cast<Expr *>(coalesce);
}

} // namespace bulk_sync::pg
