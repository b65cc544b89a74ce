#include "diff/compare_rows.hpp"

#include <algorithm>

#include "pg/error_context.hpp"

namespace bulk_sync {

using pg::JsonColumn;
using pg::JsonObjectWriter;
using pg::JsonText;

CompareRows::CompareRows(const Plan &plan, pg::ResultRows &result, ChangeSet *changes)
	: request_(plan.request), map_(plan.map), target_(plan.target), result_(result),
	  changes_(changes), generated_(plan.target, plan.computing_members),
	  scratch_("bulk_sync compared row"), column_positions_(target_.tuple_desc()->natts),
	  old_texts_(target_.tuple_desc()->natts), new_texts_(target_.tuple_desc()->natts),
	  row_(RowValues::with_room_for(target_.tuple_desc()->natts)),
	  new_row_(RowValues::with_room_for(target_.tuple_desc()->natts)),
	  image_(RowValues::with_room_for(
		  static_cast<int>(map_.image.size() + std::max(map_.extra.size(), map_.carried.size())))),
	  changed_(RowValues::with_room_for(target_.tuple_desc()->natts).nulls)
{
	for (const pg::Attribute &attribute : target_.attributes()) {
		column_positions_[attribute.number - 1] = static_cast<int>(columns_.size());
		columns_.push_back({attribute.name, attribute.type});
	}
	std::fill_n(row_.nulls, target_.tuple_desc()->natts, true);
}

/* column "tone" of "paint", key (id)=(2) */
void CompareRows::add_context()
{
	AttrNumber const computed = generated_.computing();
	const char *const column =
		computed != InvalidAttrNumber ? json(computed).name() : written_column_;
	const char *const key = key_ == nullptr ? nullptr
											: pg::describe_values(map_.key_desc, key_->values,
																  key_->nulls, map_.key_count());
	const char *const target = target_.name();
	if (column != nullptr && key != nullptr)
		errcontext("column \"%s\" of \"%s\", key %s", column, target, key);
	else if (column != nullptr)
		errcontext("column \"%s\" of \"%s\"", column, target);
	else if (key != nullptr)
		errcontext("row of \"%s\", key %s", target, key);
}

/* Puts a row of the result: the key, which is in front of `row`, and what write() fills in. */
template <typename Write>
void CompareRows::put(const char *status_text, const RowValues &row, Write &&write)
{
	pg::with_error_context([&] { add_context(); },
						   [&] {
							   values_.start();
							   key_ = nullptr;
							   pg::with_exact_output([&] { fields_[key] = key_object(row); });
							   key_ = &row;
							   write();
							   fields_[status] = CStringGetTextDatum(status_text);
							   result_.put(fields_, nulls_);
						   });
}

/* Which of old, new and changes the row of the result has. */
void CompareRows::set_fields(bool has_old, bool has_new, bool has_changes) noexcept
{
	nulls_[old_row] = !has_old;
	nulls_[new_row] = !has_new;
	nulls_[changes] = !has_changes;
}

/* A new row: the columns that get a value before defaults. */
void CompareRows::added(const AddedRow &row)
{
	if (changes_ != nullptr)
		changes_->added(row);
	scratch_.run([&] {
		row.shape.take_apart(row.row->view(), image_.values, image_.nulls);
		set_fields(false, true, false);
		put("added", image_,
			[&] { pg::with_exact_output([&] { fields_[new_row] = new_object(); }); });
	});
}

Datum CompareRows::new_object()
{
	JsonObjectWriter object;
	object.start(values_);
	auto const add = [&](const Column &column, Datum value, bool is_null) {
		if (column.inserted && !(column.null_defaults && is_null))
			object.add(json(column.target), write(json(column.target), value, is_null));
	};
	for (std::size_t i = 0; i < map_.image.size() + map_.extra.size(); i++)
		add(map_.column_at(i), image_.values[i], image_.nulls[i]);
	for (const InsertDefault &value : map_.insert_defaults)
		object.add(json(value.column), write(json(value.column), value.value, value.is_null));
	written_column_ = nullptr;
	return object.finish();
}

void CompareRows::updated(const ChangedRow &row)
{
	if (changes_ != nullptr)
		changes_->updated(row);
	scratch_.run([&] {
		load(row.target);
		load_new(row);
		set_fields(true, true, true);
		put("updated", row.old_values, [&] {
			generated_.compute(new_row_.values, new_row_.nulls, changed_, row.target.id.table);
			pg::with_exact_output([&] { write_pair(row); });
		});
	});
}

/* The row as it would be stored, but for generated columns. */
void CompareRows::load_new(const ChangedRow &row)
{
	int const columns = target_.tuple_desc()->natts;
	std::copy_n(row_.values, columns, new_row_.values);
	std::copy_n(row_.nulls, columns, new_row_.nulls);
	for (std::size_t i = 0; i < map_.image.size(); i++) {
		AttrNumber const column = map_.image[i].target;
		new_row_.values[column - 1] = row.new_values.values[i];
		new_row_.nulls[column - 1] = row.new_values.nulls[i];
		changed_[column - 1] = row.changed[i];
	}
}

void CompareRows::write_pair(const ChangedRow &row)
{
	JsonObjectWriter old_object;
	JsonObjectWriter new_object;
	old_object.start(values_);
	new_object.start(values_);
	for (const pg::Attribute &attribute : target_.attributes()) {
		AttrNumber const column = attribute.number;
		write_both(attribute);
		old_object.add(json(column), old_texts_[column - 1]);
		new_object.add(json(column), new_texts_[column - 1]);
	}
	JsonObjectWriter differences;
	differences.start(values_);
	for (std::size_t i = 0; i < map_.image.size(); i++) {
		AttrNumber const column = map_.image[i].target;
		if (row.changed[i])
			differences.add_change(json(column), old_texts_[column - 1], new_texts_[column - 1]);
	}
	written_column_ = nullptr;
	fields_[old_row] = old_object.finish();
	fields_[new_row] = new_object.finish();
	fields_[changes] = differences.finish();
}

/* A column's old and new value; one that is the same is written once. */
void CompareRows::write_both(const pg::Attribute &attribute)
{
	int const at = attribute.number - 1;
	const JsonColumn &column = json(attribute.number);
	Datum const values[] = {row_.values[at], new_row_.values[at]};
	bool const nulls[] = {row_.nulls[at], new_row_.nulls[at]};
	bool const same =
		nulls[0] == nulls[1] && (nulls[0] || values[0] == values[1] ||
								 pg::same_image(attribute.type, values[0], values[1]));
	if (same) {
		old_texts_[at] = write(column, values[0], nulls[0]);
		new_texts_[at] = old_texts_[at];
		return;
	}
	JsonText texts[2];
	written_column_ = column.name();
	values_.add_pair(column, values, nulls, texts);
	old_texts_[at] = texts[0];
	new_texts_[at] = texts[1];
}

void CompareRows::removed(const TargetRow &row)
{
	if (row.marked)
		return;
	scratch_.run([&] {
		load(row);
		set_fields(true, false, false);
		put("removed", image_,
			[&] { pg::with_exact_output([&] { fields_[old_row] = whole_row(); }); });
	});
}

void CompareRows::unchanged(const TargetRow &row, StagedRow *)
{
	if (!request_.include_unchanged)
		return;
	scratch_.run([&] {
		load(row);
		set_fields(true, true, false);
		put("unchanged", image_, [&] {
			pg::with_exact_output([&] { fields_[old_row] = whole_row(); });
			fields_[new_row] = fields_[old_row];
		});
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
	for (const Column &column : map_.image)
		set(column.target, i++);
	for (AttrNumber const number : map_.carried)
		set(number, i++);
}

JsonText CompareRows::write(const JsonColumn &column, Datum value, bool is_null)
{
	written_column_ = column.name();
	return values_.add(column, value, is_null);
}

Datum CompareRows::key_object(const RowValues &row)
{
	JsonObjectWriter object;
	object.start(values_);
	for (int i = 0; i < map_.key_count(); i++) {
		const JsonColumn &column = json(map_.image[i].target);
		object.add(column, write(column, row.values[i], row.nulls[i]));
	}
	written_column_ = nullptr;
	return object.finish();
}

Datum CompareRows::whole_row()
{
	JsonObjectWriter object;
	object.start(values_);
	for (const pg::Attribute &attribute : target_.attributes()) {
		AttrNumber const column = attribute.number;
		object.add(json(column),
				   write(json(column), row_.values[column - 1], row_.nulls[column - 1]));
	}
	written_column_ = nullptr;
	return object.finish();
}

} // namespace bulk_sync
