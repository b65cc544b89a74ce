#include "pg/generated.hpp"

#include "pg/compat_query.hpp"
#include "pg/compat_table.hpp"
#include "pg/expression.hpp"
#include "pg/fail.hpp"

extern "C" {
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_attrdef.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/partcache.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES Node *table_oid(Oid table)
{
	return reinterpret_cast<Node *>(
		makeConst(OIDOID, -1, InvalidOid, sizeof(Oid), ObjectIdGetDatum(table), false, true));
}

const char *column_name(::Relation relation, int number)
{
	return NameStr(TupleDescAttr(RelationGetDescr(relation), number - 1)->attname);
}

/* 0 when there is no such column. */
AttrNumber find_column(::Relation relation, const char *name)
{
	TupleDesc const desc = RelationGetDescr(relation);
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped &&
			strcmp(column_name(relation, i + 1), name) == 0)
			return TupleDescAttr(desc, i)->attnum;
	return InvalidAttrNumber;
}

/* The relation's column that a column of a member is; nullptr when it has none. */
PG_RAISES Expr *relation_column(::Relation relation, ::Relation member, AttrNumber number)
{
	Form_pg_attribute const column = TupleDescAttr(RelationGetDescr(member), number - 1);
	AttrNumber const found =
		relation == member ? number : find_column(relation, column_name(member, number));
	if (found == InvalidAttrNumber)
		return nullptr;
	return reinterpret_cast<Expr *>(
		makeVar(1, found, column->atttypid, column->atttypmod, column->attcollation, 0));
}

/*
 * An expression over `source`, the relation or a member, as one over the relation's columns in rows
 * of `table`; nullptr when it uses columns that the relation lacks. Of system columns, expressions
 * that are stored have tableoid alone.
 */
PG_RAISES Node *over_relation(Node *expression, ::Relation relation, ::Relation source, Oid table)
{
	Bitmapset *used = nullptr;
	pull_varattnos(expression, 1, &used);
	List *targets = NIL;
	for (int i = bms_next_member(used, -1); i >= 0; i = bms_next_member(used, i)) {
		auto const number = static_cast<AttrNumber>(i + FirstLowInvalidHeapAttributeNumber);
		Expr *const value = number == TableOidAttributeNumber
								? reinterpret_cast<Expr *>(table_oid(table))
								: relation_column(relation, source, number);
		if (value == nullptr)
			return nullptr;
		targets = lappend(targets, makeTargetEntry(value, number, nullptr, false));
	}
	return compat::replace_vars(expression, nullptr, targets, nullptr);
}

/* A generated column is stored or virtual. */
bool is_virtual(TupleDesc desc, AttrNumber generated)
{
	return TupleDescAttr(desc, generated - 1)->attgenerated != ATTRIBUTE_GENERATED_STORED;
}

/* What the relation's column is in rows of a member, over the relation's columns; or nullptr. */
PG_RAISES Node *expression_in(::Relation member, ::Relation relation, AttrNumber column)
{
	::Relation const source = is_virtual(RelationGetDescr(relation), column) ? relation : member;
	AttrNumber const number = find_column(source, column_name(relation, column));
	return over_relation(compat::generation_expression(source, number), relation, source,
						 RelationGetRelid(member));
}

/* Is the row one of the member? By its values, where these say in which partition it is. */
PG_RAISES Node *is_in_member(::Relation relation, ::Relation member)
{
	if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		return over_relation(
			reinterpret_cast<Node *>(make_ands_explicit(RelationGetPartitionQual(member))),
			relation, member, RelationGetRelid(member));
	Var *const table = makeVar(1, TableOidAttributeNumber, OIDOID, -1, InvalidOid, 0);
	return reinterpret_cast<Node *>(
		makeFuncExpr(F_OIDEQ, BOOLOID, list_make2(table, table_oid(RelationGetRelid(member))),
					 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
}

PG_RAISES CaseWhen *arm(Node *condition, Node *result)
{
	auto *const when = makeNode(CaseWhen);
	when->expr = reinterpret_cast<Expr *>(condition);
	when->result = reinterpret_cast<Expr *>(result);
	when->location = -1;
	return when;
}

/* Notes a member that computes the column from more than the relation has. */
PG_RAISES void add_unknown(Generation &generation, ::Relation relation, ::Relation member)
{
	AttrNumber const own = find_column(member, column_name(relation, generation.column));
	Bitmapset *used = nullptr;
	pull_varattnos(compat::generation_expression(member, own), 1, &used);
	for (int i = bms_next_member(used, -1); i >= 0; i = bms_next_member(used, i)) {
		int const number = i + FirstLowInvalidHeapAttributeNumber;
		AttrNumber const found =
			number > 0 ? find_column(relation, column_name(member, number)) : InvalidAttrNumber;
		if (found != InvalidAttrNumber)
			generation.unknown_from =
				bms_add_member(generation.unknown_from, found - FirstLowInvalidHeapAttributeNumber);
	}
	generation.unknown = lappend_oid(generation.unknown, RelationGetRelid(member));
}

/* Adds the arm of a member whose expression is not the relation's own. */
PG_RAISES void add_member(Generation &generation, List *&arms, ::Relation relation,
						  ::Relation member)
{
	if (member->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		return;
	Node *expression = expression_in(member, relation, generation.column);
	if (expression == nullptr) {
		add_unknown(generation, relation, member);
		expression =
			reinterpret_cast<Node *>(relation_column(relation, relation, generation.column));
	}
	if (!equal(expression, generation.expression))
		arms = lappend(arms, arm(is_in_member(relation, member), expression));
}

PG_RAISES Node *case_of(List *arms, Node *otherwise)
{
	auto *const expression = makeNode(CaseExpr);
	expression->casetype = exprType(otherwise);
	expression->casecollid = exprCollation(otherwise);
	expression->args = arms;
	expression->defresult = reinterpret_cast<Expr *>(otherwise);
	expression->location = -1;
	return reinterpret_cast<Node *>(expression);
}

} // namespace

void refuse_unknown_column(const Relation &relation, AttrNumber column, Oid table)
{
	raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
		   .message = psprintf("cannot compute column \"%s\" of rows of \"%s\"",
							   relation.find(column)->name, get_rel_name(table)),
		   .detail = psprintf("It is generated from columns that \"%s\" does not have.",
							  relation.name())});
}

