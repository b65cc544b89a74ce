#include "pg/relation.hpp"

#include <algorithm>

#include "pg/fail.hpp"

extern "C" {
#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/syscache.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES ::Relation open_raising(Oid oid, LOCKMODE mode)
{
	::Relation const relation = try_relation_open(oid, mode);
	if (relation == nullptr)
		raise({.sqlstate = ERRCODE_UNDEFINED_TABLE,
			   .message = psprintf("relation with OID %u does not exist", oid)});
	return relation;
}

/* `kept` is the copy of a descriptor; what the copy leaves out is read from the `cached` one. */
Attribute attribute_of(Form_pg_attribute kept, Form_pg_attribute cached)
{
	Attribute attribute;
	attribute.number = kept->attnum;
	attribute.name = NameStr(kept->attname);
	attribute.type = ColumnType::of(kept);
	attribute.not_null = cached->attnotnull;
	attribute.generated = cached->attgenerated != '\0';
	attribute.identity = cached->attidentity;
	return attribute;
}

bool contains(const Vector<AttrNumber> &columns, AttrNumber column)
{
	return std::find(columns.begin(), columns.end(), column) != columns.end();
}

/* May a row with NULL in a column of the index escape it? */
bool nulls_escape(const Relation &relation, Form_pg_index index, const Vector<AttrNumber> &fixed)
{
	if (index->indnullsnotdistinct)
		return false;
	for (int i = 0; i < index->indnkeyatts; i++)
		if (!relation.find(index->indkey.values[i])->not_null &&
			!contains(fixed, index->indkey.values[i]))
			return true;
	return false;
}

/* Does the index have all rows for which the condition is true? */
PG_RAISES bool has_all_rows(::Relation index, Node *condition)
{
	List *const predicate = RelationGetIndexPredicate(index);
	if (predicate == NIL)
		return true;
	if (condition == nullptr)
		return false;
	/* In the form that the planner gives to both before it asks. */
	auto *const plain =
		eval_const_expressions(nullptr, static_cast<Node *>(copyObjectImpl(condition)));
	auto *const clauses =
		make_ands_implicit(canonicalize_qual(reinterpret_cast<Expr *>(plain), false));
	return predicate_implied_by(predicate, clauses, false);
}

/* Does the index compare its column by the equality, and the collation, of the key? */
PG_RAISES bool agrees_with_key(::Relation index, int position, const ColumnType &type)
{
	TypeCacheEntry *const cache = lookup_type_cache(type.oid, TYPECACHE_BTREE_OPFAMILY);
	return index->rd_rel->relam == BTREE_AM_OID &&
		   index->rd_opfamily[position] == cache->btree_opf &&
		   index->rd_indcollation[position] == type.collation;
}

PG_RAISES bool forbids_equal_keys(const Relation &relation, ::Relation index,
								  const Vector<AttrNumber> &keys, const Vector<AttrNumber> &fixed,
								  Node *condition)
{
	Form_pg_index const form = index->rd_index;
	if (!form->indisunique || !form->indisvalid || !form->indisready)
		return false;
	for (int i = 0; i < form->indnkeyatts; i++) {
		AttrNumber const column = form->indkey.values[i];
		if (column <= 0 || (!contains(keys, column) && !contains(fixed, column)) ||
			!agrees_with_key(index, i, relation.find(column)->type))
			return false;
	}
	return !nulls_escape(relation, form, fixed) && has_all_rows(index, condition);
}

const char *kind_name(char kind)
{
	switch (kind) {
	case RELKIND_VIEW:
		return "view";
	case RELKIND_MATVIEW:
		return "materialized view";
	case RELKIND_FOREIGN_TABLE:
		return "foreign table";
	case RELKIND_SEQUENCE:
		return "sequence";
	case RELKIND_INDEX:
	case RELKIND_PARTITIONED_INDEX:
		return "index";
	case RELKIND_TOASTVALUE:
		return "TOAST table";
	case RELKIND_COMPOSITE_TYPE:
		return "composite type";
	case RELKIND_PARTITIONED_TABLE:
		return "partitioned table";
	default:
		return "table";
	}
}

} // namespace

const char *quoted(const char *name)
{
	return pg_call([&] { return quote_identifier(name); });
}

const char *relation_name(Oid relation)
{
	return pg_call([&] { return get_rel_name(relation); });
}

