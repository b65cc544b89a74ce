/*
 * A hash of numerics as they are stored: what hash_numeric() does, without a copy of the value.
 */
#pragma once

#include "pg/hash.hpp"

namespace bulk_sync::pg {

/*
 * Of the bytes behind the header of a varlena, which may lie anywhere. The form is that of
 * numeric.c: a word of flags, which in the short form holds sign, scale and weight, and in the long
 * one is followed by the weight; then digits of base 10000. Equal numerics differ in form and
 * scale, and perhaps in zeros at either end, which hash_numeric() does not rely on either.
 */
inline uint64 hash_of_numeric(const char *bytes, std::size_t length) noexcept
{
	constexpr uint16 special = 0xC000;
	constexpr uint16 infinity_and_sign = 0xF000;
	constexpr uint16 short_form = 0x8000;
	constexpr uint16 short_weight = 0x003F;
	constexpr uint16 short_weight_sign = 0x0040;
	auto const flags = integer_at<uint16>(bytes);
	if ((flags & special) == special)
		return flags & infinity_and_sign;
	bool const is_short = (flags & special) == short_form;
	const char *digit = bytes + (is_short ? 2 : 4);
	const char *end = bytes + length;
	int weight = integer_at<int16>(bytes + (is_short ? 0 : 2));
	if (is_short)
		weight = (flags & short_weight) - ((flags & short_weight_sign) != 0 ? short_weight + 1 : 0);
	for (; digit < end && integer_at<int16>(digit) == 0; digit += 2)
		weight--;
	while (end > digit && integer_at<int16>(end - 2) == 0)
		end -= 2;
	if (digit == end)
		return 0;
	return hash_word(hash_of_bytes(digit, end - digit), static_cast<uint64>(weight));
}

} // namespace bulk_sync::pg
