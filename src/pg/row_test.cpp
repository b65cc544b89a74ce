#include "pg/row_test.hpp"

#include "pg/parallel_safety.hpp"
#include "pg/scratch.hpp"

extern "C" {
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/snapmgr.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES bool may_be_asked_in_parallel(const Statement &statement)
{
	if (statement.has_sub_selects())
		return false;
	auto *const targets = reinterpret_cast<Expr *>(statement.targets());
	return may_evaluate_in_parallel(reinterpret_cast<Node *>(expression_planner(targets)));
}

} // namespace

RowTest::RowTest(Statement &statement, RowStore &store)
	: store_(store), query_(pg_call([&] { return statement.start(); })),
	  is_parallel_safe_(pg_call([&] { return may_be_asked_in_parallel(statement); }))
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
	pg_call([&] {
		ExecutorFinish(query_);
		ExecutorEnd(query_);
		FreeQueryDesc(query_);
	});
}

} // namespace bulk_sync::pg
