#include "pg/type.hpp"

#include "pg/compat.hpp"
#include "pg/fail.hpp"
#include "pg/large_value.hpp"
#include "pg/parallel_safety.hpp"
#include "pg/type_parts.hpp"

extern "C" {
#include "access/nbtree.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_range.h"
#include "common/hashfn.h"
#include "parser/parse_coerce.h"
#include "utils/datum.h"
#include "utils/syscache.h"
}

namespace bulk_sync::pg {

namespace {

/* Copies an entry of the type cache, which may change under us, into the current context. */
PG_RAISES FmgrInfo *keep(const FmgrInfo &cached)
{
	auto *copy = static_cast<FmgrInfo *>(palloc(sizeof(FmgrInfo)));
	fmgr_info_cxt(cached.fn_oid, copy, CurrentMemoryContext);
	return copy;
}

/*
 * Does the type's btree operator class promise that equal means bitwise equal? The promise of
 * bpchar holds for one length only, and name has bytes behind its end, so those two go the
 * general way.
 */
PG_RAISES bool equality_is_image(const TypeCacheEntry &cache, Oid collation)
{
	if (!OidIsValid(cache.btree_opf) || cache.btree_opintype == BPCHAROID ||
		cache.btree_opintype == NAMEOID)
		return false;
	Oid const support = get_opfamily_proc(cache.btree_opf, cache.btree_opintype,
										  cache.btree_opintype, BTEQUALIMAGE_PROC);
	if (!OidIsValid(support))
		return false;
	return DatumGetBool(
		OidFunctionCall1Coll(support, collation, ObjectIdGetDatum(cache.btree_opintype)));
}

/* Does the hash function with a seed, unlike the other one, tell equal values of char(n) apart? */
PG_RAISES bool seeded_hash_sees_padding(const TypeParts &parts)
{
	if (!compat::bpchar_hash_sees_padding)
		return false;
	for (const TypePart &part : parts)
		if (OidIsValid(part.collation) && !get_collation_isdeterministic(part.collation) &&
			lookup_type_cache(part.type, TYPECACHE_HASH_OPFAMILY)->hash_opintype == BPCHAROID)
			return true;
	return false;
}

/* The equality of the bounds of a range. */
PG_RAISES Oid equality_of_bounds(Oid range)
{
	HeapTuple const tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(range));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for range type %u", range);
	Oid const order = reinterpret_cast<Form_pg_range>(GETSTRUCT(tuple))->rngsubopc;
	ReleaseSysCache(tuple);
	Oid const input = get_opclass_input_type(order);
	return get_opfamily_member(get_opclass_family(order), input, input, BTEqualStrategyNumber);
}

/* Bounds are compared in the order that the range type was made with, and hashed by the subtype's
 * default. Do the two hold other bounds for equal? */
PG_RAISES bool hashes_bounds_otherwise(const TypeParts &parts)
{
	for (const TypePart &part : parts) {
		if (get_typtype(part.type) != TYPTYPE_RANGE)
			continue;
		TypeCacheEntry *const bound =
			lookup_type_cache(get_range_subtype(part.type), TYPECACHE_EQ_OPR);
		if (bound->eq_opr != equality_of_bounds(part.type))
			return true;
	}
	return false;
}

uint64 hash_bytes_of(const void *bytes, std::size_t length)
{
	return hash_bytes_extended(static_cast<const unsigned char *>(bytes), static_cast<int>(length),
							   0);
}

} // namespace

ColumnType ColumnType::of(Form_pg_attribute attribute) noexcept
{
	ColumnType type;
	type.oid = attribute->atttypid;
	type.typmod = attribute->atttypmod;
	type.collation = attribute->attcollation;
	type.length = attribute->attlen;
	type.by_value = attribute->attbyval;
	return type;
}

bool same_image(const ColumnType &type, Datum left, Datum right)
{
	if (type.by_value)
		return type.stored_bits(left) == type.stored_bits(right);
	return type.is_varlena() ? same_varlena(left, right)
							 : datum_image_eq(left, right, false, type.length);
}

