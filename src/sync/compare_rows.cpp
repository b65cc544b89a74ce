#include "sync/compare_rows.hpp"

#include <algorithm>

namespace bulk_sync {

namespace {

using pg::JsonColumn;
using pg::JsonObjectWriter;

Vector<JsonColumn> json_columns(const Vector<Column> &columns)
{
	Vector<JsonColumn> result;
	for (const Column &column : columns)
		result.push_back({column.name, column.type});
	return result;
}

} // namespace

CompareRows::CompareRows(const Request &request, const ColumnMap &map, const pg::Relation &target,
						 pg::ResultRows &result, ChangeSet *changes)
	: request_(request), map_(map), target_(target), result_(result), changes_(changes),
	  generated_(target), context_(pg::pg_call([] {
		  return AllocSetContextCreateInternal(CurrentMemoryContext, "bulk_sync compared row",
											   ALLOCSET_DEFAULT_SIZES);
	  })),
	  image_columns_(json_columns(map.image)), extra_columns_(json_columns(map.extra)),
	  image_(RowValues::with_room_for(static_cast<int>(map.image.size()))),
	  second_(RowValues::with_room_for(
		  static_cast<int>(std::max(map.extra.size(), map.carried.size())))),
	  row_(RowValues::with_room_for(target.tuple_desc()->natts))
{
	for (const InsertDefault &value : map.insert_defaults)
		default_columns_.push_back({value.name, value.type});
	for (const pg::Attribute &attribute : target.attributes())
		target_columns_.push_back({attribute.name, attribute.type});
	std::fill_n(row_.nulls, target.tuple_desc()->natts, true);
}

/* A new row: the columns that get a value before defaults. */
void CompareRows::added(StagedRow *row, uint64 position)
{
	if (changes_ != nullptr)
		changes_->added(row, position);
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	pg::deform_tuple(row->image(), map_.image_desc, image_.values, image_.nulls);
	if (row->extra() != nullptr)
		pg::deform_tuple(row->extra(), map_.extra_desc, second_.values, second_.nulls);

	JsonObjectWriter object;
	object.start();
	auto const add = [&](const Column &column, const JsonColumn &json, Datum value, bool is_null) {
		if (column.inserted && !(column.null_defaults && is_null))
			object.add(json, value, is_null);
	};
	for (std::size_t i = 0; i < map_.image.size(); i++)
		add(map_.image[i], image_columns_[i], image_.values[i], image_.nulls[i]);
	for (std::size_t i = 0; i < map_.extra.size(); i++)
		add(map_.extra[i], extra_columns_[i], second_.values[i], second_.nulls[i]);
	for (std::size_t i = 0; i < map_.insert_defaults.size(); i++)
		object.add(default_columns_[i], map_.insert_defaults[i].value,
				   map_.insert_defaults[i].is_null);
	fields_[key] = key_object(image_);
	fields_[new_row] = object.finish();
	nulls_[old_row] = true;
	nulls_[new_row] = false;
	nulls_[changes] = true;
	put("added");
	MemoryContextSwitchTo(caller);
}

void CompareRows::updated(const ChangedRow &row)
{
	if (changes_ != nullptr)
		changes_->updated(row);
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	load(row.target);
	fields_[key] = key_object(row.old_values);
	fields_[old_row] = whole_row();

	JsonObjectWriter differences;
	differences.start();
	for (std::size_t i = 0; i < map_.image.size(); i++) {
		AttrNumber const column = map_.image[i].target;
		row_.values[column - 1] = row.new_values.values[i];
		row_.nulls[column - 1] = row.new_values.nulls[i];
		if (row.changed[i])
			differences.add_change(image_columns_[i], row.old_values.values[i],
								   row.old_values.nulls[i], row.new_values.values[i],
								   row.new_values.nulls[i]);
	}
	generated_.compute(row_.values, row_.nulls);
	fields_[new_row] = whole_row();
	fields_[changes] = differences.finish();
	nulls_[old_row] = false;
	nulls_[new_row] = false;
	nulls_[changes] = false;
	put("updated");
	MemoryContextSwitchTo(caller);
}

void CompareRows::removed(const TargetRow &row)
{
	if (row.marked)
		return;
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	load(row);
	fields_[key] = key_object(image_);
	fields_[old_row] = whole_row();
	nulls_[old_row] = false;
	nulls_[new_row] = true;
	nulls_[changes] = true;
	put("removed");
	MemoryContextSwitchTo(caller);
}

void CompareRows::unchanged(const TargetRow &row, StagedRow *)
{
	if (!request_.include_unchanged)
		return;
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	load(row);
	fields_[key] = key_object(image_);
	fields_[old_row] = whole_row();
	fields_[new_row] = fields_[old_row];
	nulls_[old_row] = false;
	nulls_[new_row] = false;
	nulls_[changes] = true;
	put("unchanged");
	MemoryContextSwitchTo(caller);
}

/* Takes a row of the target apart into image_ and row_. */
void CompareRows::load(const TargetRow &row)
{
	pg::deform_tuple(row.image(), map_.image_desc, image_.values, image_.nulls);
	for (std::size_t i = 0; i < map_.image.size(); i++) {
		row_.values[map_.image[i].target - 1] = image_.values[i];
		row_.nulls[map_.image[i].target - 1] = image_.nulls[i];
	}
	if (row.carried() == nullptr)
		return;
	pg::deform_tuple(row.carried(), map_.carried_desc, second_.values, second_.nulls);
	for (std::size_t i = 0; i < map_.carried.size(); i++) {
		row_.values[map_.carried[i] - 1] = second_.values[i];
		row_.nulls[map_.carried[i] - 1] = second_.nulls[i];
	}
}

Datum CompareRows::key_object(const RowValues &row)
{
	JsonObjectWriter object;
	object.start();
	for (int i = 0; i < map_.key_count(); i++)
		object.add(image_columns_[i], row.values[i], row.nulls[i]);
	return object.finish();
}

Datum CompareRows::whole_row()
{
	JsonObjectWriter object;
	object.start();
	std::size_t position = 0;
	for (const pg::Attribute &attribute : target_.attributes())
		object.add(target_columns_[position++], row_.values[attribute.number - 1],
				   row_.nulls[attribute.number - 1]);
	return object.finish();
}

void CompareRows::put(const char *status_text)
{
	fields_[status] = CStringGetTextDatum(status_text);
	result_.put(fields_, nulls_);
	MemoryContextReset(context_);
}

} // namespace bulk_sync
