/*
 * Hashes of what is stored: a multiply of 64 by 64 bits for each word, whose halves are folded onto
 * each other. The idea is that of wyhash (Wang Yi).
 */
#pragma once

#include <cstddef>
#include <cstring>

#include "pg/pg.hpp"

namespace bulk_sync::pg {

inline constexpr uint64 hash_start = UINT64CONST(0x8EBC6AF09C88C6E3);

inline uint64 fold_product(uint64 left, uint64 right) noexcept
{
	unsigned __int128 const product = static_cast<unsigned __int128>(left) * right;
	return static_cast<uint64>(product) ^ static_cast<uint64>(product >> 64);
}

/* Mixes one more word into a hash. */
inline uint64 hash_word(uint64 hash, uint64 word) noexcept
{
	return fold_product(hash ^ word, UINT64CONST(0xA0761D6478BD642F));
}

/* Two words at the cost of one. */
inline uint64 hash_words(uint64 hash, uint64 first, uint64 second) noexcept
{
	return fold_product(hash ^ first, second ^ UINT64CONST(0xE7037ED1A0B428DB));
}

template <typename Integer> Integer integer_at(const char *bytes) noexcept
{
	Integer integer;
	memcpy(&integer, bytes, sizeof(integer));
	return integer;
}

/* The hash of bytes, which may lie anywhere. */
inline uint64 hash_of_bytes(const char *bytes, std::size_t length) noexcept
{
	uint64 hash = hash_start ^ length;
	const char *const end = bytes + length;
	for (; end - bytes > 16; bytes += 16)
		hash = hash_words(hash, integer_at<uint64>(bytes), integer_at<uint64>(bytes + 8));
	auto const left = static_cast<std::size_t>(end - bytes);
	/* The two reads of what is left overlap. */
	if (left >= 8)
		return hash_words(hash, integer_at<uint64>(bytes), integer_at<uint64>(end - 8));
	if (left >= 4)
		return hash_words(hash, integer_at<uint32>(bytes), integer_at<uint32>(end - 4));
	if (left == 0)
		return hash;
	return hash_word(hash, static_cast<uint64>(static_cast<uint8>(bytes[0])) << 16 |
							   static_cast<uint64>(static_cast<uint8>(bytes[left / 2])) << 8 |
							   static_cast<uint8>(end[-1]));
}

} // namespace bulk_sync::pg
