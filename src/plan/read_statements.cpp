#include "plan/read_statements.hpp"

#include "plan/sql_text.hpp"
#include "plan/stores.hpp"

namespace bulk_sync {

namespace {

using pg::quoted;
using pg::String;

/* public.employee, and of a shard public.employee_102008 AS employee, which the filter may name. */
void append_named_target(String &text, const pg::Relation &target)
{
	text.append(target.qualified_name());
	if (target.alias() != nullptr)
		text.append(" AS ").append(quoted(target.alias()));
}

/* Without children, the row ids have a constant for tableoid, which rows of a child that is
 * attached from now on would not have: ONLY leaves those out. */
void append_target(String &text, const Plan &plan)
{
	text.append(plan.map.reads_row_ids && !plan.target.has_children() ? " FROM ONLY " : " FROM ");
	append_named_target(text, plan.target);
}

/* Row id, image and carried columns of the target, each as `c1`, `c2`.. when `aliased`. */
void append_target_columns(String &text, const Plan &plan, bool aliased)
{
	SeparatedList list(text, ", ");
	std::size_t position = 0;
	auto const add = [&](const char *name) {
		list.next().append(name);
		position++;
		if (aliased)
			append_number(text.append(" AS c"), position);
	};
	/* The server's own look at tableoid costs more than a constant. */
	String table("tableoid");
	if (!plan.target.has_children())
		append_number(table.assign("pg_catalog.oid '"), plan.target.oid()).append("'");
	add(table.c_str());
	add(plan.map.reads_row_ids ? "ctid" : "pg_catalog.tid '(0,0)'");
	add(plan.map.reads_row_ids ? "xmin" : "pg_catalog.xid '0'");
	for (const Column &column : plan.map.image)
		add(quoted(column.name));
	for (AttrNumber const column : plan.map.carried)
		add(quoted(plan.target.find(column)->name));
}

/*
 * t.c4 OPERATOR(pg_catalog.=) k.c1, or, where NULL has to match NULL,
 *
 * (t.c4 OPERATOR(pg_catalog.=) k.c1
 * OR (t.c4 IS NOT DISTINCT FROM NULL AND k.c1 IS NOT DISTINCT FROM NULL))
 *
 * IS NULL would also be true for a row of NULLs, which is not NULL. The parser makes a plain test
 * for NULL of this form, which an index can answer (make_nulltest_from_distinct in parse_expr.c).
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

} // namespace

/* SELECT s.name, s.phone FROM pg_temp_3.import AS s */
String select_staging(const ColumnMap &map, const pg::Relation &staging)
{
	String text("SELECT ");
	SeparatedList list(text, ", ");
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
String select_target(const Plan &plan)
{
	String text("SELECT ");
	append_target_columns(text, plan, false);
	append_target(text, plan);
	return text.append(where_clause(plan.scope));
}

/*
 * SELECT id, name, phone, title, company_id FROM public.employee WHERE (
 * company_id = 501
 * )
 */
String select_whole_rows(const Plan &plan)
{
	String text("SELECT ");
	SeparatedList list(text, ", ");
	for (const pg::Attribute &attribute : plan.target.attributes())
		list.next().append(quoted(attribute.name));
	append_named_target(text.append(" FROM "), plan.target);
	return text.append(where_clause(plan.scope));
}

/*
 * SELECT tableoid, ctid, xmin FROM public.employee WHERE (
 * company_id = 501
 * )
 */
String select_row_ids(const Plan &plan)
{
	String text("SELECT tableoid, ctid, xmin FROM ");
	append_named_target(text, plan.target);
	return text.append(where_clause(plan.scope));
}

/*
 * SELECT t.* FROM (SELECT pg_catalog.oid '16402' AS c1, ctid AS c2, xmin AS c3, name AS c4, phone
 * AS c5 FROM ONLY public.employee WHERE ( company_id = 501 )) AS t, "bulk_sync keys" AS k WHERE
 * t.c4 OPERATOR(pg_catalog.=) k.c1
 *
 * The condition allows for NULL only in keys that are NULL somewhere in staging, because no index
 * finds values and NULLs together.
 */
String select_target_by_keys(const Plan &plan, const Vector<bool> &has_null)
{
	String text("SELECT t.* FROM (SELECT ");
	append_target_columns(text, plan, true);
	append_target(text, plan);
	text.append(where_clause(plan.scope));
	text.append(") AS t, ").append(quoted(staged_keys_name)).append(" AS k WHERE ");
	SeparatedList conditions(text, " AND ");
	for (int key = 0; key < plan.map.key_count(); key++)
		append_key_equality(conditions.next(), plan.map, key, has_null[key]);
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
