#include "pg/ordered_rows.hpp"

#include "pg/scratch.hpp"

extern "C" {
#include "utils/typcache.h"
}

namespace bulk_sync::pg {

OrderedRows::OrderedRows(EState *executor, RowStore &store, int column)
	: store_(store),
	  slot_(ExecInitExtraTupleSlot(executor, store.tuple_desc(), &TTSOpsMinimalTuple))
{
	store_.rewind();
	if (column != 0)
		sort(static_cast<AttrNumber>(column));
}

void OrderedRows::sort(AttrNumber column)
{
	Form_pg_attribute const attribute = TupleDescAttr(store_.tuple_desc(), column - 1);
	Oid less = lookup_type_cache(attribute->atttypid, TYPECACHE_LT_OPR)->lt_opr;
	Oid collation = attribute->attcollation;
	bool nulls_first = false;
	sorted_ = tuplesort_begin_heap(store_.tuple_desc(), 1, &column, &less, &collation, &nulls_first,
								   work_mem, nullptr, TUPLESORT_NONE);
	while (store_.next(slot_)) {
		CHECK_FOR_INTERRUPTS();
		tuplesort_puttupleslot(sorted_, slot_);
	}
	tuplesort_performsort(sorted_);
}

void OrderedRows::finish()
{
	ExecClearTuple(slot_);
	if (sorted_ != nullptr)
		tuplesort_end(sorted_);
	sorted_ = nullptr;
}

void read_rows(RowStore &store, int order_column, RowReceiver &receiver)
{
	pg_call([&] {
		EState *const executor = CreateExecutorState();
		in_context(executor->es_query_cxt, [&] {
			OrderedRows rows(executor, store, order_column);
			while (TupleTableSlot *const slot = rows.next()) {
				CHECK_FOR_INTERRUPTS();
				receiver.row(slot);
			}
			rows.finish();
			ExecResetTupleTable(executor->es_tupleTable, false);
		});
		FreeExecutorState(executor);
	});
}

} // namespace bulk_sync::pg
