#include "diff/diff.hpp"

#include <algorithm>

#include "pg/scratch.hpp"

namespace bulk_sync {

Diff::Diff(const ColumnMap &map, DiffSink &sink, DiffResult &result, std::size_t limit)
	: map_(map), result_(result), sink_(sink), sides_(map), rows_(limit),
	  matcher_(map, rows_, sink, result), spill_(limit)
{
}

/* ---- staging ---- */

void Diff::expect_staged(double rows, double width) noexcept
{
	expected_rows_ = rows;
	constexpr double header = sizeof(MinimalTupleData) + MAXIMUM_ALIGNOF;
	rows_.expect(rows, rows * (header + width));
}

void Diff::take_stored_staging(TupleDesc desc)
{
	staged_.emplace(map_, RowShape::of_staging(map_, desc), false);
	matcher_.take_staged(staged_->shape);
	pg::pg_call([&] { rows_.begin_table(); });
}

void Diff::form_staging(TupleDesc target)
{
	staged_.emplace(map_, RowShape::formed_staging(map_, target), true);
	matcher_.take_staged(staged_->shape);
}

void Diff::add_staged(const Datum *values, const bool *nulls)
{
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	uint32 const hash = staged_->hash.of(values, nulls);
	StagedRow *const row = staged_space_for(staged_->most_bytes(values, nulls));
	staged_->builder->build(values, nulls, row);
	take_staged(row, hash);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(matcher_.scratch());
}

void Diff::add_staged(const TupleView &tuple, uint32 hash)
{
	StagedRow *const row = staged_space_for(minimal_length(tuple));
	copy_tuple(tuple, row);
	take_staged(row, hash);
}

void Diff::add_staged_page(const HeapTupleData *tuples, int count)
{
	uint32 hashes[MaxHeapTuplesPerPage];
	std::size_t bytes = 0;
	bool const has_table = rows_.has_table();
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	staged_->hash.of_each(tuples, count, [&](int i, uint32 hash) {
		hashes[i] = hash;
		bytes += StagedRow::footprint(minimal_length(TupleView::of(tuples[i])));
		if (has_table)
			rows_.prefetch_slot(hash);
	});
	if (spill_.has_begun() || rows_.is_full_for(bytes, count)) {
		rows_.drop_table();
		for (int i = 0; i < count; i++)
			add_staged(TupleView::of(tuples[i]), hashes[i]);
	} else {
		matcher_.append_page(tuples, hashes, count, bytes);
		result_.counts.staged += count;
	}
	MemoryContextSwitchTo(caller);
	pg::reset_used(matcher_.scratch());
}

StagedRow *Diff::staged_space_for(std::size_t bytes)
{
	if (!spill_.has_begun() && rows_.is_full_for(bytes))
		begin_spill();
	return spill_.has_begun() ? spill_.staged_space_for(bytes) : rows_.reserve(bytes);
}

void Diff::take_staged(StagedRow *row, uint32 hash)
{
	if (spill_.has_begun()) {
		row->start(hash);
		spill_.put(row, result_.counts.staged);
	} else {
		rows_.append(row, hash);
	}
	result_.counts.staged++;
}

void Diff::end_staged()
{
	if (!spill_.has_begun())
		matcher_.build_table();
}

/* Moves the rows in memory to files, of which there are enough for the rows that are expected. */
void Diff::begin_spill()
{
	sink_.expect_disorder();
	result_.divided = true;
	double const parts = expected_rows_ / static_cast<double>(rows_.count() + 1);
	spill_.begin(std::max(2.0, parts));
	rows_.for_each_with_position([&](StagedRow *row, uint64 position) {
		CHECK_FOR_INTERRUPTS();
		row->start(row->hash);
		spill_.put(row, position);
	});
	/* Each batch will find those of its own. */
	result_.staging_duplicates.count = 0;
	rows_.clear();
	rows_.begin_batches();
}

/* ---- target ---- */

void Diff::take_stored_target(TupleDesc desc, Oid table, const AttrNumber *columns)
{
	/* Rows of the table before may still wait. */
	if (!spill_.has_begun())
		pg::pg_call([&] { matcher_.flush(); });
	target_ = sides_.stored(staged_->shape, desc, table, columns, spill_.has_begun());
}

void Diff::form_target(TupleDesc target)
{
	target_ = sides_.formed(staged_->shape, target);
}

void Diff::add_target(const RowId &id, const Datum *values, const bool *nulls)
{
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	TargetRow row;
	row.side = target_;
	row.hash = target_->hash.of(values, nulls);
	row.id = id;
	if (map_.mark)
		note_mark(row, values[*map_.mark], nulls[*map_.mark]);
	std::size_t const most_bytes = target_->most_bytes(values, nulls);
	bool const spills = spill_.has_begun();
	char *const memory = spills ? spill_.space_for(most_bytes) : matcher_.space_for(most_bytes);
	target_->builder->build(values, nulls, memory);
	row.tuple = TupleView::of(reinterpret_cast<MinimalTuple>(memory));
	result_.counts.in_scope++;
	if (spills)
		spill_.put(row);
	else
		matcher_.add(row);
	MemoryContextSwitchTo(caller);
	if (spills)
		MemoryContextReset(matcher_.scratch());
}

void Diff::note_mark(TargetRow &row, Datum mark, bool is_null) noexcept
{
	if (!is_marked(map_, mark, is_null))
		return;
	row.marked = true;
	result_.counts.marked++;
}

void Diff::fill(TargetRow &row, const HeapTupleData &tuple)
{
	row.tuple = TupleView::of(tuple);
	row.side = target_;
	row.hash = target_->hash.of(row.tuple);
	row.id = pg::row_id_of(tuple);
	row.marked = false;
	if (map_.mark) {
		bool is_null;
		Datum const mark = target_->shape.value(row.tuple, *map_.mark, is_null);
		note_mark(row, mark, is_null);
	}
	result_.counts.in_scope++;
}

void Diff::add_target(const HeapTupleData &tuple)
{
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	TargetRow row;
	fill(row, tuple);
	if (spill_.has_begun()) {
		spill_.put(row);
		MemoryContextReset(matcher_.scratch());
	} else {
		char *const memory = matcher_.space_for(minimal_length(row.tuple));
		copy_tuple(row.tuple, memory);
		row.tuple = TupleView::of(reinterpret_cast<MinimalTuple>(memory));
		matcher_.add(row);
	}
	MemoryContextSwitchTo(caller);
}

void Diff::add_target_in_place(const HeapTupleData &tuple)
{
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	if (spill_.has_begun()) {
		TargetRow row;
		fill(row, tuple);
		spill_.put(row);
		MemoryContextReset(matcher_.scratch());
	} else {
		fill(matcher_.place(), tuple);
		matcher_.take();
	}
	MemoryContextSwitchTo(caller);
}

void Diff::add_target_page(const HeapTupleData *tuples, int count)
{
	if (!spill_.has_begun() && matcher_.takes_pages()) {
		result_.counts.in_scope += count;
		matcher_.match_page(tuples, count, *target_);
		return;
	}
	pg::for_each_on_page(tuples, count, [&](int i) { add_target_in_place(tuples[i]); });
	if (!spill_.has_begun())
		matcher_.flush();
}

void Diff::end_target()
{
	if (spill_.has_begun()) {
		run_batches();
	} else {
		matcher_.end();
		if (rows_.unmatched() > 0 && !sink_.all_added(rows_, staged_->shape))
			matcher_.emit_added();
	}
}

/* In a first load nothing has a counterpart: then all batches are kept, so that their rows can be
 * merged into the order of staging. */
void Diff::run_batches()
{
	spill_.end();
	bool keeps = sink_.keeps_new_rows();
	while (Batch *const batch = spill_.next()) {
		bool const has_staged = batch->staged.exists();
		if (!batch->run(matcher_, sides_, keeps)) {
			spill_.divide(batch);
			continue;
		}
		if (batch->is_new && spill_.keep(batch))
			continue;
		keeps = keeps && !has_staged;
		if (!keeps)
			tell_kept();
		if (batch->is_new)
			batch->tell_new(matcher_);
		spill_.finish(batch);
	}
	if (spill_.kept() > 0)
		sink_.all_added(spill_, staged_->shape);
}

void Diff::tell_kept()
{
	while (Batch *const batch = spill_.next_kept()) {
		batch->tell_new(matcher_);
		spill_.finish(batch);
	}
}

} // namespace bulk_sync
