#include "diff/diff.hpp"

#include <algorithm>
#include <utility>

namespace bulk_sync {

DiffSide::DiffSide(const ColumnMap &map, RowShape &&of, bool forms)
	: shape(std::move(of)), hash(map, shape)
{
	if (forms)
		builder.emplace(shape.desc(), shape.sources());
}

std::size_t DiffSide::most_bytes(const Datum *values, const bool *nulls) const
{
	std::size_t const bytes = builder->most_bytes(values, nulls);
	/* The server forms no larger rows either, and lengths count on it. */
	if (bytes > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("row is too large for bulk_sync: %zu bytes, maximum %zu", bytes,
							   MaxAllocSize)));
	return bytes;
}

Diff::Diff(const ColumnMap &map, DiffSink &sink, DiffResult &result, std::size_t limit)
	: map_(map), result_(result), sink_(sink), rows_(limit), matcher_(map, rows_, sink, result),
	  spill_(limit)
{
}

/* ---- staging ---- */

void Diff::expect_staged(double rows, double width) noexcept
{
	expected_rows_ = rows;
	constexpr double header = sizeof(MinimalTupleData) + MAXIMUM_ALIGNOF;
	rows_.expect(rows * (header + width));
}

void Diff::take_stored_staging(TupleDesc desc)
{
	staged_.emplace(map_, RowShape::of_staging(map_, desc), false);
	matcher_.take_staged(staged_->shape);
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

void Diff::add_staged(const TupleView &tuple)
{
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	uint32 const hash = staged_->hash.of(tuple);
	StagedRow *const row = staged_space_for(minimal_length(tuple));
	copy_tuple(tuple, row);
	take_staged(row, hash);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(matcher_.scratch());
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
		spill_.put(row, position);
	});
	rows_.clear();
	rows_.begin_batches();
}

/* ---- target ---- */

void Diff::take_stored_target(TupleDesc desc)
{
	target_.emplace(map_, RowShape::of_target(map_, desc), false);
	matcher_.begin(target_->shape);
}

void Diff::form_target(TupleDesc target)
{
	target_.emplace(map_, RowShape::formed_target(map_, target, staged_->shape), true);
	matcher_.begin(target_->shape);
}

void Diff::add_target(const RowId &id, const Datum *values, const bool *nulls)
{
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	TargetRow row;
	row.shape = &target_->shape;
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
	row.shape = &target_->shape;
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

void Diff::flush_target()
{
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
		if (!batch->run(matcher_, target_->shape, keeps)) {
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
