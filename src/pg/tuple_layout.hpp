/*
 * Tuples as they are stored: where their columns are, without taking them apart.
 */
#pragma once

#include "pg/memory.hpp"

namespace bulk_sync::pg {

/* A tuple wherever it lies: on a page, or in memory as a minimal tuple, whose header begins before
 * its memory; what is missing there is not looked at. */
struct TupleView {
	HeapTupleHeader header = nullptr;
	uint32 length = 0; /* with the header, in bytes */

	static TupleView of(const HeapTupleData &tuple) noexcept { return {tuple.t_data, tuple.t_len}; }
	static TupleView of(MinimalTuple tuple) noexcept
	{
		return {reinterpret_cast<HeapTupleHeader>(reinterpret_cast<char *>(tuple) -
												  MINIMAL_TUPLE_OFFSET),
				tuple->t_len + static_cast<uint32>(MINIMAL_TUPLE_OFFSET)};
	}

	/* For functions of the server that take a tuple apart. */
	HeapTupleData heap_tuple() const noexcept
	{
		HeapTupleData tuple;
		tuple.t_len = length;
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = InvalidOid;
		tuple.t_data = header;
		return tuple;
	}

	const char *data() const noexcept
	{
		return reinterpret_cast<const char *>(header) + header->t_hoff;
	}
	uint32 data_length() const noexcept { return length - header->t_hoff; }
	/* Fewer than its table has when columns were added since; these have their stored defaults. */
	int columns() const noexcept { return HeapTupleHeaderGetNatts(header); }
	bool has_nulls() const noexcept { return (header->t_infomask & HEAP_HASNULL) != 0; }
	/* `column` from 0, and one that it has. */
	bool is_null(int column) const noexcept
	{
		return has_nulls() && att_isnull(column, header->t_bits);
	}
	/* Is none of the first `count` columns NULL? */
	bool has_first(int count) const noexcept
	{
		if (!has_nulls())
			return true;
		for (int i = 0; i < count / 8; i++)
			if (header->t_bits[i] != 0xFF)
				return false;
		int const mask = (1 << count % 8) - 1;
		return mask == 0 || (header->t_bits[count / 8] & mask) == mask;
	}
};

/* How the bytes of a column's values are stored. Those of byte1 to byte8 are passed by value. */
enum class ValueKind : uint8 { byte1, byte2, byte4, byte8, fixed, varlena, cstring };

ValueKind value_kind(Form_pg_attribute attribute) noexcept;

/* What memcmp() says, without the call for it where there are a few bytes. */
inline bool same_bytes(const char *left, const char *right, std::size_t length) noexcept
{
	constexpr std::size_t word = sizeof(uint64);
	constexpr std::size_t most_in_words = 12 * word;
	auto const differ = [&](std::size_t offset) {
		uint64 one;
		uint64 other;
		memcpy(&one, left + offset, word);
		memcpy(&other, right + offset, word);
		return one ^ other;
	};
	if (length < word || length > most_in_words)
		return memcmp(left, right, length) == 0;
	uint64 different = differ(length - word); /* may overlap the one before */
	for (std::size_t offset = 0; offset + word < length; offset += word)
		different |= differ(offset);
	return different == 0;
}

/* Bytes that a copy of the tuple as a minimal tuple takes. */
inline uint32 minimal_length(const TupleView &tuple) noexcept
{
	return tuple.length - static_cast<uint32>(MINIMAL_TUPLE_OFFSET);
}

/* Copies a tuple as a minimal tuple to `at`, which is aligned and has room for minimal_length(). */
inline void copy_tuple(const TupleView &tuple, void *at) noexcept
{
	uint32 const length = minimal_length(tuple);
	memcpy(at, reinterpret_cast<const char *>(tuple.header) + MINIMAL_TUPLE_OFFSET, length);
	static_cast<MinimalTuple>(at)->t_len = length;
}

/* The same of a tuple on a page, for which there is room up to the alignment: what fills it on the
 * page is copied too, so that most tuples take a few moves of 16 bytes. */
inline void copy_aligned(const HeapTupleData &tuple, char *at) noexcept
{
	const char *const from = reinterpret_cast<const char *>(tuple.t_data) + MINIMAL_TUPLE_OFFSET;
	auto const length = static_cast<uint32>(tuple.t_len - MINIMAL_TUPLE_OFFSET);
	std::size_t const size = MAXALIGN(length);
	constexpr std::size_t piece = 16;
	constexpr std::size_t most_in_pieces = 8 * piece;
	if (size > most_in_pieces || size < piece) {
		memcpy(at, from, size);
	} else {
		for (std::size_t offset = 0; offset + piece < size; offset += piece)
			memcpy(at + offset, from + offset, piece);
		memcpy(at + size - piece, from + size - piece, piece);
	}
	reinterpret_cast<MinimalTuple>(at)->t_len = length;
}

/* Calls visit(index) for each tuple of a page, with the memory of the following ones on its way to
 * the cache: nobody has touched it yet when all of the page is visible to everybody. */
template <typename Visit>
pg_attribute_always_inline void for_each_on_page(const HeapTupleData *tuples, int count,
												 Visit &&visit)
{
	constexpr int ahead = 6;
	for (int i = 0; i < count; i++) {
		const char *const next = reinterpret_cast<const char *>(
			tuples[i + ahead < count ? i + ahead : count - 1].t_data);
		__builtin_prefetch(next);
		__builtin_prefetch(next + PG_CACHE_LINE_SIZE / 2);
		visit(i);
	}
}

/*
 * What a walk over the columns of a tuple has to know of them, in 8 bytes each, where pg_attribute
 * has 100. It does what slot_deform_heap_tuple() in execTuples.c does, less the values. Columns are
 * counted from 0; offsets are from TupleView::data(), in bytes.
 */
class TupleLayout {
  public:
	/* In the current memory context. Throws std::bad_alloc. */
	explicit TupleLayout(TupleDesc desc);

