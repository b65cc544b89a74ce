#include "diff/matcher.hpp"

#include <algorithm>

#include "pg/scratch.hpp"

namespace bulk_sync {

namespace {

MemoryContext scratch_context()
{
	return pg::pg_call([] {
		return AllocSetContextCreateInternal(CurrentMemoryContext, "bulk_sync row",
											 ALLOCSET_DEFAULT_SIZES);
	});
}

/* Of a row of either side. */
int most_columns(const ColumnMap &map)
{
	return static_cast<int>(map.image.size() + std::max(map.extra.size(), map.carried.size()));
}

} // namespace

Matcher::Matcher(const ColumnMap &map, StagedRows &rows, DiffSink &sink, DiffResult &result)
	: map_(map), rows_(rows), sink_(sink), result_(result), context_(CurrentMemoryContext),
	  scratch_(scratch_context()), old_(RowValues::with_room_for(most_columns(map))),
	  new_(RowValues::with_room_for(most_columns(map))),
	  key_(RowValues::with_room_for(map.key_count())),
	  changed_(RowValues::with_room_for(static_cast<int>(map.image.size())).nulls)
{
}

void Matcher::build_table()
{
	MemoryContext const caller = MemoryContextSwitchTo(scratch_);
	rows_.build_table(
		[&](StagedRow *left, StagedRow *right) { return staged_have_same_key(left, right); },
		[&](StagedRow *first) { note_duplicate(first, result_.staging_duplicates); });
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch_);
}

/* ---- pages ---- */

void Matcher::append_page(const HeapTupleData *tuples, const uint32 *hashes, int count,
						  std::size_t bytes)
{
	rows_.append_page(
		tuples, hashes, count, bytes,
		[&](StagedRow *left, StagedRow *right) { return staged_have_same_key(left, right); },
		[&](StagedRow *first) { note_duplicate(first, result_.staging_duplicates); });
}

bool Matcher::takes_pages() const noexcept
{
	return !map_.mark && sink_.ignores_unchanged();
}

void Matcher::match_page(const HeapTupleData *tuples, int count, TargetSide &side)
{
	MemoryContext const caller = MemoryContextSwitchTo(scratch_);
	uint64 unchanged = 0;
	for (int begin = 0; begin < count; begin += group_rows)
		unchanged += match_tuples(tuples + begin, std::min(group_rows, count - begin), side);
	result_.counts.matched += unchanged;
	result_.counts.unchanged += unchanged;
	MemoryContextSwitchTo(caller);
	pg::reset_used(scratch_);
}

/* Returns how many have the image of the row that they are the first to match; the others have been
 * counted. */
int Matcher::match_tuples(const HeapTupleData *tuples, int count, TargetSide &side)
{
	uint32 hashes[group_rows];
	StagedRow *candidates[group_rows];
	int same = 0;
	side.hash.of_each(tuples, count, [&](int i, uint32 key_hash) {
		hashes[i] = key_hash;
		rows_.prefetch_slot(key_hash);
	});
	for (int i = 0; i < count; i++)
		candidates[i] = rows_.prefetch_row(hashes[i]);
	for (int i = 0; i < count; i++) {
		TupleView const tuple = TupleView::of(tuples[i]);
		StagedRow *const staged = candidates[i];
		if (staged != nullptr && !staged->matched &&
			side.comparison.is_same(staged->view(), tuple)) {
			rows_.set_matched(staged, false);
			same++;
		} else {
			match({tuple, &side, hashes[i], false, pg::row_id_of(tuples[i])});
		}
	}
	return same;
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

void Matcher::end()
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
	bool is_same = false;
	old_is_row_ = false;
	StagedRow *const staged = rows_.find(row.hash, [&](StagedRow *candidate) {
		is_same = row.side->comparison.is_same(candidate->view(), row.tuple);
		return is_same || is_pair(row, candidate);
	});
	if (staged == nullptr) {
		sink_.removed(row);
		return;
	}
	count_pair(row, staged);
	if (is_same || !compare_columns(row)) {
		result_.counts.unchanged++;
		sink_.unchanged(row, staged);
	} else {
		sink_.updated({row, old_, new_, changed_, staged});
	}
}

/* Have two rows the same key? Then both are taken apart, into old_ and new_. */
bool Matcher::is_pair(const TargetRow &row, StagedRow *staged)
{
	CHECK_FOR_INTERRUPTS(); /* types without a hash function compare with every row */
	if (!old_is_row_)
		row.side->shape.take_apart(row.tuple, old_.values, old_.nulls);
	old_is_row_ = true;
	for (int i = 0; i < map_.key_count(); i++) {
		bool is_null;
		Datum const value = staged_->value(staged->view(), i, is_null);
		if (is_null != old_.nulls[i] || (!is_null && !map_.keys[i].equal(old_.values[i], value)))
			return false;
	}
	staged_->take_apart(staged->view(), new_.values, new_.nulls);
	return true;
}

bool Matcher::staged_have_same_key(StagedRow *left, StagedRow *right) const
{
	for (int i = 0; i < map_.key_count(); i++) {
		bool left_is_null;
		bool right_is_null;
		Datum const one = staged_->value(left->view(), i, left_is_null);
		Datum const other = staged_->value(right->view(), i, right_is_null);
		if (left_is_null != right_is_null || (!left_is_null && !map_.keys[i].equal(one, other)))
			return false;
	}
	return true;
}

void Matcher::count_pair(const TargetRow &row, StagedRow *staged)
{
	if (staged->matched) {
		note_duplicate(staged, result_.target_duplicates);
		if (row.marked || staged->matched_marked)
			result_.marked_among_duplicates = true;
		return;
	}
	rows_.set_matched(staged, row.marked);
	result_.counts.matched++;
}

/* Each key is noted once, however many rows have it. */
void Matcher::note_duplicate(StagedRow *row, KeyList &duplicates)
{
	if (row->duplicate)
		return;
	row->duplicate = 1;
	for (int i = 0; i < map_.key_count(); i++)
		key_.values[i] = staged_->value(row->view(), i, key_.nulls[i]);
	duplicates.add(map_.key_desc, key_.values, key_.nulls);
}

/* Of a pair in old_ and new_. Fills changed_; is any column changed? */
bool Matcher::compare_columns(const TargetRow &row)
{
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
			sink_.added({row, *staged_, position});
	});
}

} // namespace bulk_sync