uint64 image_hash(const ColumnType &type, Datum value)
{
	if (type.by_value)
		return type.stored_bits(value);
	if (type.length > 0)
		return hash_bytes_of(DatumGetPointer(value), type.length);
	if (type.length == -2)
		return hash_bytes_of(DatumGetCString(value), strlen(DatumGetCString(value)));
	if (VARATT_IS_SHORT(DatumGetPointer(value)) && !VARATT_IS_EXTERNAL(DatumGetPointer(value)))
		return hash_bytes_of(VARDATA_SHORT(DatumGetPointer(value)),
							 VARSIZE_SHORT(DatumGetPointer(value)) - VARHDRSZ_SHORT);
	struct varlena *const packed = PG_DETOAST_DATUM_PACKED(value);
	uint64 const hash = hash_bytes_of(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
	if (reinterpret_cast<char *>(packed) != DatumGetPointer(value))
		pfree(packed);
	return hash;
}

const char *type_name(const ColumnType &type)
{
	return pg_call([&] { return format_type_with_typemod(type.oid, type.typmod); });
}

bool is_text_type(Oid type)
{
	return pg_call([&] {
		Oid const base = getBaseType(type);
		return base == BPCHAROID || IsBinaryCoercible(base, TEXTOID);
	});
}

KeyEquality KeyEquality::of(const ColumnType &type)
{
	return pg_call([&] { return look_up(type); });
}

KeyEquality KeyEquality::look_up(const ColumnType &type)
{
	/* Of a domain over a range, the cache does not know that it has a hash function. */
	TypeCacheEntry *const cache = lookup_type_cache(
		getBaseType(type.oid), TYPECACHE_EQ_OPR | TYPECACHE_EQ_OPR_FINFO | TYPECACHE_HASH_PROC |
								   TYPECACHE_HASH_PROC_FINFO | TYPECACHE_HASH_EXTENDED_PROC |
								   TYPECACHE_HASH_EXTENDED_PROC_FINFO | TYPECACHE_BTREE_OPFAMILY);
	if (!OidIsValid(cache->eq_opr))
		raise({.sqlstate = ERRCODE_UNDEFINED_FUNCTION,
			   .message = psprintf("could not identify an equality operator for type %s",
								   format_type_be(type.oid)),
			   .detail = "Key columns are matched by the default equality of the target column's "
						 "type."});

	KeyEquality equality;
	equality.type_ = type;
	equality.operator_ = cache->eq_opr;
	equality.by_image_ = equality_is_image(*cache, type.collation);
	equality.is_numeric_ = getBaseType(type.oid) == NUMERICOID;
	if (!equality.by_image_)
		equality.take_functions(*cache);
	equality.parallel_safe_ = may_write_in_parallel(type.oid) &&
							  (equality.by_image_ || may_compare_in_parallel(type.oid));
	return equality;
}

void KeyEquality::take_functions(const TypeCacheEntry &cache)
{
	equal_ = keep(cache.eq_opr_finfo);
	TypeParts const parts = parts_of_type(type_.oid, type_.collation);
	if (hashes_bounds_otherwise(parts))
		return;
	hash_takes_seed_ = OidIsValid(cache.hash_extended_proc) && !seeded_hash_sees_padding(parts);
	if (hash_takes_seed_)
		hash_ = keep(cache.hash_extended_proc_finfo);
	else if (OidIsValid(cache.hash_proc))
		hash_ = keep(cache.hash_proc_finfo);
}

uint64 KeyEquality::hash_reference(Datum value) const
{
	if (by_image_ && !type_.is_varlena())
		return hash_of_bytes(DatumGetCString(value), strlen(DatumGetCString(value)));
	if (by_image_ || is_numeric_) {
		struct varlena *const packed = PG_DETOAST_DATUM_PACKED(value);
		uint64 const hash = hash_of_varlena(reinterpret_cast<char *>(packed));
		if (reinterpret_cast<char *>(packed) != DatumGetPointer(value))
			pfree(packed);
		return hash;
	}
	if (hash_ == nullptr)
		return 0;
	if (!hash_takes_seed_)
		return DatumGetUInt32(FunctionCall1Coll(hash_, type_.collation, value));
	return DatumGetUInt64(FunctionCall2Coll(hash_, type_.collation, value, Int64GetDatum(0)));
}

bool KeyEquality::equal_reference(Datum left, Datum right) const
{
	if (by_image_)
		return same_image(type_, left, right);
	return DatumGetBool(FunctionCall2Coll(equal_, type_.collation, left, right));
}

} // namespace bulk_sync::pg
