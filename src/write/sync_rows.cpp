#include "write/sync_rows.hpp"

#include "pg/ordered_rows.hpp"
#include "plan/write_statements.hpp"

namespace bulk_sync {

namespace {

template <typename Take> class EachRow final : public pg::RowReceiver {
  public:
	explicit EachRow(Take &take) noexcept : take_(take) {}
	PG_RAISES void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		take_(RowValues{slot->tts_values, slot->tts_isnull});
	}

  private:
	Take &take_;
};

/* Calls take(values) for each row of the store. Throws pg::Error. */
template <typename Take> void each_row(pg::RowStore &store, int order_column, Take &&take)
{
	EachRow<Take> receiver(take);
	pg::read_rows(store, order_column, receiver);
}

PG_RAISES pg::StoredRow fetch(pg::RowVersions &versions, const RowValues &row_id)
{
	return versions.fetch(DatumGetObjectId(row_id.values[0]),
						  reinterpret_cast<ItemPointer>(DatumGetPointer(row_id.values[1])));
}

} // namespace

SyncRows::SyncRows(const Plan &plan, pg::ResultRows &result)
	: plan_(plan), result_(result), writer_(plan, result),
	  key_(RowValues::with_room_for(plan.map.key_count())),
	  old_row_(RowValues::with_room_for(plan.target.tuple_desc()->natts)),
	  new_row_(RowValues::with_room_for(plan.target.tuple_desc()->natts)),
	  changed_(RowValues::with_room_for(plan.target.tuple_desc()->natts).nulls)
{
}

void SyncRows::written(const pg::StoredRow *old_row, const pg::StoredRow *new_row)
{
	writer_.put(action_, [&] {
		RowValues before;
		RowValues after;
		if (old_row != nullptr)
			before = complete(*old_row, old_row_);
		if (new_row != nullptr)
			after = complete(*new_row, new_row_);
		set_key(old_row != nullptr ? before : after);
		if (old_row == nullptr)
			writer_.set_new(after);
		else if (new_row == nullptr)
			writer_.set_old(before);
		else
			writer_.set_pair(before, after, nullptr);
	});
}

/* The values of a stored row, with its virtual columns, for which there is room. */
RowValues SyncRows::complete(const pg::StoredRow &stored, const RowValues &room)
{
	if (!writer_.generated().has_virtual())
		return {stored.values, stored.nulls};
	std::copy_n(stored.values, plan_.target.tuple_desc()->natts, room.values);
	std::copy_n(stored.nulls, plan_.target.tuple_desc()->natts, room.nulls);
	writer_.generated().compute_virtual(room.values, room.nulls, stored.table);
	return room;
}

void SyncRows::set_key(const RowValues &row)
{
	for (int i = 0; i < plan_.map.key_count(); i++) {
		AttrNumber const column = plan_.map.image[i].target;
		key_.values[i] = row.values[column - 1];
		key_.nulls[i] = row.nulls[column - 1];
	}
	writer_.set_key(key_);
}

void SyncRows::foresee(ChangeSet &changes, Snapshot snapshot)
{
	pg::RowVersions versions(plan_.target, snapshot);
	begin("deleted");
	each_row(changes.deletes(), 0, [&](const RowValues &row) {
		pg::StoredRow const old_row = fetch(versions, row);
		written(&old_row, nullptr);
	});
	begin("updated");
	each_row(changes.updates(), 0, [&](const RowValues &row) {
		foresee_update(fetch(versions, row),
					   {row.values + row_id_columns, row.nulls + row_id_columns});
	});
	begin("created");
	each_row(changes.inserts(), position_column(changes.insert_store()),
			 [&](const RowValues &row) { foresee_insert(row); });
	pg::pg_call([&] { versions.finish(); });
}

/* A row that gets the values of this image. */
void SyncRows::foresee_update(const pg::StoredRow &stored, const RowValues &image)
{
	writer_.put(action_, [&] {
		int const columns = plan_.target.tuple_desc()->natts;
		RowValues const before = complete(stored, old_row_);
		std::copy_n(before.values, columns, new_row_.values);
		std::copy_n(before.nulls, columns, new_row_.nulls);
		for (std::size_t i = 0; i < plan_.map.image.size(); i++) {
			int const at = plan_.map.image[i].target - 1;
			new_row_.values[at] = image.values[i];
			new_row_.nulls[at] = image.nulls[i];
			changed_[at] = RowWriter::differs(plan_.map.image[i].type, before, new_row_, at);
		}
		writer_.touch(new_row_);
		for (const TouchedColumn &touched : plan_.map.touched)
			changed_[touched.column - 1] = true;
		set_key(before);
		writer_.generated().compute(new_row_.values, new_row_.nulls, changed_, stored.table);
		writer_.set_pair(before, new_row_, nullptr);
	});
}

void SyncRows::foresee_insert(const RowValues &staged)
{
	writer_.put(action_, [&] {
		writer_.set_key(staged);
		writer_.set_added(staged);
	});
}

} // namespace bulk_sync
