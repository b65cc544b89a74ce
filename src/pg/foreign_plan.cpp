#include "pg/foreign_plan.hpp"

#include "pg/fail.hpp"

extern "C" {
#include "catalog/pg_inherits.h"
#include "nodes/extensible.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES List *inputs_of(const Plan *plan)
{
	List *inputs = NIL;
	if (IsA(plan, Append))
		inputs = list_copy(reinterpret_cast<const Append *>(plan)->appendplans);
	else if (IsA(plan, MergeAppend))
		inputs = list_copy(reinterpret_cast<const MergeAppend *>(plan)->mergeplans);
	else if (IsA(plan, SubqueryScan))
		inputs = list_make1(reinterpret_cast<const SubqueryScan *>(plan)->subplan);
	else if (IsA(plan, CustomScan))
		inputs = list_copy(reinterpret_cast<const CustomScan *>(plan)->custom_plans);
	if (plan->lefttree != nullptr)
		inputs = lappend(inputs, plan->lefttree);
	if (plan->righttree != nullptr)
		inputs = lappend(inputs, plan->righttree);
	return inputs;
}

/* The relation that a node scans, or InvalidOid; of PostgreSQL's own nodes, one that may read rows
 * of a table. */
Oid scanned_table(const Plan *plan, const List *tables)
{
	if (!IsA(plan, SeqScan) && !IsA(plan, IndexScan) && !IsA(plan, IndexOnlyScan) &&
		!IsA(plan, BitmapHeapScan) && !IsA(plan, TidScan) && !IsA(plan, TidRangeScan) &&
		!IsA(plan, CustomScan))
		return InvalidOid;
	Index const index = reinterpret_cast<const Scan *>(plan)->scanrelid;
	return index > 0 ? rt_fetch(index, tables)->relid : InvalidOid;
}

PG_RAISES bool reads_one_of(const List *members, const Plan *plan, const List *tables)
{
	check_stack_depth();
	if (list_member_oid(members, scanned_table(plan, tables)))
		return true;
	List *const inputs = inputs_of(plan);
	for (int i = 0; i < list_length(inputs); i++)
		if (reads_one_of(members, static_cast<const Plan *>(list_nth(inputs, i)), tables))
			return true;
	return false;
}

/* Does this node give rows of the target, or of a partition or child, that nothing below it has
 * read there? A node that collects what others have read may name the target too. */
PG_RAISES bool replaces_scan(const Plan *plan, const List *tables, Oid target)
{
	Oid const table = IsA(plan, CustomScan) ? scanned_table(plan, tables) : InvalidOid;
	if (!OidIsValid(table))
		return false;
	List *const members = find_all_inheritors(target, NoLock, nullptr);
	if (!list_member_oid(members, table))
		return false;
	List *const inputs = inputs_of(plan);
	for (int i = 0; i < list_length(inputs); i++)
		if (reads_one_of(members, static_cast<const Plan *>(list_nth(inputs, i)), tables))
			return false;
	return true;
}

/* The node that reads a part of `target` instead of PostgreSQL's own scans; nullptr for none. */
PG_RAISES const Plan *foreign_reader(const Plan *plan, const List *tables, Oid target)
{
	check_stack_depth();
	if (replaces_scan(plan, tables, target))
		return plan;
	const Plan *found = nullptr;
	List *const inputs = inputs_of(plan);
	for (int i = 0; found == nullptr && i < list_length(inputs); i++)
		found = foreign_reader(static_cast<const Plan *>(list_nth(inputs, i)), tables, target);
	return found;
}

} // namespace

bool others_plan_scans() noexcept
{
	return planner_hook != nullptr || set_rel_pathlist_hook != nullptr;
}

void refuse_foreign_reader(const PlannedStmt *statement, const Relation &target)
{
	const Plan *const reader = foreign_reader(statement->planTree, statement->rtable, target.oid());
	if (reader != nullptr)
		raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			   .message = psprintf("cannot sync \"%s\"", target.name()),
			   .detail = psprintf(
				   "Rows of \"%s\" are in a storage of another extension (%s), where they have no "
				   "row ids.",
				   get_rel_name(scanned_table(reader, statement->rtable)),
				   reinterpret_cast<const CustomScan *>(reader)->methods->CustomName),
			   .hint =
				   "Move them to ordinary storage, such as by decompressing them, or narrow the "
				   "filter to other rows."});
}

} // namespace bulk_sync::pg
