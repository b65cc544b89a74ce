/*
 * The columns that a check of rows to be written looks at, directly or through generated columns.
 */
#pragma once

#include "pg/generated.hpp"

namespace bulk_sync {

using pg::Vector;

// NOLINTNEXTLINE(bugprone-exception-escape): its vectors move their memory along
struct UsedColumns {
	/* Those that are stored as they are given, used directly or to compute others. */
	Vector<AttrNumber> columns;
	/* Those that are generated. */
	Vector<pg::Generation> generated;
};

/* `used` are the columns that are used directly; `members` as in pg::generation_of(). Throws
 * pg::Error. */
UsedColumns used_columns(const Vector<AttrNumber> &used, const pg::Relation &target,
						 const Vector<Oid> &members);

} // namespace bulk_sync
