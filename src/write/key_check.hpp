/*
 * Keys that are stored as another value than the one that was matched: the next call would not find
 * the row, and insert it again.
 */
#pragma once

#include "write/stored_values.hpp"

namespace bulk_sync {

/* The keys of a call that staging does not rule alone; positions in the image, from 0. */
// NOLINTNEXTLINE(bugprone-exception-escape): its vectors move their memory along
struct ComputedKeys {
	Vector<int> identity;  /* a NULL takes a number */
	Vector<int> generated; /* computed from other columns */
	UsedColumns used;	   /* by generated keys */
	/* May an update change what a generated key is computed from? */
	bool changed_by_updates = false;

	bool none() const noexcept { return identity.empty() && generated.empty(); }
};

/* Is a key a generated column? Then the members that may have rows of the call are to be known. */
bool has_generated_keys(const ColumnMap &map, const pg::Relation &target) noexcept;

/* `members` as in used_columns(). Throws pg::Error. */
ComputedKeys computed_keys(const ColumnMap &map, const pg::Relation &target,
						   const Vector<Oid> &members);

/* Looks at the rows that are going to be written. Throws pg::Error: 22004 for new rows with NULL in an
 * identity column, 44000 for rows whose generated key will differ from the staged one, or cannot be
 * known before they are stored. */
void check_keys(const ComputedKeys &keys, const PlannedWrites &writes);

} // namespace bulk_sync
