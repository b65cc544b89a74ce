#include "diff/added_rows.hpp"

namespace bulk_sync {

AddedRows::AddedRows(StagedRows &rows, const RowShape &shape)
	: count_(rows.unmatched()), arena_(rows.take_arena()),
	  desc_(CreateTupleDescCopyConstr(shape.desc())),
	  attributes_(static_cast<int *>(palloc(sizeof(int) * shape.columns())))
{
	for (int column = 0; column < shape.columns(); column++)
		attributes_[column] = shape.attribute(column);
}

void AddedRows::open()
{
	place_ = RowArena::Place();
	slot_ = MakeSingleTupleTableSlot(desc_, &TTSOpsMinimalTuple);
}

TupleTableSlot *AddedRows::next()
{
	while (char *const memory = arena_.at(place_)) {
		auto *const row = reinterpret_cast<StagedRow *>(memory);
		place_.offset += StagedRow::footprint(row->length);
		if (!row->matched)
			return ExecStoreMinimalTuple(row->tuple(), slot_, false);
	}
	return nullptr;
}

void AddedRows::close()
{
	ExecDropSingleTupleTableSlot(slot_);
	slot_ = nullptr;
}

} // namespace bulk_sync
