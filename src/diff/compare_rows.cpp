#include "diff/compare_rows.hpp"

#include <algorithm>

namespace bulk_sync {

CompareRows::CompareRows(const Plan &plan, pg::ResultRows &result, ChangeSet *changes)
	: plan_(plan), changes_(changes), writer_(plan, result),
	  row_(RowValues::with_room_for(plan.target.tuple_desc()->natts)),
	  new_row_(RowValues::with_room_for(plan.target.tuple_desc()->natts)),
	  changed_(RowValues::with_room_for(plan.target.tuple_desc()->natts).nulls),
	  image_(RowValues::with_room_for(static_cast<int>(
		  plan.map.image.size() + std::max(plan.map.extra.size(), plan.map.carried.size()))))
{
	std::fill_n(row_.nulls, plan.target.tuple_desc()->natts, true);
}

/* A new row: the columns that get a value before defaults. */
void CompareRows::added(const AddedRow &row)
{
	if (changes_ != nullptr)
		changes_->added(row);
	writer_.put("added", [&] {
		row.shape.take_apart(row.row->view(), image_.values, image_.nulls);
		writer_.set_key(image_);
		writer_.set_added(image_);
	});
}

void CompareRows::updated(const ChangedRow &row)
{
	if (changes_ != nullptr)
		changes_->updated(row);
	writer_.put("updated", [&] {
		load(row.target);
		load_new(row);
		writer_.set_key(row.old_values);
		writer_.generated().compute(new_row_.values, new_row_.nulls, changed_, row.target.id.table);
		writer_.set_pair(row_, new_row_, changed_);
	});
}

/* The row as it would be stored, but for generated columns. */
void CompareRows::load_new(const ChangedRow &row)
{
	int const columns = plan_.target.tuple_desc()->natts;
	std::copy_n(row_.values, columns, new_row_.values);
	std::copy_n(row_.nulls, columns, new_row_.nulls);
	for (std::size_t i = 0; i < plan_.map.image.size(); i++) {
		AttrNumber const column = plan_.map.image[i].target;
		new_row_.values[column - 1] = row.new_values.values[i];
		new_row_.nulls[column - 1] = row.new_values.nulls[i];
		changed_[column - 1] = row.changed[i];
	}
}

void CompareRows::removed(const TargetRow &row)
{
	if (row.marked)
		return;
	writer_.put("removed", [&] {
		load(row);
		writer_.set_key(image_);
		writer_.set_old(row_);
	});
}

void CompareRows::unchanged(const TargetRow &row, StagedRow *)
{
	if (!plan_.request.include_unchanged)
		return;
	writer_.put("unchanged", [&] {
		load(row);
		writer_.set_key(image_);
		writer_.set_same(row_);
	});
}

/* Takes a row of the target apart into image_ and row_. */
void CompareRows::load(const TargetRow &row)
{
	row.shape->take_apart(row.tuple, image_.values, image_.nulls);
	auto const set = [&](AttrNumber number, std::size_t i) {
		row_.values[number - 1] = image_.values[i];
		row_.nulls[number - 1] = image_.nulls[i];
	};
	std::size_t i = 0;
	for (const Column &column : plan_.map.image)
		set(column.target, i++);
	for (AttrNumber const number : plan_.map.carried)
		set(number, i++);
}

} // namespace bulk_sync
