#include "pg/tuple_layout.hpp"

#include <algorithm>

extern "C" {
#include "access/tupdesc_details.h"
#include "utils/datum.h"
}

namespace bulk_sync::pg {

namespace {

uint8 alignment_of(char code) noexcept
{
	return static_cast<uint8>(att_align_nominal(1, code));
}

uint32 aligned(uint32 offset, uint32 align) noexcept
{
	return (offset + align - 1) & ~(align - 1);
}

/* Have older rows, which lack the column, the same value there? */
PG_RAISES bool same_missing(TupleDesc left, TupleDesc right, int column)
{
	Form_pg_attribute const attribute = TupleDescAttr(left, column);
	if (!attribute->atthasmissing)
		return true;
	const AttrMissing &one = left->constr->missing[column];
	const AttrMissing &other = right->constr->missing[column];
	if (!one.am_present || !other.am_present)
		return one.am_present == other.am_present;
	return datumIsEqual(one.am_value, other.am_value, attribute->attbyval, attribute->attlen);
}

} // namespace

ValueKind value_kind(Form_pg_attribute attribute) noexcept
{
	if (attribute->attlen == -2)
		return ValueKind::cstring;
	if (attribute->attlen == -1)
		return ValueKind::varlena;
	if (!attribute->attbyval)
		return ValueKind::fixed;
	switch (attribute->attlen) {
	case 1:
		return ValueKind::byte1;
	case 2:
		return ValueKind::byte2;
	case 4:
		return ValueKind::byte4;
	default:
		return ValueKind::byte8;
	}
}

TupleLayout::TupleLayout(TupleDesc desc)
{
	uint32 offset = 0;
	bool is_fixed = true;
	for (int i = 0; i < desc->natts; i++) {
		Form_pg_attribute const attribute = TupleDescAttr(desc, i);
		Step const step = {attribute->attlen, alignment_of(attribute->attalign),
						   attribute->attbyval};
		steps_.push_back(step);
		uint32 const start = aligned(offset, step.align);
		/* A short varlena is not aligned; it is where a long one would be when that needs no
		 * padding. */
		is_fixed = is_fixed && (step.length != -1 || start == offset);
		if (!is_fixed)
			continue;
		fixed_.push_back(start);
		offset = start + step.length;
		is_fixed = step.length > 0;
	}
}

void TupleLayout::locate(const TupleView &tuple, int count, uint32 *starts) const noexcept
{
	const Step *const steps = steps_.data();
	const char *const data = tuple.data();
	const uint8 *const bits = tuple.has_nulls() ? tuple.header->t_bits : nullptr;
	uint32 at = 0;
	int i = 0;
	if (bits == nullptr && !fixed_.empty()) {
		int const known = std::min(count, static_cast<int>(fixed_.size())) - 1;
		for (; i < known; i++)
			starts[i] = fixed_[i];
		at = fixed_[std::max(known, 0)];
	}
	for (; i < count; i++) {
		if (bits != nullptr && att_isnull(i, bits)) {
			starts[i] = at;
			continue;
		}
		const Step &step = steps[i];
		if (step.length != -1 || !VARATT_NOT_PAD_BYTE(data + at))
			at = aligned(at, step.align);
		starts[i] = at;
		if (step.length > 0)
			at += step.length;
		else if (i + 1 < count)
			at += length_at(i, data + at);
	}
}

bool TupleLayout::same_rules(TupleDesc left, int left_column, TupleDesc right,
							 int right_column) noexcept
{
	Form_pg_attribute const one = TupleDescAttr(left, left_column);
	Form_pg_attribute const other = TupleDescAttr(right, right_column);
	/* Plain storage knows no short headers. */
	return one->attlen == other->attlen && one->attalign == other->attalign &&
		   one->attbyval == other->attbyval &&
		   (one->attstorage == TYPSTORAGE_PLAIN) == (other->attstorage == TYPSTORAGE_PLAIN);
}

bool TupleLayout::same(TupleDesc left, TupleDesc right)
{
	if (left->natts != right->natts)
		return false;
	for (int i = 0; i < left->natts; i++) {
		Form_pg_attribute const one = TupleDescAttr(left, i);
		Form_pg_attribute const other = TupleDescAttr(right, i);
		if (!same_rules(left, i, right, i) || one->attisdropped != other->attisdropped ||
			one->atthasmissing != other->atthasmissing || !same_missing(left, right, i))
			return false;
	}
	return true;
}

} // namespace bulk_sync::pg
