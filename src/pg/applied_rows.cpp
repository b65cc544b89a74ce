#include "pg/applied_rows.hpp"

#include "pg/compat_query.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace bulk_sync::pg {

namespace {

/* The writes of a plan to one relation. */
struct Writers {
	Oid relation;
	ModifyTableState *found = nullptr;
	int count = 0;
};

/* The relation that the statement names; the first result relation may be a partition of it. */
Oid written_relation(const ModifyTableState *writer)
{
	const ResultRelInfo *const root =
		writer->rootResultRelInfo != nullptr ? writer->rootResultRelInfo : writer->resultRelInfo;
	return root != nullptr && root->ri_RelationDesc != nullptr
			   ? RelationGetRelid(root->ri_RelationDesc)
			   : InvalidOid;
}

/* A write in a WITH of the plan has no say in the statement's count (canSetTag). */
PG_RAISES bool visit_writers(PlanState *node, void *argument)
{
	auto *const writers = static_cast<Writers *>(argument);
	if (IsA(node, ModifyTableState)) {
		auto *const writer = reinterpret_cast<ModifyTableState *>(node);
		if (writer->canSetTag && written_relation(writer) == writers->relation) {
			writers->found = writer;
			writers->count++;
		}
	}
	return compat::walk_plan(node, visit_writers, argument);
}

} // namespace

AppliedRows *AppliedRows::innermost = nullptr;

AppliedRows::AppliedRows(WriteObserver &observer) noexcept : observer_(observer), outer_(innermost)
{
	innermost = this;
}

AppliedRows::~AppliedRows()
{
	innermost = outer_;
}

void AppliedRows::count_rows_of(PlanState *plan, Oid relation)
{
	Writers writers = {relation};
	visit_writers(plan, &writers);
	PlanState *const source = writers.count == 1 ? outerPlanState(writers.found) : nullptr;
	if (source == nullptr || source->ExecProcNodeReal == nullptr)
		return;
	innermost->source_ = source;
	innermost->next_ = source->ExecProcNodeReal;
	/* What the executor goes on to call after the first row. */
	source->ExecProcNodeReal = count_row;
}

TupleTableSlot *AppliedRows::count_row(PlanState *source)
{
	AppliedRows *counter = innermost;
	while (counter->source_ != source)
		counter = counter->outer_;
	TupleTableSlot *const slot = counter->next_(source);
	if (!TupIsNull(slot) && ++counter->count_ % WriteObserver::told_writes == 0)
		counter->observer_.writing(counter->count_);
	return slot;
}

bool is_wrapped(const PlanState *plan) noexcept
{
	return !IsA(plan, ModifyTableState);
}

} // namespace bulk_sync::pg
