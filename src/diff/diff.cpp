#include "diff/diff.hpp"

#include <algorithm>

#include "pg/progress.hpp"

namespace bulk_sync {

namespace {

constexpr uint64 hash_of_null = UINT64CONST(0x2545F4914F6CDD1D);

MemoryContext scratch_context()
{
	return pg::pg_call([] {
		return AllocSetContextCreateInternal(CurrentMemoryContext, "bulk_sync row",
											 ALLOCSET_DEFAULT_SIZES);
	});
}

} // namespace

Diff::Diff(const ColumnMap &map, DiffSink &sink, std::size_t limit)
	: map_(map), sink_(sink), limit_(limit), context_(CurrentMemoryContext),
	  scratch_(scratch_context()), staged_former_(map.image_desc, map.extra_desc),
	  target_former_(map.image_desc, map.carried_desc), rows_(map, limit),
	  old_(RowValues::with_room_for(map.image_desc->natts)),
	  new_(RowValues::with_room_for(map.image_desc->natts)),
	  changed_(RowValues::with_room_for(map.image_desc->natts).nulls)
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

void Diff::expect_staged(double rows) noexcept
{
	expected_rows_ = rows;
	pg::report_expected_rows(pg::ProgressField::staging_total, rows);
}

void Diff::expect_target(double rows) noexcept
{
	pg::report_expected_rows(pg::ProgressField::target_total, rows);
}

void Diff::add_staged(const Datum *values, const bool *nulls)
{
	MemoryContext const caller = MemoryContextSwitchTo(scratch_);
	uint64 const hash = hash_key(values, nulls);
	std::size_t const most_bytes = staged_former_.most_bytes(values, nulls);

	if (++counts_.staged % reported_rows == 0)
		pg::report_progress(pg::ProgressField::staging_scanned, static_cast<int64>(counts_.staged));
	if (!batches_ && rows_.is_full_for(most_bytes))
		divide_rows();
	if (batches_) {
		StagedRow *const row = spare_row(most_bytes);
		row->start(hash, staged_former_.form(values, nulls, row->bytes()));
		batches_->put(row, counts_.staged - 1);
	} else {
		StagedRow *const row = rows_.reserve(most_bytes);
		rows_.append(row, hash, staged_former_.form(values, nulls, row->bytes()));
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch_);
}

void Diff::end_staged()
{
	pg::report_progress(pg::ProgressField::staging_scanned, static_cast<int64>(counts_.staged));
	if (!batches_)
		build_table();
}

void Diff::build_table()
{
	MemoryContext const caller = MemoryContextSwitchTo(scratch_);
	rows_.build_table([&](StagedRow *first) { note_duplicate(staging_duplicates_, first); });
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch_);
}

/* Room for a row outside of the arena, valid until the next row is made. */
StagedRow *Diff::spare_row(std::size_t row_bytes)
{
	return reinterpret_cast<StagedRow *>(batch_space(StagedRow::footprint(row_bytes)));
}

/* Moves the rows in memory to files, of which there are enough for the rows that are expected. */
void Diff::divide_rows()
{
	sink_.expect_disorder();
	double const parts = expected_rows_ / static_cast<double>(counts_.staged);
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	batches_.emplace(0, batch_bits(std::max(2.0, parts), limit_));
	MemoryContextSwitchTo(caller);
	rows_.for_each_with_position([&](StagedRow *row, uint64 position) {
		CHECK_FOR_INTERRUPTS();
		batches_->put(row, position);
	});
	rows_.clear();
}

/* ---- target ---- */

