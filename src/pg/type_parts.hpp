/*
 * The types that a type is made of: what a domain is over, the elements of an array, the fields of
 * a composite type, the bounds of a range, the ranges of a multirange, and so on down.
 */
#pragma once

#include "pg/pg.hpp"

namespace bulk_sync::pg {

struct TypePart {
	Oid type;
	/* That the functions of a containing type hand on to those of this one. */
	Oid collation;
};

/* An array in the memory context of the call that made it. */
struct TypeParts {
	TypePart *parts;
	int count;

	const TypePart *begin() const noexcept { return parts; }
	const TypePart *end() const noexcept { return parts + count; }
};

/*
 * The type itself, under the collation of its column, and all that is in it: each pair of a type
 * and a collation once. In the current memory context. Raises.
 */
PG_RAISES TypeParts parts_of_type(Oid type, Oid collation);

} // namespace bulk_sync::pg
