#include "diff/added_rows.hpp"

#include <algorithm>

namespace bulk_sync {

/* An error jumps over these; the memory context and the resource owner free what they have. */
static_assert(std::is_trivially_destructible_v<AddedRowsInMemory>);
static_assert(std::is_trivially_destructible_v<AddedRowsInFiles>);

AddedRows::AddedRows(uint64 count, const RowShape &shape)
	: count_(count), desc_(CreateTupleDescCopyConstr(shape.desc())),
	  attributes_(static_cast<int *>(palloc(sizeof(int) * shape.columns())))
{
	for (int column = 0; column < shape.columns(); column++)
		attributes_[column] = shape.attribute(column);
}

void AddedRows::open()
{
	slot_ = MakeSingleTupleTableSlot(desc_, &TTSOpsMinimalTuple);
}

void AddedRows::close()
{
	ExecDropSingleTupleTableSlot(slot_);
	slot_ = nullptr;
}

/* ---- in memory ---- */

void AddedRowsInMemory::open()
{
	AddedRows::open();
	place_ = RowArena::Place();
}

TupleTableSlot *AddedRowsInMemory::next()
{
	while (char *const memory = arena_.at(place_)) {
		auto *const row = reinterpret_cast<StagedRow *>(memory);
		place_.offset += StagedRow::footprint(row->length);
		if (!row->matched)
			return store(row);
	}
	return nullptr;
}

/* ---- in files ---- */

AddedRowsInFiles::AddedRowsInFiles(Spill &spill, const RowShape &shape)
	: AddedRows(spill.kept_rows(), shape), piece_(spill.piece_for(spill.kept())),
	  batches_(static_cast<Batch **>(palloc(sizeof(Batch *) * spill.kept()))),
	  heads_(static_cast<Head *>(palloc(sizeof(Head) * spill.kept())))
{
	spill.change_owner();
	while (Batch *const batch = spill.next_kept())
		batches_[batch_count_++] = batch;
}

void AddedRowsInFiles::open()
{
	AddedRows::open();
	row_ = nullptr;
	size_ = 0;
	head_count_ = 0;
	for (int i = 0; i < batch_count_; i++) {
		batches_[i]->staged.rewind(piece_);
		push(batches_[i]);
	}
}

/* Puts the next row of a batch among the others, if there is one. */
void AddedRowsInFiles::push(Batch *batch)
{
	uint64 position;
	if (!batch->staged.read(&position, sizeof(position)))
		return;
	heads_[head_count_++] = {position, batch};
	std::push_heap(heads_, heads_ + head_count_);
}

TupleTableSlot *AddedRowsInFiles::next()
{
	if (head_count_ == 0)
		return nullptr;
	std::pop_heap(heads_, heads_ + head_count_);
	Batch *const batch = heads_[--head_count_].batch;
	StagedRow head;
	batch->staged.read_exactly(&head, sizeof(head));
	std::size_t const bytes = StagedRow::footprint(head.length);
	char *const row = space_for(bytes);
	memcpy(row, &head, sizeof(head));
	batch->staged.read_exactly(row + sizeof(head), bytes - sizeof(head));
	push(batch);
	return store(reinterpret_cast<StagedRow *>(row));
}

char *AddedRowsInFiles::space_for(std::size_t bytes)
{
	if (bytes <= size_)
		return row_;
	if (row_ != nullptr)
		pfree(row_);
	row_ = static_cast<char *>(MemoryContextAllocExtended(memory(), 2 * bytes, MCXT_ALLOC_HUGE));
	size_ = 2 * bytes;
	return row_;
}

void AddedRowsInFiles::release()
{
	for (int i = 0; i < batch_count_; i++) {
		batches_[i]->close();
		pfree(batches_[i]);
	}
	batch_count_ = 0;
}

} // namespace bulk_sync
