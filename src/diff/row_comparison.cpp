#include "diff/row_comparison.hpp"

#include <algorithm>

namespace bulk_sync {

namespace {

bool same_bytes(const TupleView &staged, uint32 here, const TupleView &target, uint32 there,
				uint32 length) noexcept
{
	return there + length <= target.data_length() &&
		   memcmp(staged.data() + here, target.data() + there, length) == 0;
}

} // namespace

RowComparison::RowComparison(const ColumnMap &map, const RowShape &staged, const RowShape &target)
	: map_(map), staged_(staged), target_(target), count_(static_cast<int>(map.image.size())),
	  ends_staged_(count_ == staged.desc()->natts), ends_target_(count_ == target.desc()->natts)
{
	for (int i = 0; i < count_; i++) {
		int const here = staged.attribute(i);
		int const there = target.attribute(i);
		bool const same_rules =
			pg::TupleLayout::same_rules(staged.desc(), here, target.desc(), there);
		columns_.push_back({i, here, there, same_rules, false});
		staged_needed_ = std::max(staged_needed_, here + 1);
		target_needed_ = std::max(target_needed_, there + 1);
	}
	std::sort(columns_.begin(), columns_.end(), [](const Compared &left, const Compared &right) {
		return left.staged < right.staged;
	});
	for (int i = 0; i < count_; i++) {
		Compared &compared = columns_[i];
		is_prefix_ =
			is_prefix_ && compared.staged == i && compared.target == i && compared.same_rules;
		compared.follows = i > 0 && columns_[i - 1].staged == compared.staged - 1 &&
						   columns_[i - 1].target == compared.target - 1;
	}
	/* Else it takes a walk to see where the columns end. */
	is_prefix_ = is_prefix_ && (ends_staged_ || ends_target_);
	is_whole_ = is_prefix_ && ends_staged_ && ends_target_;
	staged_starts_ = pg::Allocator<uint32>().allocate(staged_needed_);
	target_starts_ = pg::Allocator<uint32>().allocate(target_needed_);
}

bool RowComparison::has_same_bits(const TupleView &staged, const TupleView &target) const noexcept
{
	if (!staged.has_nulls() || !target.has_nulls())
		return staged.has_first(count_) && target.has_first(count_);
	if (memcmp(staged.header->t_bits, target.header->t_bits, count_ / 8) != 0)
		return false;
	int const mask = (1 << count_ % 8) - 1;
	return mask == 0 ||
		   ((staged.header->t_bits[count_ / 8] ^ target.header->t_bits[count_ / 8]) & mask) == 0;
}

bool RowComparison::has_same_prefix(const TupleView &staged, const TupleView &target) const noexcept
{
	if (!has_same_nulls(staged, target))
		return false;
	uint32 const here = staged.data_length();
	uint32 const length = ends_staged_ ? here : target.data_length();
	return here >= length && same_bytes(staged, 0, target, 0, length);
}

bool RowComparison::has_same_columns(const TupleView &staged, const TupleView &target)
{
	int const staged_count = staged.columns();
	int const target_count = target.columns();
	staged_.layout().locate(staged, std::min(staged_needed_, staged_count), staged_starts_);
	target_.layout().locate(target, std::min(target_needed_, target_count), target_starts_);
	Stretch stretch;
	bool is_contiguous = true;
	for (const Compared &compared : columns_) {
		is_contiguous = is_contiguous && compared.follows;
		/* Of what older rows lack, there are no bytes. */
		if (compared.staged >= staged_count || compared.target >= target_count) {
			if (!has_same_value(compared, staged, target))
				return false;
			continue;
		}
		bool const is_null = staged.is_null(compared.staged);
		if (is_null != target.is_null(compared.target))
			return false;
		if (is_null)
			continue;
		if (!compared.same_rules)
			return false;
		uint32 const here = staged_starts_[compared.staged];
		uint32 const there = target_starts_[compared.target];
		uint32 const end = here + staged_.layout().length_at(compared.staged, staged.data() + here);
		if (!is_contiguous || here - stretch.staged != there - stretch.target) {
			if (!same_bytes(staged, stretch.staged, target, stretch.target, stretch.length))
				return false;
			stretch = {here, there, 0};
			is_contiguous = true;
		}
		stretch.length = end - stretch.staged;
	}
	return same_bytes(staged, stretch.staged, target, stretch.target, stretch.length);
}

bool RowComparison::has_same_value(const Compared &compared, const TupleView &staged,
								   const TupleView &target) const
{
	bool here_is_null = false;
	bool there_is_null = false;
	Datum const here =
		value(staged_, staged, compared.staged, compared.column, staged_starts_, here_is_null);
	Datum const there =
		value(target_, target, compared.target, compared.column, target_starts_, there_is_null);
	if (here_is_null || there_is_null)
		return here_is_null && there_is_null;
	return pg::same_image(map_.image[compared.column].type, here, there);
}

Datum RowComparison::value(const RowShape &shape, const TupleView &tuple, int attribute, int column,
						   const uint32 *starts, bool &is_null)
{
	if (attribute >= tuple.columns())
		return shape.value(tuple, column, is_null);
	is_null = tuple.is_null(attribute);
	return is_null ? Datum{0}
				   : shape.layout().value_at(attribute, tuple.data() + starts[attribute]);
}

} // namespace bulk_sync
