#include "diff/row_writer.hpp"

#include "pg/expression.hpp"
#include "plan/touched.hpp"

namespace bulk_sync {

using pg::JsonColumn;
using pg::JsonObjectWriter;
using pg::JsonText;

RowWriter::RowWriter(const Plan &plan, pg::ResultRows &result)
	: map_(plan.map), target_(plan.target), result_(result),
	  generated_(plan.target, plan.computing_members), scratch_("bulk_sync row of the result"),
	  column_positions_(target_.tuple_desc()->natts)
{
	for (const pg::Attribute &attribute : target_.attributes()) {
		column_positions_[attribute.number - 1] = static_cast<int>(columns_.size());
		columns_.push_back({attribute.name, attribute.type});
	}
	if (!plan.request.foresees_rows)
		return;
	for (const TouchedColumn &column : map_.touched) {
		InsertDefault &touched = touched_.emplace_back();
		touched.column = column.column;
		touched.value = pg::evaluate(value_of(column), touched.is_null);
	}
}

void RowWriter::touch(RowValues &row) const noexcept
{
	for (const InsertDefault &touched : touched_) {
		row.values[touched.column - 1] = touched.value;
		row.nulls[touched.column - 1] = touched.is_null;
	}
}

/* column "tone" of "paint", key (id)=(2) */
void RowWriter::add_context()
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

void RowWriter::start()
{
	values_.start();
	key_ = nullptr;
	std::fill_n(nulls_, static_cast<int>(field_count), true);
}

void RowWriter::finish(const char *action)
{
	set(action_text, CStringGetTextDatum(action));
	result_.put(fields_, nulls_);
}

void RowWriter::set_key(const RowValues &key)
{
	pg::with_exact_output([&] {
		JsonObjectWriter object;
		object.start(values_);
		for (int i = 0; i < map_.key_count(); i++) {
			const JsonColumn &column = json(map_.image[i].target);
			object.add(column, write(column, key.values[i], key.nulls[i]));
		}
		written_column_ = nullptr;
		set(key_object, object.finish());
	});
	key_ = &key;
}

void RowWriter::set_old(const RowValues &row)
{
	pg::with_exact_output([&] { set(old_object, whole(row)); });
}

void RowWriter::set_new(const RowValues &row)
{
	pg::with_exact_output([&] { set(new_object, whole(row)); });
}

void RowWriter::set_same(const RowValues &row)
{
	set_old(row);
	set(new_object, fields_[old_object]);
}

void RowWriter::set_pair(const RowValues &old_row, const RowValues &new_row, const bool *changed)
{
	pg::with_exact_output([&] { write_pair(old_row, new_row, changed); });
}

void RowWriter::set_added(const RowValues &staged)
{
	pg::with_exact_output([&] { set(new_object, added(staged)); });
}

void RowWriter::write_pair(const RowValues &old_row, const RowValues &new_row, const bool *changed)
{
	JsonObjectWriter old_members;
	JsonObjectWriter new_members;
	JsonObjectWriter differences;
	old_members.start(values_);
	new_members.start(values_);
	differences.start(values_);
	for (const pg::Attribute &attribute : target_.attributes()) {
		const JsonColumn &column = json(attribute.number);
		JsonText texts[2];
		bool const same = write_both(attribute, old_row, new_row, texts);
		old_members.add(column, texts[0]);
		new_members.add(column, texts[1]);
		if (changed == nullptr ? !same : changed[attribute.number - 1])
			differences.add_change(column, texts[0], texts[1]);
	}
	written_column_ = nullptr;
	set(old_object, old_members.finish());
	set(new_object, new_members.finish());
	set(changes_object, differences.finish());
}

/* A column's old and new value; one that is the same is written once. Returns whether it is. */
bool RowWriter::write_both(const pg::Attribute &attribute, const RowValues &old_row,
						   const RowValues &new_row, JsonText texts[2])
{
	int const at = attribute.number - 1;
	const JsonColumn &column = json(attribute.number);
	if (!differs(attribute.type, old_row, new_row, at)) {
		texts[0] = write(column, old_row.values[at], old_row.nulls[at]);
		texts[1] = texts[0];
		return true;
	}
	Datum const values[] = {old_row.values[at], new_row.values[at]};
	bool const nulls[] = {old_row.nulls[at], new_row.nulls[at]};
	written_column_ = column.name();
	values_.add_pair(column, values, nulls, texts);
	return false;
}

Datum RowWriter::added(const RowValues &staged)
{
	JsonObjectWriter object;
	object.start(values_);
	auto const add = [&](AttrNumber column, Datum value, bool is_null) {
		object.add(json(column), write(json(column), value, is_null));
	};
	for (std::size_t i = 0; i < map_.image.size() + map_.extra.size(); i++) {
		const Column &column = map_.column_at(i);
		if (column.inserted && !(column.null_defaults && staged.nulls[i]))
			add(column.target, staged.values[i], staged.nulls[i]);
	}
	for (const InsertDefault &value : map_.insert_defaults)
		add(value.column, value.value, value.is_null);
	for (const InsertDefault &touched : touched_)
		add(touched.column, touched.value, touched.is_null);
	written_column_ = nullptr;
	return object.finish();
}

JsonText RowWriter::write(const JsonColumn &column, Datum value, bool is_null)
{
	written_column_ = column.name();
	return values_.add(column, value, is_null);
}

Datum RowWriter::whole(const RowValues &row)
{
	JsonObjectWriter object;
	object.start(values_);
	for (const pg::Attribute &attribute : target_.attributes()) {
		int const at = attribute.number - 1;
		object.add(json(attribute.number),
				   write(json(attribute.number), row.values[at], row.nulls[at]));
	}
	written_column_ = nullptr;
	return object.finish();
}

} // namespace bulk_sync
