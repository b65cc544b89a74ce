/*
 * The hash of a row's key, from the tuple or from values: the same for both, whatever the shape.
 */
#pragma once

#include "diff/row_shape.hpp"
#include "pg/hash.hpp"
#include "pg/numeric_hash.hpp"

namespace bulk_sync {

class KeyHash {
  public:
	/* Both outlive it. In the current memory context. Throws std::bad_alloc. */
	KeyHash(const ColumnMap &map, const RowShape &shape);

	/* Of the leading values of a row. Raises. */
	PG_RAISES uint32 of(const Datum *values, const bool *nulls) const
	{
		uint64 hash = pg::hash_start;
		std::size_t i = 0;
		for (const Key &key : keys_) {
			hash = pg::hash_word(hash, nulls[i] ? hash_of_null : key.equality->hash(values[i]));
			i++;
		}
		return finish(hash);
	}

	/* Of a tuple. Raises. */
	PG_RAISES uint32 of(const TupleView &tuple) const { return of_stored(tuple); }

	/* Of tuples on a page: calls visit(index, hash) for each. Raises. */
	template <typename Visit>
	pg_attribute_always_inline void of_each(const HeapTupleData *tuples, int count,
											Visit &&visit) const
	{
		pg::for_each_on_page(tuples, count,
							 [&](int i) { visit(i, of_stored(TupleView::of(tuples[i]))); });
	}

  private:
	struct Key {
		const pg::KeyEquality *equality;
		int attribute;
		int32 offset; /* when it is the same in all tuples without NULLs before and in it, or -1 */
		pg::ValueKind kind; /* cstring for all that is not hashed as it is stored */
		uint8 align;		/* of the attribute, in bytes */
		int16 length;		/* attlen */
		bool is_numeric;
	};

	PG_RAISES pg_attribute_always_inline uint32 of_stored(const TupleView &tuple) const
	{
		if (!are_known_ || tuple.columns() < needed_ || !tuple.has_first(needed_))
			return of_located(tuple);
		const char *const data = tuple.data();
		const char *end = data;
		uint64 hash = pg::hash_start;
		for (const Key &key : keys_) {
			const char *const value =
				key.offset >= 0 ? data + key.offset : start_of(key, data, end);
			hash = pg::hash_word(hash, hash_of_stored(key, value, end));
		}
		return finish(hash);
	}

	/* Of the key behind another one, which ends there. */
	static const char *start_of(const Key &key, const char *data, const char *end) noexcept
	{
		if (key.length == -1 && VARATT_NOT_PAD_BYTE(end))
			return end;
		return data + TYPEALIGN(key.align, end - data);
	}

	/* What KeyEquality::hash() gives; and where the value ends. */
	PG_RAISES pg_attribute_always_inline uint64 hash_of_stored(const Key &key, const char *value,
															   const char *&end) const
	{
		end = value + key.length;
		switch (key.kind) {
		case pg::ValueKind::byte1:
			return static_cast<uint8>(*value);
		case pg::ValueKind::byte2:
			return *reinterpret_cast<const uint16 *>(value);
		case pg::ValueKind::byte4:
			return *reinterpret_cast<const uint32 *>(value);
		case pg::ValueKind::byte8:
			return *reinterpret_cast<const uint64 *>(value);
		case pg::ValueKind::fixed:
			return pg::hash_of_bytes(value, key.length);
		case pg::ValueKind::varlena:
			if (VARATT_IS_SHORT(value) && !VARATT_IS_EXTERNAL(value)) {
				const char *const bytes = VARDATA_SHORT(value);
				std::size_t const length = VARSIZE_SHORT(value) - VARHDRSZ_SHORT;
				end = bytes + length;
				return key.is_numeric ? pg::hash_of_numeric(bytes, length)
									  : pg::hash_of_bytes(bytes, length);
			}
			[[fallthrough]];
		default:
			end = value + shape_.layout().length_at(key.attribute, value);
			return key.equality->hash(shape_.layout().value_at(key.attribute, value));
		}
	}

	/* The leading half: a product's are its best bits. */
	static uint32 finish(uint64 hash) noexcept
	{
		return static_cast<uint32>(pg::hash_word(hash, hash_of_null) >> 32);
	}
	PG_RAISES uint32 of_located(const TupleView &tuple) const;

	static constexpr uint64 hash_of_null = UINT64CONST(0x2545F4914F6CDD1D);

	const RowShape &shape_;
	Vector<Key> keys_;
	int needed_ = 0; /* attributes up to the last key */
	/* Is each key at a fixed offset, or right behind the key before it? */
	bool are_known_ = true;
	uint32 *starts_; /* of those attributes in one tuple */
};

} // namespace bulk_sync
