#include "diff/diff.hpp"

#include <algorithm>

namespace bulk_sync {

namespace {

constexpr uint64 hash_of_null = UINT64CONST(0x2545F4914F6CDD1D);

} // namespace

Diff::Diff(const ColumnMap &map, DiffSink &sink, DiffResult &result, std::size_t limit)
	: map_(map), sink_(sink), result_(result), staged_builder_(map.image_desc, map.extra_desc),
	  target_builder_(map.image_desc, map.carried_desc), rows_(map, limit),
	  matcher_(map, rows_, sink, result), spill_(limit)
{
}

uint64 Diff::hash_key(const Datum *values, const bool *nulls) const
{
	uint64 hash = 0;
	for (int i = 0; i < map_.key_count(); i++)
		hash = pg::hash_combine(hash, nulls[i] ? hash_of_null : map_.keys[i].hash(values[i]));
	return hash;
}

/* ---- staging ---- */

void Diff::add_staged(const Datum *values, const bool *nulls)
{
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	uint64 const hash = hash_key(values, nulls);
	std::size_t const most_bytes = staged_builder_.most_bytes(values, nulls);

	if (!spill_.has_begun() && rows_.is_full_for(most_bytes))
		begin_spill();
	if (spill_.has_begun()) {
		StagedRow *const row = spill_.staged_space_for(most_bytes);
		row->start(hash, staged_builder_.build(values, nulls, row->bytes()));
		spill_.put(row, result_.counts.staged);
	} else {
		StagedRow *const row = rows_.reserve(most_bytes);
		rows_.append(row, hash, staged_builder_.build(values, nulls, row->bytes()));
	}
	result_.counts.staged++;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(matcher_.scratch());
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
}

/* ---- target ---- */

void Diff::add_target(const RowId &id, const Datum *values, const bool *nulls)
{
	MemoryContext const caller = MemoryContextSwitchTo(matcher_.scratch());
	TargetRow row;
	row.hash = hash_key(values, nulls);
	row.id = id;
	if (is_marked(map_, values, nulls)) {
		row.marked = true;
		result_.counts.marked++;
	}
	std::size_t const most_bytes = target_builder_.most_bytes(values, nulls);
	bool const spills = spill_.has_begun();
	row.bytes = spills ? spill_.space_for(most_bytes) : matcher_.space_for(most_bytes);
	row.extent = target_builder_.build(values, nulls, row.bytes);
	result_.counts.in_scope++;
	if (spills) {
		spill_.put(row);
		MemoryContextReset(matcher_.scratch());
	} else {
		matcher_.add(row);
	}
	MemoryContextSwitchTo(caller);
}

void Diff::end_target()
{
	if (spill_.has_begun()) {
		run_batches();
	} else {
		matcher_.flush();
		matcher_.emit_added();
	}
}

void Diff::run_batches()
{
	spill_.end();
	while (Batch *const batch = spill_.next())
		if (batch->run(matcher_))
			spill_.finish(batch);
		else
			spill_.divide(batch);
}

} // namespace bulk_sync