void Diff::add_target(const RowId &id, const Datum *values, const bool *nulls)
{
	MemoryContext const caller = MemoryContextSwitchTo(scratch_);
	TargetRow row;
	row.hash = hash_key(values, nulls);
	row.id = id;
	if (is_marked(map_, values, nulls)) {
		row.marked = true;
		counts_.marked++;
	}
	row.bytes = batch_space(target_former_.most_bytes(values, nulls));
	row.extent = target_former_.form(values, nulls, row.bytes);
	if (++counts_.in_scope % reported_rows == 0)
		pg::report_progress(pg::ProgressField::target_scanned,
							static_cast<int64>(counts_.in_scope));
	if (batches_) {
		batches_->put(row);
		MemoryContextReset(scratch_);
	} else {
		batch(row);
	}
	MemoryContextSwitchTo(caller);
}

/* Room behind the rows of the batch; makes some by working off what has come so far. Taken for good
 * by batch(). */
char *Diff::batch_space(std::size_t bytes)
{
	std::size_t const needed = MAXALIGN(bytes);
	if (batched_ == batch_rows || batch_used_ + needed > batch_size_) {
		flush_batch();
		if (needed > batch_size_) {
			if (batch_memory_ != nullptr)
				pfree(batch_memory_);
			batch_memory_ = nullptr;
			batch_size_ = std::max(needed, batch_bytes);
			batch_memory_ = static_cast<char *>(
				MemoryContextAllocExtended(context_, batch_size_, MCXT_ALLOC_HUGE));
		}
	}
	return batch_memory_ + batch_used_;
}

void Diff::batch(TargetRow row)
{
	rows_.prefetch_slot(row.hash);
	batch_[batched_++] = row;
	batch_used_ += MAXALIGN(row.extent.total);
}

void Diff::flush_batch()
{
	for (int i = 0; i < batched_; i++)
		rows_.prefetch_row(batch_[i].hash);
	for (int i = 0; i < batched_; i++)
		compare(batch_[i]);
	batched_ = 0;
	batch_used_ = 0;
	MemoryContextReset(scratch_);
}

void Diff::compare(const TargetRow &row)
{
	StagedRow *const staged =
		rows_.find(row.hash, [&](StagedRow *candidate) { return match(row, candidate); });
	if (staged == nullptr)
		sink_.removed(row);
}

/* Is this the row of staging with the same key? If so, all there is to do for the pair is done. */
bool Diff::match(const TargetRow &row, StagedRow *staged)
{
	if (pg::same_bytes(row.image(), staged->image())) {
		count_pair(row, staged);
		counts_.unchanged++;
		sink_.unchanged(row, staged);
		return true;
	}
	CHECK_FOR_INTERRUPTS(); /* types without a hash function compare with every row */
	if (!rows_.same_key(row.image(), staged->image()))
		return false;
	count_pair(row, staged);
	if (!compare_columns(row, staged)) {
		counts_.unchanged++;
		sink_.unchanged(row, staged);
	} else {
		sink_.updated({row, old_, new_, changed_, staged});
	}
	return true;
}

void Diff::count_pair(const TargetRow &row, StagedRow *staged)
{
	if (staged->matched) {
		note_duplicate(target_duplicates_, staged);
		if (row.marked || staged->matched_marked)
			marked_among_duplicates_ = true;
		return;
	}
	staged->matched = 1;
	staged->matched_marked = row.marked;
	counts_.matched++;
}

/* Fills old_, new_ and changed_; is any column changed? */
bool Diff::compare_columns(const TargetRow &row, StagedRow *staged)
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

/* Rows of staging in memory without a counterpart; the common case that all have one costs no look
 * at them. */
void Diff::emit_added(uint64 matched_before)
{
	if (counts_.matched - matched_before == rows_.count())
		return;
	rows_.for_each_with_position([&](StagedRow *row, uint64 position) {
		CHECK_FOR_INTERRUPTS();
		if (!row->matched)
			sink_.added(row, position);
	});
}

void Diff::end_target()
{
	pg::report_progress(pg::ProgressField::target_scanned, static_cast<int64>(counts_.in_scope));
	if (!batches_) {
		flush_batch();
		emit_added(0);
		return;
	}
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	Vector<Batch> queue = std::move(batches_->all());
	while (!queue.empty()) {
		Batch pair = queue.back();
		queue.pop_back();
		process(pair, queue);
	}
	MemoryContextSwitchTo(caller);
}

