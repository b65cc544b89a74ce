#include "pg/type.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "access/nbtree.h"
#include "catalog/pg_operator.h"
#include "common/hashfn.h"
}

namespace bulk_sync::pg {

namespace {

/* Copies an entry of the type cache, which may change under us, into the current context. */
FmgrInfo *keep(const FmgrInfo &cached)
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
bool equality_is_image(const TypeCacheEntry &cache, Oid collation)
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

/* Does the type's hash function tell equal keys apart? */
bool hash_disagrees(const TypeCacheEntry &cache, Oid collation)
{
	return compat::bpchar_hash_sees_padding && cache.btree_opintype == BPCHAROID &&
		   OidIsValid(collation) && !get_collation_isdeterministic(collation);
}

uint64 hash_bytes_of(const void *bytes, std::size_t length)
{
	return hash_bytes_extended(static_cast<const unsigned char *>(bytes), static_cast<int>(length),
							   0);
}

uint64 hash_image(const ColumnType &type, Datum value)
{
	if (type.by_value)
		return value;
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
	return datum_image_eq(left, right, type.by_value, type.length);
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
	TypeCacheEntry *const cache = lookup_type_cache(
		type.oid, TYPECACHE_EQ_OPR | TYPECACHE_EQ_OPR_FINFO | TYPECACHE_HASH_EXTENDED_PROC |
					  TYPECACHE_HASH_EXTENDED_PROC_FINFO | TYPECACHE_BTREE_OPFAMILY);
	if (!OidIsValid(cache->eq_opr))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("could not identify an equality operator for type %s",
							   format_type_be(type.oid)),
						errdetail("Key columns are matched by the default equality of the target "
								  "column's type.")));

	KeyEquality equality;
	equality.type_ = type;
	equality.operator_ = cache->eq_opr;
	equality.by_image_ = equality_is_image(*cache, type.collation);
	if (!equality.by_image_) {
		equality.equal_ = keep(cache->eq_opr_finfo);
		if (OidIsValid(cache->hash_extended_proc) && !hash_disagrees(*cache, type.collation))
			equality.hash_ = keep(cache->hash_extended_proc_finfo);
	}
	return equality;
}

uint64 KeyEquality::hash_reference(Datum value) const
{
	if (by_image_)
		return hash_image(type_, value);
	if (hash_ == nullptr)
		return 0;
	return DatumGetUInt64(FunctionCall2Coll(hash_, type_.collation, value, Int64GetDatum(0)));
}

bool KeyEquality::equal_reference(Datum left, Datum right) const
{
	if (by_image_)
		return same_image(type_, left, right);
	return DatumGetBool(FunctionCall2Coll(equal_, type_.collation, left, right));
}

} // namespace bulk_sync::pg
