#include "diff/matcher.hpp"

#include <algorithm>

namespace bulk_sync {

namespace {

MemoryContext scratch_context()
{
	return pg::pg_call([] {
		return AllocSetContextCreateInternal(CurrentMemoryContext, "bulk_sync row",
											 ALLOCSET_DEFAULT_SIZES);
	});
}

} // namespace

Matcher::Matcher(const ColumnMap &map, StagedRows &rows, DiffSink &sink, DiffResult &result)
	: map_(map), rows_(rows), sink_(sink), result_(result), context_(CurrentMemoryContext),
	  scratch_(scratch_context()), old_(RowValues::with_room_for(map.image_desc->natts)),
	  new_(RowValues::with_room_for(map.image_desc->natts)),
	  changed_(RowValues::with_room_for(map.image_desc->natts).nulls)
{
}

void Matcher::build_table()
{
	MemoryContext const caller = MemoryContextSwitchTo(scratch_);
	rows_.build_table(
		[&](StagedRow *first) { rows_.note_duplicate(first, result_.staging_duplicates); });
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch_);
}

/* ---- groups ---- */

void Matcher::make_space(std::size_t bytes)
{
	match_group();
	if (bytes <= size_)
		return;
	if (memory_ != nullptr)
		pfree(memory_);
	memory_ = nullptr;
	size_ = std::max(bytes, group_bytes);
	memory_ = static_cast<char *>(MemoryContextAllocExtended(context_, size_, MCXT_ALLOC_HUGE));
}

void Matcher::match_group()
{
	MemoryContext const caller = MemoryContextSwitchTo(scratch_);
	for (int i = 0; i < grouped_; i++)
		rows_.prefetch_row(group_[i].hash);
	for (int i = 0; i < grouped_; i++)
		match(group_[i]);
	grouped_ = 0;
	used_ = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch_);
}

void Matcher::flush()
{
	match_group();
	if (size_ <= group_bytes)
		return;
	pfree(memory_);
	memory_ = nullptr;
	size_ = 0;
}

/* ---- pairs ---- */

void Matcher::match(const TargetRow &row)
{
	bool same_bytes = false;
	StagedRow *const staged = rows_.find(row.hash, [&](StagedRow *candidate) {
		same_bytes = pg::same_bytes(row.image(), candidate->image());
		return same_bytes || has_same_key(row, candidate);
	});
	if (staged == nullptr) {
		sink_.removed(row);
		return;
	}
	count_pair(row, staged);
	if (same_bytes || !compare_columns(row, staged)) {
		result_.counts.unchanged++;
		sink_.unchanged(row, staged);
	} else {
		sink_.updated({row, old_, new_, changed_, staged});
	}
}

bool Matcher::has_same_key(const TargetRow &row, StagedRow *staged)
{
	CHECK_FOR_INTERRUPTS(); /* types without a hash function compare with every row */
	return rows_.same_key(row.image(), staged->image());
}

void Matcher::count_pair(const TargetRow &row, StagedRow *staged)
{
	if (staged->matched) {
		rows_.note_duplicate(staged, result_.target_duplicates);
		if (row.marked || staged->matched_marked)
			result_.marked_among_duplicates = true;
		return;
	}
	rows_.set_matched(staged, row.marked);
	result_.counts.matched++;
}

/* Fills old_, new_ and changed_; is any column changed? */
bool Matcher::compare_columns(const TargetRow &row, StagedRow *staged)
{
	pg::deform_tuple(row.image(), map_.image_desc, old_.values, old_.nulls);
	pg::deform_tuple(staged->image(), map_.image_desc, new_.values, new_.nulls);
	bool any = false;
	for (int i = 0; i < map_.image_desc->natts; i++) {
		const Column &column = map_.image[i];
		bool const same =
			!column.updated || (column.is_mark() && !row.marked) ||
			(old_.nulls[i] == new_.nulls[i] &&
			 (old_.nulls[i] || pg::same_image(column.type, old_.values[i], new_.values[i])));
		changed_[i] = !same;
		any = any || !same;
		if (same) {
			/* The old value keeps its TOAST pointer, and an update that stores the same pointer
			 * again leaves the TOAST table alone. */
			new_.values[i] = old_.values[i];
			new_.nulls[i] = old_.nulls[i];
		}
	}
	return any;
}

/* In the common case, that all rows have a counterpart, they are not looked at. */
void Matcher::emit_added()
{
	if (rows_.matched() == rows_.count())
		return;
	rows_.for_each_with_position([&](StagedRow *row, uint64 position) {
		CHECK_FOR_INTERRUPTS();
		if (!row->matched)
			sink_.added(row, position);
	});
}

} // namespace bulk_sync