/* ---- batches ---- */

void Diff::process(Batch &pair, Vector<Batch> &queue)
{
	uint64 const matched_before = counts_.matched;
	if (load_staged(pair)) {
		compare_file(pair.target);
		flush_batch();
		emit_added(matched_before);
		pair.staged.close();
		pair.target.close();
	} else {
		divide_pair(pair, queue);
	}
	rows_.clear();
}

/* Are there duplicates among the rows in memory? */
bool Diff::has_duplicates()
{
	build_table();
	if (staging_duplicates_.count > 0)
		return true;
	rows_.drop_table();
	return false;
}

/*
 * Reads the staging rows of a pair; false when they do not fit and can still be divided. Rows that
 * cannot be divided have one hash, so they are duplicates as a rule: then the call will end in an
 * error, and the rest of them is not worth memory.
 */
bool Diff::load_staged(Batch &pair)
{
	StagedRow header;
	uint64 position;
	bool const divisible = pair.bits_used + most_batch_bits <= 64;

	pair.staged.rewind();
	bool probed = false;
	while (read_header(pair.staged, header, position)) {
		CHECK_FOR_INTERRUPTS();
		if (rows_.is_full_for(header.total)) {
			if (divisible)
				return false;
			if (!probed && has_duplicates())
				return true;
			probed = true;
		}
		StagedRow *const row = rows_.reserve(header.total);
		pair.staged.read_exactly(row->bytes(), header.total);
		rows_.append(row, header.hash, {header.total, header.second}, position);
	}
	build_table();
	return true;
}

void Diff::divide_pair(Batch &pair, Vector<Batch> &queue)
{
	rows_.clear();
	Batches parts(pair.bits_used, batch_bits(4.0, limit_));

	StagedRow header;
	uint64 position;
	std::optional<uint64> first_hash;
	bool equal_hashes = true;
	pair.staged.rewind();
	while (read_header(pair.staged, header, position)) {
		CHECK_FOR_INTERRUPTS();
		if (!first_hash)
			first_hash = header.hash;
		equal_hashes = equal_hashes && header.hash == *first_hash;
		StagedRow *const row = spare_row(header.total);
		*row = header;
		pair.staged.read_exactly(row->bytes(), header.total);
		parts.put(row, position);
	}
	pair.staged.close();

	TargetRow row;
	pair.target.rewind();
	while (read_header(pair.target, row)) {
		CHECK_FOR_INTERRUPTS();
		row.bytes = batch_space(row.extent.total);
		pair.target.read_exactly(row.bytes, row.extent.total);
		parts.put(row);
	}
	pair.target.close();
	for (Batch &part : parts.all()) {
		if (equal_hashes)
			part.bits_used = 64; /* they would stay together, however often they are divided */
		queue.push_back(part);
	}
}

void Diff::compare_file(pg::TempFile &file)
{
	TargetRow row;
	file.rewind();
	while (read_header(file, row)) {
		CHECK_FOR_INTERRUPTS();
		MemoryContext const caller = MemoryContextSwitchTo(scratch_);
		row.bytes = batch_space(row.extent.total);
		file.read_exactly(row.bytes, row.extent.total);
		batch(row);
		MemoryContextSwitchTo(caller);
	}
}

/* ---- duplicates ---- */

/* Each key is noted once, however many rows have it. */
void Diff::note_duplicate(KeyList &duplicates, StagedRow *row)
{
	if (row->duplicate)
		return;
	row->duplicate = 1;
	pg::deform_tuple(row->image(), map_.key_desc, new_.values, new_.nulls);
	MemoryContext const caller = MemoryContextSwitchTo(context_);
	duplicates.add(map_.key_desc, new_.values, new_.nulls);
	MemoryContextSwitchTo(caller);
}

} // namespace bulk_sync