const char *operator_clause(const char *left, Oid left_type, Oid oper, const char *right,
							Oid right_type)
{
	return pg_call([&] {
		Oid declared_left;
		Oid declared_right;
		op_input_types(oper, &declared_left, &declared_right);
		/* A cast to a polymorphic type would hide the real one. */
		auto const polymorphic = [](const char *value, Oid type) {
			/* The parser does not look for anyenum under a domain. */
			Oid const base = getBaseType(type);
			return base == type ? value : psprintf("%s::%s", value, format_type_be_qualified(base));
		};
		if (IsPolymorphicType(declared_left)) {
			left = polymorphic(left, left_type);
			left_type = declared_left;
		}
		if (IsPolymorphicType(declared_right)) {
			right = polymorphic(right, right_type);
			right_type = declared_right;
		}
		StringInfoData text;
		initStringInfo(&text);
		generate_operator_clause(&text, left, left_type, oper, right, right_type);
		return text.data;
	});
}

Relation::Relation(::Relation relation, TupleDesc desc) : relation_(relation), desc_(desc)
{
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			add(attribute_of(TupleDescAttr(desc, i), TupleDescAttr(RelationGetDescr(relation), i)));
}

Relation Relation::open(Oid oid, LOCKMODE mode)
{
	::Relation const relation = pg_call([&] { return open_raising(oid, mode); });
	return {relation, pg_call([&] { return CreateTupleDescCopy(RelationGetDescr(relation)); })};
}

Relation Relation::open_shard(Oid shard, Oid table, LOCKMODE mode)
{
	Relation relation = open(shard, mode);
	relation.table_ = pg_call([&] { return open_raising(table, AccessShareLock); });
	TupleDesc const desc = RelationGetDescr(relation.table_);
	relation.change_each([&](Attribute &attribute) {
		AttrNumber const number = relation.number_in_defaults(attribute.number);
		if (number != InvalidAttrNumber)
			attribute.identity = TupleDescAttr(desc, number - 1)->attidentity;
	});
	return relation;
}

/* A shard that was made later lacks columns which had been dropped by then. */
AttrNumber Relation::number_in_defaults(AttrNumber column) const noexcept
{
	if (table_ == nullptr)
		return column;
	const char *const name = ColumnList::find(column)->name;
	TupleDesc const desc = RelationGetDescr(table_);
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped &&
			strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return TupleDescAttr(desc, i)->attnum;
	return InvalidAttrNumber;
}

Node *Relation::replaced_default(AttrNumber column) const noexcept
{
	for (const auto &[number, expression] : replaced_defaults_)
		if (number == column)
			return expression;
	return nullptr;
}

const char *Relation::qualified_name() const
{
	return pg_call([&] {
		AcceptInvalidationMessages();
		return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation_)),
										  RelationGetRelationName(relation_));
	});
}

void Relation::close()
{
	pg_call([&] {
		relation_close(relation_, NoLock);
		if (table_ != nullptr)
			relation_close(table_, NoLock);
	});
}

const Attribute *ColumnList::find(const char *name) const noexcept
{
	std::optional<std::size_t> const position = names_.find(name);
	return position ? &attributes_[*position] : nullptr;
}

const Attribute *ColumnList::find(AttrNumber number) const noexcept
{
	auto const found = std::lower_bound(
		attributes_.begin(), attributes_.end(), number,
		[](const Attribute &attribute, AttrNumber wanted) { return attribute.number < wanted; });
	return found != attributes_.end() && found->number == number ? &*found : nullptr;
}

bool Relation::has_children() const noexcept
{
	return relation_->rd_rel->relhassubclass || kind() == RELKIND_PARTITIONED_TABLE;
}

bool Relation::is_temporary_of_other_session() const noexcept
{
	return RELATION_IS_OTHER_TEMP(relation_);
}

bool Relation::has_rules() const noexcept
{
	return relation_->rd_rules != nullptr;
}

int64 Relation::width(const Vector<AttrNumber> &columns) const
{
	return pg_call([&] {
		int64 sum = 0;
		for (AttrNumber const column : columns) {
			int32 const width = get_attavgwidth(oid(), column);
			const ColumnType &type = find(column)->type;
			sum += width > 0 ? width : get_typavgwidth(type.oid, type.typmod);
		}
		return sum;
	});
}

