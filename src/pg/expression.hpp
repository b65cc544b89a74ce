/*
 * Expressions over a relation: the caller's filter and condition, and the defaults of columns.
 */
#pragma once

#include "pg/relation.hpp"

namespace bulk_sync::pg {

/* A boolean expression over a relation, which is entry 1 of its range table. */
struct Filter {
	Node *expression = nullptr;
	RangeTblEntry *relation = nullptr;
	bool has_sub_selects = false;
};

/*
 * Parses and analyzes one boolean expression over `relation`, as WHERE would, with the caller's
 * search_path. Throws Error: what the parser and the analysis say (class 42), 42601 when it is
 * anything but one expression, 42P10 for system columns, 0A000 for what may give other rows in each
 * reading.
 */
Filter parse_filter(const char *text, const Relation &relation);

/* A boolean expression over a row before and after it is updated, which are entries 1 and 2 of its
 * range table, by the names old and new. */
struct UpdateCondition {
	static constexpr int old_row = 1;
	static constexpr int new_row = 2;

	Node *expression = nullptr;
	RangeTblEntry *rows[2] = {};
	bool has_sub_selects = false;
};

/* The same for one over old and new, as in the WHEN of a trigger, but that it may have sub-selects.
 * 42P10 also when it uses neither. Throws Error. */
UpdateCondition parse_update_condition(const char *text, const Relation &relation);

/* Numbers of the columns of the relation, an entry of its range table, that the expression uses; a
 * whole-row reference uses all. Throws Error. */
Vector<AttrNumber> columns_used(Node *expression, const Relation &relation, int entry = 1);

/* The default of a column as an expression, coerced to its type; nullptr for none. The one of the
 * table when the relation is a shard. Throws Error. */
Node *column_default(const Relation &relation, AttrNumber column);

/* A value as an expression. Throws Error. */
Node *constant(const ColumnType &type, Datum value, bool is_null);

/* now(), of type timestamptz. Throws Error. */
Node *current_time();

/* The value of an expression over no columns, evaluated now, in the current memory context. Throws
 * Error. */
Datum evaluate(Node *expression, bool &is_null);

/* The value as it is assigned to a column of the type: cast, cut to length, and asked for by a
 * domain. Throws Error. */
Node *assigned(Node *value, const ColumnType &type);

/* Throws Error. */
bool is_volatile(Node *expression);

/* Does the expression call current_setting()? Throws Error. */
bool reads_settings(Node *expression);

/* The value, or where it is NULL the default, which is of the same type. Raises. */
PG_RAISES Expr *value_or_default(Expr *value, Node *default_value);

} // namespace bulk_sync::pg
