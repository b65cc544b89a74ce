#include "pg/generated.hpp"

#include "pg/expression.hpp"

namespace bulk_sync::pg {

GeneratedColumns::GeneratedColumns(const Relation &relation)
{
	for (const Attribute &attribute : relation.attributes()) {
		if (!attribute.generated)
			continue;
		Node *const expression = generation_expression(relation, attribute.number);
		columns_.push_back({attribute.number, pg_call([&] {
								return ExecInitExpr(
									expression_planner(reinterpret_cast<Expr *>(expression)),
									nullptr);
							})});
	}
	if (columns_.empty())
		return;
	pg_call([&] {
		slot_ =
			MakeSingleTupleTableSlot(CreateTupleDescCopy(relation.tuple_desc()), &TTSOpsVirtual);
		context_ = CreateStandaloneExprContext();
	});
}

void GeneratedColumns::compute(Datum *values, bool *nulls)
{
	if (columns_.empty())
		return;
	ExecClearTuple(slot_);
	for (int i = 0; i < slot_->tts_tupleDescriptor->natts; i++) {
		slot_->tts_values[i] = values[i];
		slot_->tts_isnull[i] = nulls[i];
	}
	ExecStoreVirtualTuple(slot_);
	context_->ecxt_scantuple = slot_;
	for (const Computed &computed : columns_) {
		computing_ = computed.column;
		values[computed.column - 1] =
			ExecEvalExpr(computed.expression, context_, &nulls[computed.column - 1]);
	}
	computing_ = InvalidAttrNumber;
}

} // namespace bulk_sync::pg
