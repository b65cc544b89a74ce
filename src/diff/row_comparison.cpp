#include "diff/row_comparison.hpp"

#include <algorithm>
#include <numeric>

namespace bulk_sync {

namespace {

/* Are the same of `count` attributes NULL in both tuples, from these on? */
bool same_nulls(const TupleView &left, int left_first, const TupleView &right, int right_first,
				int count) noexcept
{
	if (!left.has_nulls() && !right.has_nulls())
		return true;
	int i = 0;
	if (left.has_nulls() && right.has_nulls() && left_first % 8 == 0 && right_first % 8 == 0) {
		int const bytes = count / 8;
		if (memcmp(left.header->t_bits + left_first / 8, right.header->t_bits + right_first / 8,
				   bytes) != 0)
			return false;
		i = bytes * 8;
	}
	for (; i < count; i++)
		if (left.is_null(left_first + i) != right.is_null(right_first + i))
			return false;
	return true;
}

} // namespace

RowComparison::RowComparison(const ColumnMap &map, const RowShape &staged, const RowShape &target)
	: staged_{&staged}, target_{&target}
{
	for (int i = 0; i < static_cast<int>(map.image.size()); i++) {
		staged_.needed = std::max(staged_.needed, staged.attribute(i) + 1);
		target_.needed = std::max(target_.needed, target.attribute(i) + 1);
	}
	staged_.starts = pg::Allocator<uint32>().allocate(staged_.needed);
	target_.starts = pg::Allocator<uint32>().allocate(target_.needed);
	add_runs(map);
	const Run &run = runs_.front();
	is_whole_ = run.count > 0 && run.staged == 0 && run.target == 0 && run.ends_staged &&
				run.ends_target;
}

void RowComparison::add_runs(const ColumnMap &map)
{
	const RowShape &staged = *staged_.shape;
	const RowShape &target = *target_.shape;
	Vector<int> columns(map.image.size());
	std::iota(columns.begin(), columns.end(), 0);
	std::sort(columns.begin(), columns.end(), [&](int left, int right) {
		return staged.attribute(left) < staged.attribute(right);
	});
	for (int const column : columns) {
		int const here = staged.attribute(column);
		int const there = target.attribute(column);
		Run *const last = runs_.empty() ? nullptr : &runs_.back();
		bool const same_rules =
			pg::TupleLayout::same_rules(staged.desc(), here, target.desc(), there);
		if (last != nullptr && last->count > 0 && same_rules &&
			last->staged + last->count == here && last->target + last->count == there)
			last->count++;
		else
			runs_.push_back({here, there, same_rules ? 1 : 0, 0, false, false});
		Run &run = runs_.back();
		run.offset_mask =
			std::max(run.offset_mask, std::max(staged.layout().alignment(here),
											   target.layout().alignment(there)) - 1);
		run.ends_staged = here + 1 == staged.desc()->natts;
		run.ends_target = there + 1 == target.desc()->natts;
	}
}

uint32 RowComparison::Side::start_of(const TupleView &tuple, int attribute) noexcept
{
	if (!located) {
		int32 const fixed = shape->layout().fixed_offset(attribute);
		if (fixed >= 0 && tuple.has_first(attribute))
			return fixed;
		shape->layout().locate(tuple, needed, starts);
		located = true;
	}
	return starts[attribute];
}

/* Of an attribute that is not NULL. */
uint32 RowComparison::Side::end_of(const TupleView &tuple, int attribute) noexcept
{
	uint32 const start = start_of(tuple, attribute);
	return start + shape->layout().length_at(attribute, tuple.data() + start);
}

bool RowComparison::same_each_run(const TupleView &staged, const TupleView &target) noexcept
{
	staged_.located = false;
	target_.located = false;
	for (const Run &run : runs_)
		if (!same_run(run, staged, target))
			return false;
	return true;
}

bool RowComparison::same_run(const Run &run, const TupleView &staged,
							 const TupleView &target) noexcept
{
	if (run.count == 0 || !same_nulls(staged, run.staged, target, run.target, run.count))
		return false;
	int first = 0;
	while (first < run.count && staged.is_null(run.staged + first))
		first++;
	if (first == run.count)
		return true;
	uint32 const here = staged_.start_of(staged, run.staged + first);
	uint32 const there = target_.start_of(target, run.target + first);
	if (((here ^ there) & run.offset_mask) != 0)
		return false;

	uint32 length;
	uint32 const left_here = staged.data_length() - here;
	uint32 const left_there = target.data_length() - there;
	if (run.ends_staged) {
		length = left_here;
	} else if (run.ends_target) {
		length = left_there;
	} else {
		int last = run.count - 1;
		while (staged.is_null(run.staged + last))
			last--;
		length = staged_.end_of(staged, run.staged + last) - here;
	}
	if (length > left_here || length > left_there ||
		(run.ends_staged && run.ends_target && left_here != left_there))
		return false;
	return memcmp(staged.data() + here, target.data() + there, length) == 0;
}

} // namespace bulk_sync
