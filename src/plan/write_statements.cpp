#include "plan/write_statements.hpp"

#include "pg/expression.hpp"
#include "plan/sql_text.hpp"
#include "plan/touched.hpp"

namespace bulk_sync {

using pg::quoted;
using pg::String;

namespace {

/* Calls visit(column, its place in the store from 1, where it takes its default) for the columns
 * that new rows have a value for in the store. */
template <typename Visit>
void each_inserted(const ColumnMap &map, const InsertStore &store, Visit &&visit)
{
	for (std::size_t i = 0; i < store.defaulted.size(); i++)
		if (map.column_at(i).inserted && store.defaulted[i] != Defaulted::everywhere)
			visit(map.column_at(i), static_cast<int>(i) + 1, store.defaulted[i]);
}

/*
 * Calls visit(attribute, default) for the columns that new rows have no value for and whose default
 * the server does not know, because it is that of the table which the target is a shard of.
 */
template <typename Visit>
void each_default_elsewhere(const Plan &plan, const InsertStore &store, Visit &&visit)
{
	if (!plan.target.has_defaults_elsewhere())
		return;
	Vector<bool> given(plan.target.tuple_desc()->natts + 1, false);
	each_inserted(plan.map, store,
				  [&](const Column &column, int, Defaulted) { given[column.target] = true; });
	for (const InsertDefault &value : plan.map.insert_defaults)
		given[value.column] = true;
	for (const TouchedColumn &column : plan.map.touched)
		given[column.column] = true;
	for (const pg::Attribute &attribute : plan.target.attributes()) {
		if (given[attribute.number] || attribute.generated)
			continue;
		Node *const expression = pg::column_default(plan.target, attribute.number);
		if (expression != nullptr)
			visit(attribute, expression);
	}
}

constexpr const char *now = "pg_catalog.now()";

/* Adds the touched columns to those that an UPDATE sets. */
void append_touched(SeparatedList &list, const ColumnMap &map)
{
	for (const TouchedColumn &column : map.touched)
		list.next().append(quoted(column.name)).append(" = ").append(now);
}

void add_touched(Vector<pg::SetColumn> &columns, const ColumnMap &map)
{
	for (const TouchedColumn &column : map.touched)
		columns.push_back({column.column, pg::SetColumn::To::expression, 0, value_of(column)});
}

} // namespace

/*
 * DELETE FROM public.employee AS t USING "bulk_sync deletes" AS d
 * WHERE t.tableoid OPERATOR(pg_catalog.=) d.c1 AND t.ctid OPERATOR(pg_catalog.=) d.c2
 * AND t.xmin OPERATOR(pg_catalog.=) d.c3
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
 * with updated_at = pg_catalog.now() for touched columns, here and there.
 *
 * The columns that update_rows() sets are set here as well, and the mark is set there: of two
 * UPDATEs in one trigger group, the server asks only the first for BEFORE STATEMENT triggers and
 * only the last for AFTER STATEMENT ones, whatever columns these triggers are for.
 */
String mark_rows(const Plan &plan, const Vector<bool> &changed)
{
	const ColumnMap &map = plan.map;
	const Column &mark = map.image[*map.mark];
	String text("UPDATE ");
	text.append(plan.target.qualified_name()).append(" AS t SET ");
	SeparatedList list(text, ", ");
	list.next().append(quoted(mark.name)).append(" = ");
	text.append(mark.mark_is_boolean() ? "true" : now);
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (changed[i] && static_cast<int>(i) != *map.mark)
			list.next()
				.append(quoted(map.image[i].name))
				.append(" = t.")
				.append(quoted(map.image[i].name));
	append_touched(list, map);
	text.append(" FROM ").append(quoted(deletes_name)).append(" AS d WHERE ");
	append_row_id_join(text);
	return text;
}

Vector<pg::SetColumn> marked_columns(const Plan &plan, const Vector<bool> &changed)
{
	const ColumnMap &map = plan.map;
	const Column &mark = map.image[*map.mark];
	pg::ColumnType boolean;
	boolean.oid = BOOLOID;
	boolean.length = 1;
	boolean.by_value = true;
	Node *const value = mark.mark_is_boolean() ? pg::constant(boolean, BoolGetDatum(true), false)
											   : pg::current_time();
	Vector<pg::SetColumn> columns;
	columns.push_back(
		{mark.target, pg::SetColumn::To::expression, 0, pg::assigned(value, mark.type)});
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (changed[i] && static_cast<int>(i) != *map.mark)
			columns.push_back({map.image[i].target, pg::SetColumn::To::itself});
	add_touched(columns, map);
	return columns;
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
String update_rows(const Plan &plan, const Vector<bool> &changed)
{
	const ColumnMap &map = plan.map;
	String text("UPDATE ");
	text.append(plan.target.qualified_name()).append(" AS t SET ");
	SeparatedList list(text, ", ");
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (changed[i]) {
			list.next().append(quoted(map.image[i].name)).append(" = ");
			append_column(text, "d", row_id_columns + i + 1);
		}
	append_touched(list, map);
	text.append(" FROM (SELECT c1, c2, c3");
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (changed[i])
			append_number(text.append(", c"), row_id_columns + i + 1);
	text.append(" FROM ").append(quoted(updates_name)).append(" OFFSET 0) AS d WHERE ");
	append_row_id_join(text);
	return text;
}

Vector<pg::SetColumn> updated_columns(const Plan &plan, const Vector<bool> &changed)
{
	Vector<pg::SetColumn> columns;
	for (std::size_t i = 0; i < plan.map.image.size(); i++)
		if (changed[i])
			columns.push_back({plan.map.image[i].target, pg::SetColumn::To::stored_value,
							   static_cast<int>(row_id_columns + i + 1)});
	add_touched(columns, plan.map);
	return columns;
}

/*
 * INSERT INTO public.employee (name, phone, company_id) OVERRIDING SYSTEM VALUE
 * SELECT d.c1, d.c2, $1 FROM "bulk_sync inserts" AS d
 *
 * with ORDER BY d.c6, the position in staging, when the store has it because the rows are not in
 * that order. The sort comes before the defaults, as in any INSERT .. SELECT .. ORDER BY.
 *
 * A column left out takes its default, and so does one of the parameters' null_defaults in the rows
 * where it is NULL. OVERRIDING stands there only for a staged value of a column GENERATED ALWAYS AS
 * IDENTITY.
 */
String insert_rows(const Plan &plan, const InsertStore &store, pg::Parameters &parameters)
{
	const ColumnMap &map = plan.map;
	String names;
	String values;
	SeparatedList name_list(names, ", ");
	SeparatedList value_list(values, ", ");
	bool overriding = false;
	each_inserted(map, store, [&](const Column &column, int position, Defaulted defaulted) {
		name_list.next().append(quoted(column.name));
		append_column(value_list.next(), "d", position);
		overriding = overriding || column.always_identity;
		if (defaulted == Defaulted::somewhere)
			parameters.null_defaults.push_back(
				{column.target, pg::column_default(plan.target, column.target)});
	});
	for (const InsertDefault &value : map.insert_defaults) {
		name_list.next().append(quoted(value.name));
		append_number(value_list.next().append("$"),
					  parameters.add(value.type.oid, value.value, value.is_null));
		overriding = overriding || value.always_identity;
	}
	each_default_elsewhere(plan, store, [&](const pg::Attribute &attribute, Node *expression) {
		name_list.next().append(quoted(attribute.name));
		append_number(value_list.next().append("$"), parameters.add(attribute.type.oid, 0, true));
		parameters.null_defaults.push_back({attribute.number, expression});
	});
	for (const TouchedColumn &column : map.touched) {
		name_list.next().append(quoted(column.name));
		value_list.next().append(now);
	}

	String text("INSERT INTO ");
	text.append(plan.target.qualified_name());
	if (!name_list.is_empty())
		text.append(" (").append(names).append(")");
	if (overriding)
		text.append(" OVERRIDING SYSTEM VALUE");
	text.append(" SELECT ").append(values).append(" FROM ").append(quoted(inserts_name));
	text.append(" AS d");
	if (store.has_positions)
		append_column(text.append(" ORDER BY "), "d", position_column(store));
	return text;
}

/* .. RETURNING d.c1, d.c2, t.tableoid, t.* */
void append_returning(String &text, CmdType command)
{
	text.append(command == CMD_INSERT	? " RETURNING tableoid, *"
				: command == CMD_UPDATE ? " RETURNING d.c1, d.c2, t.tableoid, t.*"
										: " RETURNING d.c1, d.c2");
}

/* DELETE FROM public.employee WHERE false */
String delete_nothing(const pg::Relation &target)
{
	String text("DELETE FROM ");
	return text.append(target.qualified_name()).append(" WHERE false");
}

/* UPDATE public.employee SET phone = phone WHERE false */
String update_nothing(const pg::Relation &target, const Column &column)
{
	const char *const name = quoted(column.name);
	String text("UPDATE ");
	text.append(target.qualified_name()).append(" SET ").append(name).append(" = ").append(name);
	return text.append(" WHERE false");
}

/*
 * INSERT INTO public.employee (id, name, phone) OVERRIDING SYSTEM VALUE
 * SELECT id, name, phone FROM public.employee
 */
String insert_of_all_columns(const pg::Relation &target)
{
	String names;
	for (const pg::Attribute &attribute : target.attributes())
		if (!attribute.generated)
			names.append(names.empty() ? "" : ", ").append(quoted(attribute.name));
	String text("INSERT INTO ");
	text.append(target.qualified_name()).append(" (").append(names);
	text.append(") OVERRIDING SYSTEM VALUE SELECT ").append(names).append(" FROM ");
	return text.append(target.qualified_name());
}

String insert_nothing(const pg::Relation &target)
{
	return insert_of_all_columns(target).append(" WHERE false");
}

Vector<pg::InsertedColumn> inserted_columns(const Plan &plan, const InsertStore &store)
{
	Vector<pg::InsertedColumn> columns;
	each_inserted(plan.map, store, [&](const Column &column, int position, Defaulted defaulted) {
		columns.push_back({column.target, position,
						   defaulted == Defaulted::somewhere
							   ? pg::column_default(plan.target, column.target)
							   : nullptr});
	});
	for (const InsertDefault &value : plan.map.insert_defaults)
		columns.push_back({value.column, 0, pg::constant(value.type, value.value, value.is_null)});
	each_default_elsewhere(plan, store, [&](const pg::Attribute &attribute, Node *expression) {
		columns.push_back({attribute.number, 0, expression});
	});
	for (const TouchedColumn &column : plan.map.touched)
		columns.push_back({column.column, 0, value_of(column)});
	return columns;
}

int position_column(const InsertStore &store) noexcept
{
	return store.has_positions ? static_cast<int>(store.defaulted.size()) + 1 : 0;
}

} // namespace bulk_sync