bool Relation::is_mostly(const Vector<AttrNumber> &columns) const
{
	/* What a tuple has besides its values. */
	constexpr int64 header = SizeofMinimalTupleHeader;
	Vector<AttrNumber> others;
	for (const Attribute &attribute : attributes())
		if (std::find(columns.begin(), columns.end(), attribute.number) == columns.end())
			others.push_back(attribute.number);
	return others.empty() || header + width(columns) >= 2 * width(others);
}

Vector<Oid> Relation::tree(LOCKMODE mode) const
{
	List *const members = pg_call([&] { return find_all_inheritors(oid(), mode, nullptr); });
	Vector<Oid> result;
	result.reserve(list_length(members));
	for (int i = 0; i < list_length(members); i++)
		result.push_back(list_nth_oid(members, i));
	return result;
}

bool Relation::has_before_row_triggers() const
{
	return pg_call([&] {
		List *const members = find_all_inheritors(oid(), AccessShareLock, nullptr);
		bool found = false;
		for (int i = 0; !found && i < list_length(members); i++) {
			::Relation const member = relation_open(list_nth_oid(members, i), NoLock);
			const TriggerDesc *const triggers = member->trigdesc;
			found = triggers != nullptr &&
					(triggers->trig_insert_before_row || triggers->trig_update_before_row ||
					 triggers->trig_delete_before_row);
			relation_close(member, NoLock);
		}
		return found;
	});
}

Vector<Oid> ancestors_of(Oid relation)
{
	Vector<Oid> found;
	found.push_back(relation);
	pg_call([&] {
		::Relation const inherits = table_open(InheritsRelationId, AccessShareLock);
		for (std::size_t i = 0; i < found.size(); i++) {
			ScanKeyData key;
			ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
						ObjectIdGetDatum(found[i]));
			SysScanDesc const scan =
				systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, nullptr, 1, &key);
			HeapTuple tuple;
			while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
				Oid const parent = reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhparent;
				if (std::find(found.begin(), found.end(), parent) == found.end())
					found.push_back(parent);
			}
			systable_endscan(scan);
		}
		table_close(inherits, AccessShareLock);
	});
	found.erase(found.begin());
	std::sort(found.begin(), found.end());
	return found;
}

/* Columns know what they inherit, and most tables need no look at the catalog. */
Vector<Oid> Relation::ancestors() const
{
	for (int i = 0; i < desc_->natts; i++)
		if (TupleDescAttr(desc_, i)->attinhcount > 0)
			return ancestors_of(oid());
	return {};
}

Vector<AttrNumber> Relation::primary_key() const
{
	Form_pg_index const index = pg_call([&]() -> Form_pg_index {
		List *const indexes = RelationGetIndexList(relation_);
		for (int i = 0; i < list_length(indexes); i++) {
			HeapTuple const tuple =
				SearchSysCacheCopy1(INDEXRELID, ObjectIdGetDatum(list_nth_oid(indexes, i)));
			if (!HeapTupleIsValid(tuple))
				elog(ERROR, "cache lookup failed for index %u", list_nth_oid(indexes, i));
			auto const form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
			if (form->indisprimary)
				return form;
		}
		return nullptr;
	});
	Vector<AttrNumber> columns;
	if (index != nullptr)
		columns.assign(index->indkey.values, index->indkey.values + index->indnkeyatts);
	return columns;
}

bool Relation::has_unique_index_on(const Vector<AttrNumber> &keys, const Vector<AttrNumber> &fixed,
								   Node *condition) const
{
	/* An index of an inheritance parent does not see the rows of the children. */
	if (kind() == RELKIND_RELATION && has_children())
		return false;
	return pg_call([&] {
		List *const indexes = RelationGetIndexList(relation_);
		for (int i = 0; i < list_length(indexes); i++) {
			::Relation const index = index_open(list_nth_oid(indexes, i), AccessShareLock);
			bool const found = forbids_equal_keys(*this, index, keys, fixed, condition);
			index_close(index, NoLock);
			if (found)
				return true;
		}
		return false;
	});
}

const char *describe_kind(const Relation &relation)
{
	const char *const name = kind_name(relation.kind());
	return pg_call([&] {
		return psprintf("It is %s %s.", strchr("aeiou", name[0]) != nullptr ? "an" : "a", name);
	});
}

} // namespace bulk_sync::pg
