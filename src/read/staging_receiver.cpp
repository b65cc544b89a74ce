#include "read/staging_receiver.hpp"

#include <algorithm>

#include "pg/error_context.hpp"
#include "pg/fail.hpp"

namespace bulk_sync {

bool needs_no_conversion(const ColumnMap &map)
{
	if (map.mark)
		return false;
	auto const as_it_is = [](const Column &column) {
		return column.conversion.kind() == pg::Conversion::Kind::none;
	};
	return std::all_of(map.image.begin(), map.image.end(), as_it_is) &&
		   std::all_of(map.extra.begin(), map.extra.end(), as_it_is);
}

pg::Parallel parallel_for_staging(const ColumnMap &map)
{
	auto const is_safe = [](const Column &column) { return column.conversion.is_parallel_safe(); };
	return map.keys_are_parallel_safe() &&
				   std::all_of(map.image.begin(), map.image.end(), is_safe) &&
				   std::all_of(map.extra.begin(), map.extra.end(), is_safe)
			   ? pg::Parallel::allowed
			   : pg::Parallel::forbidden;
}

void refuse_policies(const Staging &staging)
{
	pg::fail(
		{.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
		 .message = pg::format("row-level security policies apply to %s", staging.description()),
		 .detail = "Rows that a policy hides would be missing in staging, and their "
				   "counterparts in the target deleted.",
		 .hint = "Copy the rows that are meant into a temporary table and use that as "
				 "staging."});
}

void tell_of_staging(const Diff &diff, uint64 before, Observer &observer) noexcept
{
	if (diff.counts().staged / Observer::told_rows != before / Observer::told_rows)
		observer.reading(diff.counts().staged);
}

StagingReceiver::StagingReceiver(const StagedColumns &columns, Diff &diff, Observer &observer)
	: map_(columns.map), description_(columns.description), diff_(diff), observer_(observer),
	  keeps_pointers_(columns.keeps_pointers), check_(columns.check),
	  converts_(!needs_no_conversion(map_)),
	  row_(RowValues::with_room_for(static_cast<int>(map_.image.size() + map_.extra.size()))),
	  scratch_("bulk_sync conversion")
{
	if (keeps_pointers_)
		return;
	for (std::size_t i = 0; i < map_.image.size() + map_.extra.size(); i++)
		if (map_.column_at(i).type.is_varlena())
			varlenas_.push_back(static_cast<int>(i));
}

void StagingReceiver::row(TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	if (!converts_ && !has_pointer(slot)) {
		if (check_ != nullptr)
			check_->look_at(slot->tts_values, slot->tts_isnull);
		diff_.add_staged(slot->tts_values, slot->tts_isnull);
	} else {
		convert_and_add(slot);
	}
	tell_of_staging(diff_, diff_.counts().staged - 1, observer_);
}

/* Is a value elsewhere, where it is not known how long it stays? */
bool StagingReceiver::has_pointer(TupleTableSlot *slot) const noexcept
{
	for (int const column : varlenas_)
		if (!slot->tts_isnull[column] &&
			VARATT_IS_EXTERNAL(DatumGetPointer(slot->tts_values[column])))
			return true;
	return false;
}

void StagingReceiver::convert_and_add(TupleTableSlot *slot)
{
	slot_ = slot;
	scratch_.keep([&] { pg::with_error_context([&] { add_context(); }, [&] { convert_row(); }); });
	if (check_ != nullptr)
		check_->look_at(row_.values, row_.nulls);
	diff_.add_staged(row_.values, row_.nulls);
	scratch_.reset();
}

void StagingReceiver::convert_row()
{
	position_ = 0;
	staged_ = 0;
	for (const Column &column : map_.image)
		convert(column);
	for (const Column &column : map_.extra)
		convert(column);
	fill_mark(map_, row_);
}

void StagingReceiver::convert(const Column &column)
{
	if (column.is_mark()) {
		position_++;
		return;
	}
	Datum value = slot_->tts_values[staged_];
	bool is_null = slot_->tts_isnull[staged_];
	/* A domain may forbid the NULL that stands for a default; the column is NOT NULL anyway. */
	bool const converts_null = column.conversion.converts_null() && !column.null_defaults;
	if (column.conversion.kind() != pg::Conversion::Kind::none && (!is_null || converts_null))
		value = column.conversion.apply(value, is_null);
	/* A pointer into a TOAST table outlives the scan only when we hold that table. */
	if (!is_null && !keeps_pointers_ && column.type.is_varlena())
		value = pg::without_toast_pointer(value);
	row_.values[position_] = value;
	row_.nulls[position_] = is_null;
	position_++;
	staged_++;
}

/* column "age" of staging relation "import", value "x1", key (name)=(Bob) */
void StagingReceiver::add_context()
{
	TupleTableSlot *const slot = slot_;
	if (slot == nullptr)
		return;
	/* Printing a value may raise, which must not bring us here again. After a notice the
	 * conversion goes on, with the slot put back. */
	slot_ = nullptr;
	/* A Gather has no names for its columns. */
	TupleDesc const desc = CreateTupleDescCopy(slot->tts_tupleDescriptor);
	for (int i = 0; i < map_.key_count(); i++)
		namestrcpy(&TupleDescAttr(desc, i)->attname, map_.image[i].name);
	const char *const key =
		pg::describe_values(desc, slot->tts_values, slot->tts_isnull, map_.key_count());
	const char *const value = pg::describe_value(desc, slot->tts_values, slot->tts_isnull, staged_);
	errcontext("column \"%s\" of %s, value %s, key %s", map_.column_at(position_).name,
			   description_, value, key);
	slot_ = slot;
}

} // namespace bulk_sync
