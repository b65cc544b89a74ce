#include "diff/change_set.hpp"

#include <algorithm>
#include <new>

#include "pg/scratch.hpp"

namespace bulk_sync {

namespace {

/* Of so many staged rows one has to be new, if the memory of all of them is to be kept while rows
 * are written. */
constexpr uint64 most_kept_for_one = 4;

template <typename Visit> void each_column(const ColumnMap &map, Visit &&visit)
{
	int position = 0;
	for (const Column &column : map.image)
		visit(position++, column);
	for (const Column &column : map.extra)
		visit(position++, column);
}

} // namespace

ChangeSet::ChangeSet(const Plan &plan)
	: map_(plan.map), request_(plan.request), context_(CurrentMemoryContext),
	  deletes_(pg::RowStore::create(deletes_name, delete_store_desc())),
	  updates_(pg::RowStore::create(updates_name, update_store_desc(map_))),
	  inserts_(pg::RowStore::create(inserts_name, insert_store_desc(map_, false))),
	  row_(RowValues::with_room_for(static_cast<int>(
		  row_id_columns + map_.image.size() + std::max(map_.extra.size(), map_.carried.size()))))
{
	changed_columns_.resize(map_.image.size(), false);
	has_null_.resize(map_.image.size() + map_.extra.size(), false);
	has_value_.resize(has_null_.size(), false);
	each_column(map_, [&](int position, const Column &column) {
		if (column.null_defaults)
			defaulting_.push_back(position);
	});
	watch(plan.scope.used);
	watch(plan.keys.used);
}

void ChangeSet::watch(const UsedColumns &used)
{
	for (const pg::Generation &generation : used.generated)
		for (int i = 0; i < list_length(generation.unknown); i++)
			watched_.push_back({list_nth_oid(generation.unknown, i),
								Vector<bool>(map_.image.size(), false), false});
}

/* A table may be there twice. */
void ChangeSet::note_changes(const ChangedRow &row) noexcept
{
	for (WatchedTable &watched : watched_) {
		if (watched.table != row.target.id.table)
			continue;
		watched.any = true;
		for (std::size_t i = 0; i < map_.image.size(); i++)
			watched.changed[i] = watched.changed[i] || row.changed[i];
	}
}

bool ChangeSet::changes_in(Oid table, AttrNumber column) const noexcept
{
	return std::any_of(watched_.begin(), watched_.end(), [&](const WatchedTable &watched) {
		if (watched.table != table)
			return false;
		for (std::size_t i = 0; i < map_.image.size(); i++)
			if (map_.image[i].target == column)
				return static_cast<bool>(watched.changed[i]);
		return watched.any && map_.touches(column);
	});
}

/* A position costs little in the store, and more when the INSERT has to leave it out of its rows,
 * which else go from the store to the table as they are. */
void ChangeSet::expect_disorder()
{
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	inserts_.finish();
	inserts_ = pg::RowStore::create(inserts_name, insert_store_desc(map_, true));
	inserts_have_positions_ = true;
	MemoryContextSwitchTo(caller);
}

void ChangeSet::added(const AddedRow &row)
{
	if (request_.skip_creates) {
		skipped_creates_++;
		return;
	}
	std::size_t const columns = map_.image.size() + map_.extra.size();
	row.shape.take_apart(row.row->view(), row_.values, row_.nulls);
	for (int const column : defaulting_)
		(row_.nulls[column] ? has_null_ : has_value_)[column] = true;
	if (inserts_have_positions_) {
		row_.values[columns] = Int64GetDatum(static_cast<int64>(row.position));
		row_.nulls[columns] = false;
	}
	inserts_.put(row_.values, row_.nulls);
}

bool ChangeSet::all_added(StagedRows &rows, const RowShape &shape)
{
	if (request_.skip_creates) {
		skipped_creates_ += rows.unmatched();
		return true;
	}
	if (rows.unmatched() < rows.count() / most_kept_for_one)
		return false;
	pg::in_context(context_, [&] {
		added_ = new (palloc(sizeof(AddedRowsInMemory))) AddedRowsInMemory(rows, shape);
		note_defaults();
	});
	return true;
}

void ChangeSet::all_added(Spill &spill, const RowShape &shape)
{
	pg::in_context(context_, [&] {
		added_ = new (palloc(sizeof(AddedRowsInFiles))) AddedRowsInFiles(spill, shape);
		note_defaults();
	});
}

/* In which columns some of the kept rows take the default, and in which some do not. */
void ChangeSet::note_defaults()
{
	if (defaulting_.empty())
		return;
	added_->open();
	while (TupleTableSlot *const slot = added_->next()) {
		CHECK_FOR_INTERRUPTS();
		for (int const column : defaulting_)
			(slot_attisnull(slot, added_->attribute(column) + 1) ? has_null_ : has_value_)[column] =
				true;
	}
	added_->close();
}

void ChangeSet::store_added()
{
	int const columns = static_cast<int>(has_null_.size());
	int64 position = 0;
	added_->open();
	while (TupleTableSlot *const slot = added_->next()) {
		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		for (int i = 0; i < columns; i++) {
			row_.values[i] = slot->tts_values[added_->attribute(i)];
			row_.nulls[i] = slot->tts_isnull[added_->attribute(i)];
		}
		/* Rows out of files are all those of staging, and those out of memory have none. */
		if (inserts_have_positions_) {
			row_.values[columns] = Int64GetDatum(position++);
			row_.nulls[columns] = false;
		}
		inserts_.put(row_.values, row_.nulls);
	}
	added_->close();
	added_->release();
}

pg::RowStore &ChangeSet::inserts()
{
	if (added_ != nullptr)
		pg::pg_call([&] { pg::in_context(context_, [&] { store_added(); }); });
	added_ = nullptr;
	return inserts_;
}

InsertStore ChangeSet::insert_store() const
{
	InsertStore store;
	for (std::size_t i = 0; i < has_null_.size(); i++)
		store.defaulted.push_back(defaulted(i));
	store.has_positions = inserts_have_positions_;
	return store;
}

Defaulted ChangeSet::defaulted(std::size_t position) const noexcept
{
	if (!has_null_[position])
		return Defaulted::nowhere;
	return has_value_[position] ? Defaulted::somewhere : Defaulted::everywhere;
}

void ChangeSet::updated(const ChangedRow &row)
{
	if (request_.skip_updates) {
		skipped_updates_++;
		return;
	}
	fill_row_id(row.target.id);
	for (int i = 0; i < map_.image_desc->natts; i++) {
		row_.values[row_id_columns + i] = row.new_values.values[i];
		row_.nulls[row_id_columns + i] = row.new_values.nulls[i];
		if (row.changed[i])
			changed_columns_[i] = true;
	}
	note_changes(row);
	std::size_t const in_image = map_.image.size();
	std::copy_n(row.old_values.values + in_image, map_.carried.size(),
				row_.values + row_id_columns + in_image);
	std::copy_n(row.old_values.nulls + in_image, map_.carried.size(),
				row_.nulls + row_id_columns + in_image);
	updates_.put(row_.values, row_.nulls);
}

void ChangeSet::removed(const TargetRow &row)
{
	if (request_.skip_deletes || row.marked)
		return;
	fill_row_id(row.id);
	deletes_.put(row_.values, row_.nulls);
}

void ChangeSet::fill_row_id(const RowId &id) noexcept
{
	tid_ = id.tid;
	row_.values[0] = ObjectIdGetDatum(id.table);
	row_.values[1] = PointerGetDatum(&tid_);
	row_.values[2] = TransactionIdGetDatum(id.xmin);
	std::fill_n(row_.nulls, row_id_columns, false);
}

void ChangeSet::finish()
{
	if (added_ != nullptr)
		pg::pg_call([&] { added_->release(); });
	deletes_.finish();
	updates_.finish();
	inserts_.finish();
}

} // namespace bulk_sync
