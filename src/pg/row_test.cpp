#include "pg/row_test.hpp"

#include "pg/scratch.hpp"

extern "C" {
#include "executor/executor.h"
#include "utils/snapmgr.h"
}

namespace bulk_sync::pg {

RowTest::RowTest(Statement &statement, RowStore &store)
	: store_(store), query_(pg_call([&] { return statement.start(); })),
	  is_parallel_safe_(pg_call([&] { return statement.is_parallel_safe(); }))
{
}

bool RowTest::is_true(const Datum *values, const bool *nulls)
{
	store_.replace(values, nulls);
	PushActiveSnapshot(query_->snapshot);
	bool const is_true = in_context(query_->estate->es_query_cxt, [&] {
		ExecReScan(query_->planstate);
		TupleTableSlot *const slot = ExecProcNode(query_->planstate);
		bool is_null = true;
		Datum const value = TupIsNull(slot) ? Datum{0} : slot_getattr(slot, 1, &is_null);
		return !is_null && DatumGetBool(value);
	});
	PopActiveSnapshot();
	return is_true;
}

void RowTest::finish()
{
	pg_call([&] { Statement::end(query_); });
}

} // namespace bulk_sync::pg