	int columns() const noexcept { return static_cast<int>(steps_.size()); }

	/* Where the column is in each tuple in which no column before it is NULL; -1 when that depends
	 * on the values before. */
	int32 fixed_offset(int column) const noexcept
	{
		return static_cast<std::size_t>(column) < fixed_.size() ? static_cast<int32>(fixed_[column])
																: -1;
	}

	/* Where each of the first `count` columns starts, of which the tuple has all; for a NULL, where
	 * the column before ends. */
	void locate(const TupleView &tuple, int count, uint32 *starts) const noexcept;

	/* Bytes that a value takes which is stored there. */
	uint32 length_at(int column, const char *value) const noexcept
	{
		int const length = steps_[column].length;
		return length > 0	  ? length
			   : length == -1 ? static_cast<uint32>(VARSIZE_ANY(value))
							  : static_cast<uint32>(strlen(value) + 1);
	}

	/* A value that is stored there. */
	Datum value_at(int column, const char *value) const noexcept
	{
		const Step &step = steps_[column];
		return fetch_att(value, step.by_value, step.length);
	}

	bool is_varlena(int column) const noexcept { return steps_[column].length == -1; }
	uint32 alignment(int column) const noexcept { return steps_[column].align; }

	/* Are two columns laid out by the same rules, so that the same bytes are the same value? */
	static bool same_rules(TupleDesc left, int left_column, TupleDesc right,
						   int right_column) noexcept;

	/* Are all columns, also dropped ones and what older rows lack, so that tuples of the one can be
	 * taken apart as those of the other? Raises. */
	PG_RAISES static bool same(TupleDesc left, TupleDesc right);

  private:
	struct Step {
		int16 length; /* attlen */
		uint8 align;  /* bytes */
		bool by_value;
	};

	Vector<Step> steps_;
	Vector<uint32> fixed_; /* offsets of the leading columns that have one */
};

} // namespace bulk_sync::pg
