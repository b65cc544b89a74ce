#include "pg/fixed_columns.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "utils/datum.h"
}

namespace bulk_sync::pg {

namespace {

/* The column that an expression is, with nothing but a change of its label; nullptr for others. */
Var *plain_column(Node *expression)
{
	while (IsA(expression, RelabelType))
		expression = reinterpret_cast<Node *>(reinterpret_cast<RelabelType *>(expression)->arg);
	if (!IsA(expression, Var))
		return nullptr;
	auto *const var = reinterpret_cast<Var *>(expression);
	return var->varno == 1 && var->varlevelsup == 0 && var->varattno > 0 ? var : nullptr;
}

/* A name, such as current_user is, brings a collation of its own along, in which equal means the
 * same bytes. So it does in every collation that is deterministic. */
PG_RAISES bool is_collation_of(const Var *column, Oid collation, Node *value)
{
	return collation == column->varcollid ||
		   (exprType(value) == NAMEOID && collation == C_COLLATION_OID &&
			OidIsValid(column->varcollid) && get_collation_isdeterministic(column->varcollid));
}

/* Of two types, one may have several values for one of the other: where clocks go forward, there
 * are two timestamps for one timestamptz. These are conversions that the time zone has a say in. */
PG_RAISES bool is_default_equality(const OpExpr *comparison, const Var *column, Node *value)
{
	TypeCacheEntry *const cache = lookup_type_cache(column->vartype, TYPECACHE_BTREE_OPFAMILY);
	return OidIsValid(cache->btree_opf) && op_strict(comparison->opno) &&
		   (op_volatile(comparison->opno) == PROVOLATILE_IMMUTABLE ||
			column->vartype == TIMESTAMPTZOID) &&
		   get_op_opfamily_strategy(comparison->opno, cache->btree_opf) == BTEqualStrategyNumber &&
		   is_collation_of(column, comparison->inputcollid, value);
}

/* The column of `column = value` or `value = column`; nullptr when it is no such comparison. */
PG_RAISES Var *compared_column(OpExpr *comparison)
{
	if (list_length(comparison->args) != 2)
		return nullptr;
	for (int side = 0; side < 2; side++) {
		Var *const column = plain_column(static_cast<Node *>(list_nth(comparison->args, side)));
		auto *const value = static_cast<Node *>(list_nth(comparison->args, 1 - side));
		if (column != nullptr && is_default_equality(comparison, column, value) &&
			!contain_vars_of_level(value, 0))
			return column;
	}
	return nullptr;
}

/* The comparison by which a condition fixes this column; nullptr for none. */
PG_RAISES OpExpr *comparison_of(Node *condition, AttrNumber column)
{
	if (IsA(condition, OpExpr)) {
		auto *const comparison = reinterpret_cast<OpExpr *>(condition);
		Var *const compared = compared_column(comparison);
		return compared != nullptr && compared->varattno == column ? comparison : nullptr;
	}
	if (!is_andclause(condition))
		return nullptr;
	List *const arguments = reinterpret_cast<BoolExpr *>(condition)->args;
	OpExpr *found = nullptr;
	for (int i = 0; found == nullptr && i < list_length(arguments); i++)
		found = comparison_of(static_cast<Node *>(list_nth(arguments, i)), column);
	return found;
}

PG_RAISES Node *as_constant(Oid type, Datum value)
{
	int16 length;
	bool by_value;
	get_typlenbyval(type, &length, &by_value);
	return reinterpret_cast<Node *>(
		makeConst(type, -1, get_typcollation(type), length, value, false, by_value));
}

/* The value in another type, cut to its length; nullptr for no cast. */
PG_RAISES Node *cast_to(const ColumnType &type, Node *value)
{
	Node *const cast = coerce_to_target_type(nullptr, value, exprType(value), type.oid, type.typmod,
											 COERCION_EXPLICIT, COERCE_EXPLICIT_CAST, -1);
	if (cast != nullptr)
		assign_expr_collations(nullptr, cast);
	return cast;
}

/* Is it done by functions of the server alone? These have nothing to undo when they raise. */
bool is_of_server(Node *cast)
{
	while (IsA(cast, FuncExpr) || IsA(cast, RelabelType)) {
		if (IsA(cast, RelabelType)) {
			cast = reinterpret_cast<Node *>(reinterpret_cast<RelabelType *>(cast)->arg);
			continue;
		}
		auto *const call = reinterpret_cast<FuncExpr *>(cast);
		if (call->funcid >= FirstNormalObjectId)
			return false;
		cast = static_cast<Node *>(linitial(call->args));
	}
	return IsA(cast, Const);
}

/* The planner would hold on to an entry of a cache while it folds the cast into a constant. */
PG_RAISES Datum run_cast(Node *cast, bool &is_null)
{
	int16 length;
	bool by_value;
	get_typlenbyval(exprType(cast), &length, &by_value);
	ExprState *const state = ExecInitExpr(reinterpret_cast<Expr *>(cast), nullptr);
	ExprContext *const evaluation = CreateStandaloneExprContext();
	Datum const value = ExecEvalExprSwitchContext(state, evaluation, &is_null);
	Datum const kept = is_null ? value : datumCopy(value, by_value, length);
	FreeExprContext(evaluation, true);
	return kept;
}

/*
 * The value of a cast that is_of_server(); nothing when the value has none in that type. There is
 * nothing to undo then, so no subtransaction is around it, as in wellformed_xml() (xml.c up to
 * PostgreSQL 15). It would do harm: Citus forgets that a savepoint of its own, which goes with each
 * subtransaction, was released, and cannot recover from an error after that.
 */
std::optional<Datum> evaluate_cast(Node *cast)
{
	try {
		bool is_null;
		Datum const value = pg_call([&] { return run_cast(cast, is_null); });
		return is_null ? std::nullopt : std::optional<Datum>(value);
	} catch (const Error &error) {
		if (ERRCODE_TO_CATEGORY(error.sqlstate()) != ERRCODE_DATA_EXCEPTION)
			throw;
		return std::nullopt;
	}
}

/* The comparison with a constant in the place of the column. */
PG_RAISES Node *with_constant(OpExpr *comparison, Node *constant)
{
	auto *const copy = static_cast<OpExpr *>(copyObjectImpl(comparison));
	for (int side = 0; side < 2; side++) {
		if (plain_column(static_cast<Node *>(list_nth(copy->args, side))) == nullptr)
			continue;
		Node **place = reinterpret_cast<Node **>(&lfirst(list_nth_cell(copy->args, side)));
		while (IsA(*place, RelabelType))
			place = reinterpret_cast<Node **>(&reinterpret_cast<RelabelType *>(*place)->arg);
		*place = constant;
		break;
	}
	return reinterpret_cast<Node *>(copy);
}

/* The other side of the comparison; nullptr when it asks tables. */
PG_RAISES Node *compared_value(OpExpr *comparison)
{
	auto *const left = static_cast<Node *>(linitial(comparison->args));
	Node *const value = plain_column(left) == compared_column(comparison)
							? static_cast<Node *>(lsecond(comparison->args))
							: left;
	return contain_subplans(value) ? nullptr : value;
}

/* The type of a column, or the one below its domain. */
PG_RAISES ColumnType plain_type(const ColumnType &column)
{
	ColumnType type = column;
	type.oid = getBaseTypeAndTypmod(column.oid, &type.typmod);
	return type;
}

/* Is the comparison true with this value in the place of the column? */
bool is_equal(OpExpr *comparison, Oid type, Datum value)
{
	bool is_null;
	Node *const test = pg_call([&] { return with_constant(comparison, as_constant(type, value)); });
	Datum const equal = evaluate(test, is_null);
	return !is_null && DatumGetBool(equal);
}

/*
 * In the type of the column, 99999999999 raises as an integer, and 0.1 of type float8 becomes
 * another number as a float4: the comparison itself has the last word.
 */
FixedValue value_of_column(OpExpr *comparison, Node *given, const ColumnType &column)
{
	FixedValue fixed;
	fixed.type = pg_call([&] { return plain_type(column); });
	bool is_null;
	fixed.value = evaluate(given, is_null);
	Oid const given_type = pg_call([&] { return exprType(given); });
	if (!is_null && (given_type != fixed.type.oid || fixed.type.typmod >= 0)) {
		Node *const cast =
			pg_call([&] { return cast_to(fixed.type, as_constant(given_type, fixed.value)); });
		if (cast == nullptr || !is_of_server(cast))
			return fixed;
		std::optional<Datum> const converted = evaluate_cast(cast);
		is_null = !converted || !is_equal(comparison, fixed.type.oid, *converted);
		fixed.value = converted.value_or(0);
	}
	fixed.kind = is_null ? FixedValue::Kind::none : FixedValue::Kind::one;
	return fixed;
}

/* The columns that a condition fixes, as a set of their numbers. */
PG_RAISES Bitmapset *columns_fixed_by(Node *condition)
{
	Var *column = nullptr;
	if (IsA(condition, OpExpr)) {
		column = compared_column(reinterpret_cast<OpExpr *>(condition));
	} else if (IsA(condition, BooleanTest)) {
		auto *const test = reinterpret_cast<BooleanTest *>(condition);
		if (test->booltesttype == IS_TRUE || test->booltesttype == IS_FALSE)
			column = plain_column(reinterpret_cast<Node *>(test->arg));
	} else if (IsA(condition, BoolExpr)) {
		auto *const expression = reinterpret_cast<BoolExpr *>(condition);
		if (expression->boolop == AND_EXPR) {
			Bitmapset *columns = nullptr;
			for (int i = 0; i < list_length(expression->args); i++)
				columns = bms_add_members(
					columns, columns_fixed_by(static_cast<Node *>(list_nth(expression->args, i))));
			return columns;
		}
		if (expression->boolop == NOT_EXPR)
			column = plain_column(static_cast<Node *>(linitial(expression->args)));
	} else {
		column = plain_column(condition);
	}
	return column == nullptr ? nullptr : bms_make_singleton(column->varattno);
}

} // namespace

Vector<AttrNumber> fixed_columns(const Filter &filter, const Relation &relation)
{
	Bitmapset *const fixed = pg_call([&] { return columns_fixed_by(filter.expression); });
	Vector<AttrNumber> columns;
	for (const Attribute &attribute : relation.attributes())
		if (bms_is_member(attribute.number, fixed))
			columns.push_back(attribute.number);
	return columns;
}

FixedValue fixed_value(const Filter &filter, const Attribute &column)
{
	OpExpr *const comparison =
		pg_call([&] { return comparison_of(filter.expression, column.number); });
	Node *const given =
		comparison == nullptr ? nullptr : pg_call([&] { return compared_value(comparison); });
	return given == nullptr ? FixedValue() : value_of_column(comparison, given, column.type);
}

} // namespace bulk_sync::pg
