#include "pg/stored_plan.hpp"

#include "pg/compat_table.hpp"
#include "pg/page_scan.hpp"

extern "C" {
#include "access/table.h"
#include "parser/parsetree.h"
}

namespace bulk_sync::pg {

namespace {

/* Is it what the planner makes of a relation in which there can be no row in question? */
bool reads_nothing(const Plan *plan) noexcept
{
	if (!IsA(plan, Result) || plan->lefttree != nullptr)
		return false;
	auto *const conditions =
		reinterpret_cast<List *>(reinterpret_cast<const Result *>(plan)->resconstantqual);
	if (list_length(conditions) != 1 || !IsA(linitial(conditions), Const))
		return false;
	auto *const condition = linitial_node(Const, conditions);
	return condition->constisnull || !DatumGetBool(condition->constvalue);
}

/* What reads the tables; NIL where nothing is read. */
PG_RAISES List *scans_of(Plan *plan)
{
	if (IsA(plan, Append))
		return reinterpret_cast<Append *>(plan)->appendplans;
	return reads_nothing(plan) ? NIL : list_make1(plan);
}

/* Does a scan of the table have the tuples in its slot as the heap stores them? */
PG_RAISES bool has_heap_tuples(::Relation table)
{
	if (table->rd_rel->relkind != RELKIND_RELATION && table->rd_rel->relkind != RELKIND_MATVIEW)
		return false;
	return is_heap(table) || (table->rd_tableam != nullptr &&
							  table->rd_tableam->slot_callbacks(table) == &TTSOpsBufferHeapTuple);
}

/* Does the scan give these columns of the relation and nothing else? */
PG_RAISES bool selects(const Scan *scan, ::Relation table, const Relation &relation,
					   const Vector<AttrNumber> &columns)
{
	if (list_length(scan->plan.targetlist) != static_cast<int>(columns.size()))
		return false;
	const AttrNumber *const in_table = columns_in(table, relation);
	int i = 0;
	for (AttrNumber const column : columns) {
		auto *const var =
			reinterpret_cast<Var *>(list_nth_node(TargetEntry, scan->plan.targetlist, i++)->expr);
		if (!IsA(var, Var) || var->varno != static_cast<int>(scan->scanrelid) ||
			var->varattno != in_table[column - 1])
			return false;
	}
	pfree(const_cast<AttrNumber *>(in_table));
	return true;
}

PG_RAISES bool reads_stored_tuples(const Plan *plan, const List *tables, const Relation &relation,
								   const Vector<AttrNumber> &columns)
{
	if (!IsA(plan, SeqScan) && !IsA(plan, IndexScan) && !IsA(plan, BitmapHeapScan))
		return false;
	auto *const scan = reinterpret_cast<const Scan *>(plan);
	Oid const read = rt_fetch(scan->scanrelid, tables)->relid;
	if (read != relation.oid() && !relation.has_children())
		return false;
	/* The planner has locked it. */
	::Relation const table = table_open(read, NoLock);
	bool const stored = has_heap_tuples(table) && selects(scan, table, relation, columns);
	table_close(table, NoLock);
	return stored;
}

} // namespace

bool reads_stored_tuples(const PlannedStmt *plan, const Relation &relation,
						 const Vector<AttrNumber> &columns)
{
	if (plan->rowMarks != NIL)
		return false;
	List *const scans = scans_of(plan->planTree);
	for (int i = 0; i < list_length(scans); i++) {
		CHECK_FOR_INTERRUPTS();
		if (!reads_stored_tuples(static_cast<const Plan *>(list_nth(scans, i)), plan->rtable,
								 relation, columns))
			return false;
	}
	return true;
}

const AttrNumber *columns_in(::Relation table, const Relation &relation)
{
	AttrMap *const map =
		compat::map_by_name(RelationGetDescr(table), RelationGetDescr(relation.get()));
	return map->attnums;
}

} // namespace bulk_sync::pg
