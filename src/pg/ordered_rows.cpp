#include "pg/ordered_rows.hpp"

extern "C" {
#include "utils/typcache.h"
}

namespace bulk_sync::pg {

void OrderedRows::open()
{
	slot_ = MakeSingleTupleTableSlot(store_.tuple_desc(), &TTSOpsMinimalTuple);
	store_.rewind();
	if (column_ != 0)
		sort();
}

void OrderedRows::sort()
{
	Form_pg_attribute const attribute = TupleDescAttr(store_.tuple_desc(), column_ - 1);
	Oid less = lookup_type_cache(attribute->atttypid, TYPECACHE_LT_OPR)->lt_opr;
	Oid collation = attribute->attcollation;
	bool nulls_first = false;
	sorted_ = tuplesort_begin_heap(store_.tuple_desc(), 1, &column_, &less, &collation,
								   &nulls_first, work_mem, nullptr, TUPLESORT_NONE);
	while (store_.next(slot_)) {
		CHECK_FOR_INTERRUPTS();
		tuplesort_puttupleslot(sorted_, slot_);
	}
	tuplesort_performsort(sorted_);
}

void OrderedRows::close()
{
	ExecDropSingleTupleTableSlot(slot_);
	if (sorted_ != nullptr)
		tuplesort_end(sorted_);
	sorted_ = nullptr;
}

void read_rows(RowStore &store, int order_column, RowReceiver &receiver)
{
	pg_call([&] {
		OrderedRows rows(store, order_column);
		rows.open();
		while (TupleTableSlot *const slot = rows.next()) {
			CHECK_FOR_INTERRUPTS();
			receiver.row(slot);
		}
		rows.close();
	});
}

} // namespace bulk_sync::pg