Generation generation_of(const Relation &relation, AttrNumber column, const Vector<Oid> &members)
{
	return pg_call([&] {
		Generation generation;
		generation.column = column;
		generation.expression = expression_in(relation.get(), relation.get(), column);
		List *arms = NIL;
		for (Oid const oid : members) {
			CHECK_FOR_INTERRUPTS();
			if (oid == relation.oid())
				continue;
			::Relation const member = relation_open(oid, NoLock);
			add_member(generation, arms, relation.get(), member);
			relation_close(member, NoLock);
		}
		if (arms != NIL)
			generation.expression = case_of(arms, generation.expression);
		return generation;
	});
}

List *generated_columns(Oid table)
{
	return pg_call([&] {
		List *names = NIL;
		::Relation const defaults = table_open(AttrDefaultRelationId, AccessShareLock);
		ScanKeyData key;
		ScanKeyInit(&key, Anum_pg_attrdef_adrelid, BTEqualStrategyNumber, F_OIDEQ,
					ObjectIdGetDatum(table));
		SysScanDesc const scan =
			systable_beginscan(defaults, AttrDefaultIndexId, true, nullptr, 1, &key);
		HeapTuple tuple;
		while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
			AttrNumber const column = reinterpret_cast<Form_pg_attrdef>(GETSTRUCT(tuple))->adnum;
			char *const name = get_attname(table, column, true);
			if (name != nullptr && get_attgenerated(table, column) != '\0')
				names = lappend(names, name);
		}
		systable_endscan(scan);
		table_close(defaults, AccessShareLock);
		return names;
	});
}

GeneratedColumns::GeneratedColumns(const Relation &relation, const Vector<Oid> &members)
	: relation_(relation)
{
	for (const Attribute &attribute : relation.attributes()) {
		if (!attribute.generated)
			continue;
		Generation const generation = generation_of(relation, attribute.number, members);
		columns_.push_back(
			{generation, pg_call([&] {
				 return ExecInitExpr(
					 expression_planner(reinterpret_cast<Expr *>(generation.expression)), nullptr);
			 }),
			 is_virtual(relation.tuple_desc(), attribute.number)});
		has_virtual_ = has_virtual_ || columns_.back().is_virtual;
	}
	if (columns_.empty())
		return;
	pg_call([&] {
		slot_ =
			MakeSingleTupleTableSlot(CreateTupleDescCopy(relation.tuple_desc()), &TTSOpsVirtual);
		context_ = CreateStandaloneExprContext();
	});
}

void GeneratedColumns::refuse_unknown(const Generation &generation, const bool *changed,
									  Oid table) const
{
	if (!list_member_oid(generation.unknown, table))
		return;
	for (const Attribute &attribute : relation_.attributes())
		if (changed[attribute.number - 1] && generation.is_unknown_from(attribute.number))
			refuse_unknown_column(relation_, generation.column, table);
}

void GeneratedColumns::compute(Datum *values, bool *nulls, const bool *changed, Oid table)
{
	if (columns_.empty())
		return;
	load(values, nulls, table);
	for (const Computed &column : columns_) {
		computing_ = column.generation.column;
		refuse_unknown(column.generation, changed, table);
		compute(column, values, nulls);
	}
	computing_ = InvalidAttrNumber;
}

void GeneratedColumns::compute_virtual(Datum *values, bool *nulls, Oid table)
{
	load(values, nulls, table);
	for (const Computed &column : columns_) {
		computing_ = column.generation.column;
		if (column.is_virtual)
			compute(column, values, nulls);
	}
	computing_ = InvalidAttrNumber;
}

void GeneratedColumns::load(const Datum *values, const bool *nulls, Oid table)
{
	ExecClearTuple(slot_);
	for (int i = 0; i < slot_->tts_tupleDescriptor->natts; i++) {
		slot_->tts_values[i] = values[i];
		slot_->tts_isnull[i] = nulls[i];
	}
	ExecStoreVirtualTuple(slot_);
	slot_->tts_tableOid = table;
	context_->ecxt_scantuple = slot_;
}

void GeneratedColumns::compute(const Computed &column, Datum *values, bool *nulls)
{
	int const at = column.generation.column - 1;
	values[at] = ExecEvalExpr(column.expression, context_, &nulls[at]);
}

} // namespace bulk_sync::pg
