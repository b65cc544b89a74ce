/*
 * What the diff has to know of a type: its stored form, and when two keys are equal.
 */
#pragma once

#include <cstdint>

#include "pg/guard.hpp"

extern "C" {
#include "utils/typcache.h"
}
#include "pg/numeric_hash.hpp"

namespace bulk_sync::pg {

/* Type of a column, as pg_attribute has it. */
struct ColumnType {
	Oid oid = InvalidOid;
	int32 typmod = -1;
	Oid collation = InvalidOid;
	int16 length = 0; /* typlen: bytes, -1 varlena, -2 C string */
	bool by_value = false;

	static ColumnType of(Form_pg_attribute attribute) noexcept;
	bool is_varlena() const noexcept { return length == -1; }
	/* What is stored of a value that is passed by value. A datum from the heap and one from a
	 * function may differ in the bits above: the one comes with its sign extended. */
	uint64 stored_bits(Datum value) const noexcept
	{
		switch (length) {
		case 1:
			return static_cast<uint8>(value);
		case 2:
			return static_cast<uint16>(value);
		case 4:
			return static_cast<uint32>(value);
		default:
			return value;
		}
	}
};

/* Mixes one more word into a hash; the finalizer of MurmurHash3 (Austin Appleby). */
inline uint64 hash_combine(uint64 hash, uint64 word) noexcept
{
	uint64 mixed = hash * UINT64CONST(0x9E3779B97F4A7C15) + word;
	mixed ^= mixed >> 33;
	mixed *= UINT64CONST(0xFF51AFD7ED558CCD);
	mixed ^= mixed >> 33;
	mixed *= UINT64CONST(0xC4CEB9FE1A85EC53);
	mixed ^= mixed >> 33;
	return mixed;
}

/* Are two values the same bytes once detoasted? Neither is NULL. Raises. */
PG_RAISES bool same_image(const ColumnType &type, Datum left, Datum right);

/* A hash of these bytes. Raises. */
PG_RAISES uint64 image_hash(const ColumnType &type, Datum value);

/* Name of the type with its modifier, for messages. Throws Error. */
const char *type_name(const ColumnType &type);

/* Is this a type of text, whose values are converted to other types through the input function?
 * Throws Error. */
bool is_text_type(Oid type);

/*
 * The default equality of a type under a collation, and a hash that agrees with it.
 *
 * Where equal values always have the same image (what a btree operator class declares with its
 * "equalimage" support function, see nbtree's deduplication), both work on the bytes. Else they
 * call the type's functions: the hash function with a seed, which gives 64 bits, or where there is
 * none that agrees, the one of 32 bits. A type that has an equality but no hash function that
 * agrees with it (tsquery, an array of money) hashes to a constant: right, but every two keys are
 * compared.
 */
class KeyEquality {
  public:
	KeyEquality() = default;

	/* Looks the functions up and keeps them in the current memory context. Throws Error: 42883
	 * when the type has no default equality. */
	static KeyEquality of(const ColumnType &type);

	/* Neither value is NULL. Both raise. The bits of a hash are as the type has them, some of them
	 * constant perhaps: hash_word() spreads them. */
	PG_RAISES uint64 hash(Datum value) const
	{
		if (by_image_ && type_.by_value)
			return type_.stored_bits(value);
		const char *const bytes = DatumGetCString(value);
		if (by_image_ && type_.length > 0)
			return hash_of_bytes(bytes, type_.length);
		if ((by_image_ || is_numeric_) && type_.is_varlena() && !VARATT_IS_EXTERNAL(bytes) &&
			!VARATT_IS_COMPRESSED(bytes))
			return hash_of_varlena(bytes);
		return hash_reference(value);
	}
	PG_RAISES bool equal(Datum left, Datum right) const
	{
		return by_image_ && type_.by_value ? type_.stored_bits(left) == type_.stored_bits(right)
										   : equal_reference(left, right);
	}

	/* Does equality imply the same image? */
	bool by_image() const noexcept { return by_image_; }
	/* Is it that of numerics, whose hash is hash_of_numeric()? */
	bool is_numeric() const noexcept { return is_numeric_; }
	/* The equality operator, for SQL that we build. */
	Oid equality_operator() const noexcept { return operator_; }
	/* May keys be hashed, compared, and shown in a message, while the executor has workers? */
	bool is_parallel_safe() const noexcept { return parallel_safe_; }

  private:
	PG_RAISES static KeyEquality look_up(const ColumnType &type);
	PG_RAISES void take_functions(const TypeCacheEntry &cache);
	/* Of one that is neither compressed nor elsewhere. */
	uint64 hash_of_varlena(const char *bytes) const noexcept
	{
		return is_numeric_ ? hash_of_numeric(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes))
						   : hash_of_bytes(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	}
	PG_RAISES uint64 hash_reference(Datum value) const;
	PG_RAISES bool equal_reference(Datum left, Datum right) const;

	ColumnType type_;
	bool by_image_ = false;
	/* Or a domain over it: its stored form is known, and has its own hash. */
	bool is_numeric_ = false;
	bool parallel_safe_ = true;
	bool hash_takes_seed_ = false;
	Oid operator_ = InvalidOid;
	FmgrInfo *equal_ = nullptr;
	FmgrInfo *hash_ = nullptr;
};

} // namespace bulk_sync::pg
