#include "pg/type_parts.hpp"

extern "C" {
#include "utils/typcache.h"
}

namespace bulk_sync::pg {

namespace {

/* Grows while it is gone through, so that types may be nested however deep. */
struct Walk {
	TypeParts found;
	int capacity;
};

bool is_known(const Walk &walk, TypePart part)
{
	for (const TypePart &other : walk.found)
		if (other.type == part.type && other.collation == part.collation)
			return true;
	return false;
}

PG_RAISES void add(Walk &walk, Oid type, Oid collation)
{
	CHECK_FOR_INTERRUPTS();
	TypePart const part = {type, collation};
	if (is_known(walk, part))
		return;
	if (walk.found.count == walk.capacity) {
		walk.capacity *= 2;
		walk.found.parts =
			static_cast<TypePart *>(repalloc(walk.found.parts, walk.capacity * sizeof(TypePart)));
	}
	walk.found.parts[walk.found.count++] = part;
}

/* record_eq() and its like give each field the collation of its attribute. */
PG_RAISES void add_fields(Walk &walk, Oid composite)
{
	TupleDesc const desc = lookup_rowtype_tupdesc_copy(composite, -1);
	for (int i = 0; i < desc->natts; i++) {
		Form_pg_attribute const field = TupleDescAttr(desc, i);
		if (!field->attisdropped)
			add(walk, field->atttypid, field->attcollation);
	}
}

/* range_eq() and its like give the bounds the collation of the range type. */
PG_RAISES void add_bounds(Walk &walk, Oid range)
{
	TypeCacheEntry *const cache = lookup_type_cache(range, TYPECACHE_RANGE_INFO);
	add(walk, cache->rngelemtype->type_id, cache->rng_collation);
}

PG_RAISES void add_parts(Walk &walk, TypePart whole)
{
	switch (get_typtype(whole.type)) {
	case TYPTYPE_DOMAIN:
		add(walk, getBaseType(whole.type), whole.collation);
		break;
	case TYPTYPE_COMPOSITE:
		add_fields(walk, whole.type);
		break;
	case TYPTYPE_RANGE:
		add_bounds(walk, whole.type);
		break;
	case TYPTYPE_MULTIRANGE:
		add(walk, get_multirange_range(whole.type), whole.collation);
		break;
	default:
		if (Oid const element = get_element_type(whole.type); OidIsValid(element))
			add(walk, element, whole.collation);
	}
}

} // namespace

TypeParts parts_of_type(Oid type, Oid collation)
{
	constexpr int usual_count = 8;
	Walk walk = {{static_cast<TypePart *>(palloc(usual_count * sizeof(TypePart))), 0}, usual_count};
	add(walk, type, collation);
	for (int i = 0; i < walk.found.count; i++)
		add_parts(walk, walk.found.parts[i]);
	return walk.found;
}

} // namespace bulk_sync::pg
