/*
 * Columns that have one value in all rows for which a filter is true.
 */
#pragma once

#include "pg/expression.hpp"

namespace bulk_sync::pg {

/*
 * The columns that have one value, and no NULL, in all rows for which the filter is true: those
 * that it compares with something that is not of the row, alone or under AND, by the default
 * equality and the collation of the column; boolean columns that it asks to be true or false.
 * Throws Error.
 */
Vector<AttrNumber> fixed_columns(const Filter &filter, const Relation &relation);

/* What the filter says about the value of a column. */
struct FixedValue {
	enum class Kind {
		unknown, /* it compares the column with no single value that can be told here */
		none,	 /* with one that no row has: NULL, or what equals no value of the column's type */
		one
	};
	Kind kind = Kind::unknown;
	/* Of Kind::one, in the column's own type, or the one below its domain; in the current memory
	 * context. */
	Datum value = 0;
	ColumnType type;
};

/* Of one of its fixed columns. Throws Error. */
FixedValue fixed_value(const Filter &filter, const Attribute &column);

} // namespace bulk_sync::pg
