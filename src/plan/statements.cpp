#include "plan/statements.hpp"

namespace bulk_sync {

namespace {

using pg::quoted;
using pg::String;

/* Adds pieces with a separator between them. */
class List {
  public:
	List(String &text, const char *separator) noexcept : text_(text), separator_(separator) {}

	String &next()
	{
		if (!first_)
			text_.append(separator_);
		first_ = false;
		return text_;
	}
	bool is_empty() const noexcept { return first_; }

  private:
	String &text_;
	const char *separator_;
	bool first_ = true;
};

String &append_number(String &text, std::size_t number)
{
	char digits[24];
	auto length = sizeof(digits);
	do
		digits[--length] = static_cast<char>('0' + number % 10);
	while ((number /= 10) != 0);
	return text.append(digits + length, sizeof(digits) - length);
}

/* A column of a store or of a sub-select: its position, from 1. */
String &append_column(String &text, const char *relation, std::size_t position)
{
	return append_number(text.append(relation).append(".c"), position);
}

/* A child that is attached from now on has rows with another tableoid than the row ids say. */
void append_target(String &text, const ColumnMap &map, const pg::Relation &target)
{
	text.append(map.reads_row_ids && !target.has_children() ? " FROM ONLY " : " FROM ");
	text.append(target.qualified_name());
}

void append_row_id_join(String &text)
{
	text.append("t.tableoid OPERATOR(pg_catalog.=) d.c1"
				" AND t.ctid OPERATOR(pg_catalog.=) d.c2"
				" AND t.xmin OPERATOR(pg_catalog.=) d.c3");
}

/* Row id, image and carried columns of the target, each as `c1`, `c2`.. when `aliased`. */
void append_target_columns(String &text, const ColumnMap &map, const pg::Relation &target,
						   bool aliased)
{
	List list(text, ", ");
	std::size_t position = 0;
	auto const add = [&](const char *name) {
		list.next().append(name);
		position++;
		if (aliased)
			append_number(text.append(" AS c"), position);
	};
	/* The server's own look at tableoid costs more than a constant. */
	String table("tableoid");
	if (!target.has_children())
		append_number(table.assign("pg_catalog.oid '"), target.oid()).append("'");
	add(table.c_str());
	add(map.reads_row_ids ? "ctid" : "pg_catalog.tid '(0,0)'");
	add(map.reads_row_ids ? "xmin" : "pg_catalog.xid '0'");
	for (const Column &column : map.image)
		add(quoted(column.name));
	for (AttrNumber const column : map.carried)
		add(quoted(target.find(column)->name));
}

/*
 * t.c4 OPERATOR(pg_catalog.=) k.c1, or, where NULL has to match NULL,
 *
 * (t.c4 OPERATOR(pg_catalog.=) k.c1
 * OR (t.c4 IS NOT DISTINCT FROM NULL AND k.c1 IS NOT DISTINCT FROM NULL))
 *
 * IS NULL would also be true for a row of NULLs, which is not NULL. The parser makes a plain test for
 * NULL of this form, which an index can answer (make_nulltest_from_distinct in parse_expr.c).
 */
void append_key_equality(String &text, const ColumnMap &map, int key, bool nulls_match)
{
	String left;
	String right;
	append_column(left, "t", row_id_columns + key + 1);
	append_column(right, "k", key + 1);
	Oid const type = map.image[key].type.oid;
	const char *const equality = pg::operator_clause(
		left.c_str(), type, map.keys[key].equality_operator(), right.c_str(), type);
	if (!nulls_match) {
		text.append(equality);
		return;
	}
	text.append("(").append(equality).append(" OR (").append(left);
	text.append(" IS NOT DISTINCT FROM NULL AND ").append(right);
	text.append(" IS NOT DISTINCT FROM NULL))");
}

Vector<pg::ColumnType> row_id_types()
{
	Vector<pg::ColumnType> types(row_id_columns);
	types[0].oid = OIDOID;
	types[1].oid = TIDOID;
	types[2].oid = XIDOID;
	return types;
}

void append_types(Vector<pg::ColumnType> &types, const Vector<Column> &columns)
{
	for (const Column &column : columns)
		types.push_back(column.type);
}

} // namespace

TupleDesc key_store_desc(const ColumnMap &map)
{
	Vector<pg::ColumnType> types;
	append_types(types, map.image);
	types.resize(map.key_count());
	return pg::describe(types);
}

TupleDesc delete_store_desc()
{
	return pg::describe(row_id_types());
}

TupleDesc update_store_desc(const ColumnMap &map)
{
	Vector<pg::ColumnType> types = row_id_types();
	append_types(types, map.image);
	for (std::size_t i = 0; i < map.carried.size(); i++)
		types.push_back(pg::ColumnType::of(TupleDescAttr(map.carried_desc, i)));
	return pg::describe(types);
}

TupleDesc insert_store_desc(const ColumnMap &map, bool with_position)
{
	Vector<pg::ColumnType> types;
	append_types(types, map.image);
	append_types(types, map.extra);
	if (with_position)
		types.emplace_back().oid = INT8OID;
	return pg::describe(types);
}

/* SELECT s.name, s.phone FROM pg_temp_3.import AS s */
String select_staging(const ColumnMap &map, const pg::Relation &staging)
{
	String text("SELECT ");
	List list(text, ", ");
	auto const add = [&](const Column &column) {
		if (!column.is_mark())
			list.next().append("s.").append(quoted(staging.find(column.staging)->name));
	};
	for (const Column &column : map.image)
		add(column);
	for (const Column &column : map.extra)
		add(column);
	text.append(" FROM ").append(staging.qualified_name()).append(" AS s");
	return text;
}

/*
 * SELECT pg_catalog.oid '16402', ctid, xmin, name, phone FROM ONLY public.employee WHERE (
 * company_id = 501
 * )
 *
 * with tableoid in the first place, and without ONLY, when the target has partitions or children.
 */
String select_target(const ColumnMap &map, const Scope &scope, const pg::Relation &target)
{
	String text("SELECT ");
	append_target_columns(text, map, target, false);
	append_target(text, map, target);
	return text.append(where_clause(scope));
}

/*
 * SELECT id, name, phone, title, company_id FROM public.employee WHERE (
 * company_id = 501
 * )
 */
String select_whole_rows(const Scope &scope, const pg::Relation &target)
{
	String text("SELECT ");
	List list(text, ", ");
	for (const pg::Attribute &attribute : target.attributes())
		list.next().append(quoted(attribute.name));
	return text.append(" FROM ").append(target.qualified_name()).append(where_clause(scope));
}

/*
 * SELECT tableoid, ctid, xmin FROM public.employee WHERE (
 * company_id = 501
 * )
 */
String select_row_ids(const Scope &scope, const pg::Relation &target)
{
	String text("SELECT tableoid, ctid, xmin FROM ");
	return text.append(target.qualified_name()).append(where_clause(scope));
}

/*
 * SELECT t.* FROM (SELECT pg_catalog.oid '16402' AS c1, ctid AS c2, xmin AS c3, name AS c4, phone AS c5
 * FROM ONLY public.employee WHERE (
 * company_id = 501
 * )) AS t, "bulk_sync keys" AS k WHERE t.c4 OPERATOR(pg_catalog.=) k.c1
 *
 * NULLs are only thought of where staging has some: no index finds values and NULLs together.
 */
String select_target_by_keys(const ColumnMap &map, const Scope &scope, const pg::Relation &target,
							 const Vector<bool> &has_null)
{
	String text("SELECT t.* FROM (SELECT ");
	append_target_columns(text, map, target, true);
	append_target(text, map, target);
	text.append(where_clause(scope));
	text.append(") AS t, ").append(quoted(staged_keys_name)).append(" AS k WHERE ");
	List conditions(text, " AND ");
	for (int key = 0; key < map.key_count(); key++)
		append_key_equality(conditions.next(), map, key, has_null[key]);
	return text;
}

/*
 * DELETE FROM public.employee AS t USING "bulk_sync deletes" AS d
 * WHERE t.tableoid OPERATOR(pg_catalog.=) d.c1 AND t.ctid OPERATOR(pg_catalog.=) d.c2
 * AND t.xmin OPERATOR(pg_catalog.=) d.c3
 *
 * ctid alone is not unique in a tree of partitions. xmin makes sure that it is still the version
 * that was compared: server releases before September 2025 follow an updated row to its new version
 * without looking at the ctid again.
 */
String delete_rows(const pg::Relation &target)
{
	String text("DELETE FROM ");
	text.append(target.qualified_name()).append(" AS t USING ");
	text.append(quoted(deletes_name)).append(" AS d WHERE ");
	append_row_id_join(text);
	return text;
}

/*
 * UPDATE public.employee AS t SET deleted_at = pg_catalog.now(), phone = t.phone
 * FROM "bulk_sync deletes" AS d WHERE t.tableoid OPERATOR(pg_catalog.=) d.c1 AND ..
 *
 * The columns that update_rows() sets are set here as well, and the mark is set there: of two
 * UPDATEs in one trigger group, the server asks only the first for BEFORE STATEMENT triggers and
 * only the last for AFTER STATEMENT ones, whatever columns these triggers are for.
 */
String mark_rows(const ColumnMap &map, const pg::Relation &target, const Vector<bool> &changed)
{
	const Column &mark = map.image[*map.mark];
	String text("UPDATE ");
	text.append(target.qualified_name()).append(" AS t SET ").append(quoted(mark.name));
	text.append(mark.mark_is_boolean() ? " = true" : " = pg_catalog.now()");
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (changed[i] && static_cast<int>(i) != *map.mark)
			text.append(", ")
				.append(quoted(map.image[i].name))
				.append(" = t.")
				.append(quoted(map.image[i].name));
	text.append(" FROM ").append(quoted(deletes_name)).append(" AS d WHERE ");
	append_row_id_join(text);
	return text;
}

/*
 * UPDATE public.employee AS t SET phone = d.c5
 * FROM (SELECT c1, c2, c3, c5 FROM "bulk_sync updates" OFFSET 0) AS d
 * WHERE t.tableoid OPERATOR(pg_catalog.=) d.c1 AND ..
 *
 * Only columns that changed in at least one row are set, so that no trigger for other columns
 * fires and no right on them is needed. The executor carries whole rows of what an UPDATE joins
 * with, made anew with all their values fetched from TOAST; OFFSET keeps the sub-select, so that
 * these rows have no other columns.
 */
String update_rows(const ColumnMap &map, const pg::Relation &target, const Vector<bool> &changed)
{
	String text("UPDATE ");
	text.append(target.qualified_name()).append(" AS t SET ");
	List list(text, ", ");
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (changed[i]) {
			list.next().append(quoted(map.image[i].name)).append(" = ");
			append_column(text, "d", row_id_columns + i + 1);
		}
	text.append(" FROM (SELECT c1, c2, c3");
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (changed[i])
			append_number(text.append(", c"), row_id_columns + i + 1);
	text.append(" FROM ").append(quoted(updates_name)).append(" OFFSET 0) AS d WHERE ");
	append_row_id_join(text);
	return text;
}

/*
 * INSERT INTO public.employee (name, phone, company_id) OVERRIDING SYSTEM VALUE
 * SELECT d.c1, d.c2, $1 FROM "bulk_sync inserts" AS d
 *
 * with ORDER BY d.c6, the position in staging, when the store has it because the rows are not in that
 * order. The sort comes before the defaults, as in any INSERT .. SELECT .. ORDER BY.
 *
 * A column left out takes its default, and so does one of the parameters' null_defaults in the rows
 * where it is NULL. OVERRIDING stands there only for a staged value of a column GENERATED ALWAYS AS
 * IDENTITY.
 */
String insert_rows(const ColumnMap &map, const pg::Relation &target, const ChangeSet &changes,
				   pg::Parameters &parameters)
{
	String names;
	String values;
	List name_list(names, ", ");
	List value_list(values, ", ");
	bool overriding = false;
	int position = 0;
	auto const add = [&](const Column &column) {
		Defaulted const defaulted = changes.defaulted(position++);
		if (!column.inserted || defaulted == Defaulted::everywhere)
			return;
		name_list.next().append(quoted(column.name));
		append_column(value_list.next(), "d", position);
		overriding = overriding || column.always_identity;
		if (defaulted == Defaulted::somewhere)
			parameters.null_defaults.push_back(
				{column.target, pg::column_default(target, column.target)});
	};
	for (const Column &column : map.image)
		add(column);
	for (const Column &column : map.extra)
		add(column);
	for (const InsertDefault &value : map.insert_defaults) {
		name_list.next().append(quoted(value.name));
		append_number(value_list.next().append("$"),
					  parameters.add(value.type.oid, value.value, value.is_null));
		overriding = overriding || value.always_identity;
	}

	String text("INSERT INTO ");
	text.append(target.qualified_name());
	if (!name_list.is_empty())
		text.append(" (").append(names).append(")");
	if (overriding)
		text.append(" OVERRIDING SYSTEM VALUE");
	text.append(" SELECT ").append(values).append(" FROM ").append(quoted(inserts_name));
	text.append(" AS d");
	if (changes.inserts_have_positions())
		append_column(text.append(" ORDER BY "), "d", position + 1);
	return text;
}

/*
 * SELECT FROM public.employee AS t, "bulk_sync deletes" AS d
 * WHERE t.tableoid OPERATOR(pg_catalog.=) d.c1 AND ..
 */
String select_untouched(const pg::Relation &target, const pg::RowStore &store)
{
	String text("SELECT FROM ");
	text.append(target.qualified_name()).append(" AS t, ");
	text.append(quoted(store.name())).append(" AS d WHERE ");
	append_row_id_join(text);
	return text;
}

} // namespace bulk_sync
