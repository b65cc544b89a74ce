/*
 * Keys whose value the server may compute: what is stored may be another value than the one that
 * was matched.
 */
#pragma once

#include "plan/column_map.hpp"
#include "plan/used_columns.hpp"

namespace bulk_sync {

/* Positions are those in the image, from 0. */
// NOLINTNEXTLINE(bugprone-exception-escape): its vectors move their memory along
struct ComputedKeys {
	Vector<int> identity;  /* a NULL takes a number */
	Vector<int> generated; /* computed from other columns */
	UsedColumns used;	   /* by generated keys */
	/* May an update change what a generated key is computed from? */
	bool changed_by_updates = false;

	bool none() const noexcept { return identity.empty() && generated.empty(); }
	/* Is a generated key computed from this column of the target? */
	bool use(AttrNumber column) const noexcept;
	/* From a touched column? */
	bool use_touched(const ColumnMap &map) const noexcept;
};

/* Is a key a generated column? Then the members that may have rows of the call have to be known. */
bool has_generated_keys(const ColumnMap &map, const pg::Relation &target) noexcept;

/* `members` as in used_columns(). Throws pg::Error. */
ComputedKeys computed_keys(const ColumnMap &map, const pg::Relation &target,
						   const Vector<Oid> &members);

} // namespace bulk_sync
