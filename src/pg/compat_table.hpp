/*
 * Differences between the versions of PostgreSQL (compat.hpp) in tables: what their columns are,
 * and how rows are read and written.
 */
#pragma once

#include "pg/guard.hpp"

extern "C" {
#include "access/attmap.h"
#include "access/genam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/toast_internals.h"
#include "executor/executor.h"
#include "pgstat.h"
#include "rewrite/rewriteHandler.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
}

namespace bulk_sync::pg::compat {

/* 19 wants a hand-made tuple descriptor to be finished. */
inline void finish_tuple_desc([[maybe_unused]] TupleDesc desc)
{
#if PG_VERSION_NUM >= 190000
	TupleDescFinalize(desc);
#endif
}

/* For each column of `to` the one of `from` that has its name. 16 may let some lack
 * (ad86d159b6a). */
PG_RAISES inline AttrMap *map_by_name(TupleDesc from, TupleDesc to)
{
#if PG_VERSION_NUM >= 160000
	return build_attrmap_by_name(from, to, false);
#else
	return build_attrmap_by_name(from, to);
#endif
}

/* Are some of the columns generated when they are read? 18 has such, and its planner puts their
 * expressions in their place, also in whole rows (83ea6c54025). */
inline bool has_virtual_columns([[maybe_unused]] ::Relation relation)
{
#if PG_VERSION_NUM >= 180000
	const TupleConstr *const constraints = RelationGetDescr(relation)->constr;
	return constraints != nullptr && constraints->has_generated_virtual;
#else
	return false;
#endif
}

/* The expression of a generated column. 18 moved it out of the column's default (83ea6c54025). */
PG_RAISES inline Node *generation_expression(::Relation relation, int attribute)
{
#if PG_VERSION_NUM >= 180000
	return build_generation_expression(relation, attribute);
#else
	return build_column_default(relation, attribute);
#endif
}

/* Before 16, a column of a partition or child may be generated where the parent's is not
 * (8bf6ec3ba3a). */
inline constexpr bool children_may_generate_alone = PG_VERSION_NUM < 160000;

/* 17 takes const. */
PG_RAISES inline void put_values(Tuplestorestate *store, TupleDesc desc, const Datum *values,
								 const bool *nulls)
{
#if PG_VERSION_NUM >= 170000
	tuplestore_putvalues(store, desc, values, nulls);
#else
	tuplestore_putvalues(store, desc, const_cast<Datum *>(values), const_cast<bool *>(nulls));
#endif
}

/* A scan of all rows of a table. 19 takes flags. */
PG_RAISES inline TableScanDesc begin_scan(::Relation table, Snapshot snapshot)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan(table, snapshot, 0, nullptr, 0);
#else
	return table_beginscan(table, snapshot, 0, nullptr);
#endif
}

/* Counts more tuples that a scan has read; the scan itself has counted some. 16 renamed what counts
 * them. */
inline void count_returned(::Relation table, int tuples) noexcept
{
	if (table->pgstat_info == nullptr)
		return;
#if PG_VERSION_NUM >= 160000
	table->pgstat_info->counts.tuples_returned += tuples;
#else
	table->pgstat_info->t_counts.t_tuples_returned += tuples;
#endif
}

/* The snapshot by which values out of line are read. 18 has one that everybody shares; before, it
 * is part of this object. */
class ToastSnapshot {
  public:
#if PG_VERSION_NUM >= 180000
	PG_RAISES Snapshot get()
	{
		return get_toast_snapshot();
	}
#else
	PG_RAISES Snapshot get()
	{
		init_toast_snapshot(&data_);
		return &data_;
	}

  private:
	SnapshotData data_;
#endif
};

/* A scan of an index. 18 counts for EXPLAIN (0fbceae841c), 19 takes flags. */
PG_RAISES inline IndexScanDesc begin_index_scan(::Relation table, ::Relation index,
												Snapshot snapshot, int keys)
{
#if PG_VERSION_NUM >= 190000
	return index_beginscan(table, index, snapshot, nullptr, keys, 0, 0);
#elif PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
	return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

/* Can this command be done to the relation? 17 and 18 ask about MERGE and ON CONFLICT as well. */
PG_RAISES inline void check_result_relation(ResultRelInfo *relation, CmdType command)
{
#if PG_VERSION_NUM >= 180000
	CheckValidResultRel(relation, command, ONCONFLICT_NONE, NIL);
#elif PG_VERSION_NUM >= 170000
	CheckValidResultRel(relation, command, NIL);
#else
	CheckValidResultRel(relation, command);
#endif
}

/* Which indexes an update has to be put into: 16 tells those that only summarize pages apart, and
 * has an entry made there even where the row stays on its page (19d8e2308bc). */
#if PG_VERSION_NUM >= 160000
using IndexUpdates = TU_UpdateIndexes;
inline constexpr IndexUpdates all_indexes = TU_All;
#else
using IndexUpdates = bool;
inline constexpr IndexUpdates all_indexes = true;
#endif

/* Returns the deferred constraints to check again. 19 takes flags. */
PG_RAISES inline List *insert_index_tuples(ResultRelInfo *relation, TupleTableSlot *slot,
										   EState *executor, bool is_update, IndexUpdates updates)
{
#if PG_VERSION_NUM >= 190000
	uint32 const flags =
		(is_update ? EIIT_IS_UPDATE : 0) | (updates == TU_Summarizing ? EIIT_ONLY_SUMMARIZING : 0);
	return ExecInsertIndexTuples(relation, executor, flags, slot, NIL, nullptr);
#elif PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(relation, slot, executor, is_update, false, nullptr, NIL,
								 updates == TU_Summarizing);
#else
	return updates ? ExecInsertIndexTuples(relation, slot, executor, is_update, false, nullptr, NIL)
				   : NIL;
#endif
}

/* Both wait for a transaction that has changed the row. 19 takes options. */
PG_RAISES inline TM_Result update_tuple(::Relation table, ItemPointer tid, TupleTableSlot *slot,
										const EState *executor, TM_FailureData *failure,
										IndexUpdates *updates)
{
	LockTupleMode mode;
#if PG_VERSION_NUM >= 190000
	return table_tuple_update(table, tid, slot, executor->es_output_cid, 0, executor->es_snapshot,
							  InvalidSnapshot, true, failure, &mode, updates);
#else
	return table_tuple_update(table, tid, slot, executor->es_output_cid, executor->es_snapshot,
							  InvalidSnapshot, true, failure, &mode, updates);
#endif
}

PG_RAISES inline TM_Result delete_tuple(::Relation table, ItemPointer tid, const EState *executor,
										TM_FailureData *failure)
{
#if PG_VERSION_NUM >= 190000
	return table_tuple_delete(table, tid, executor->es_output_cid, 0, executor->es_snapshot,
							  InvalidSnapshot, true, failure);
#else
	return table_tuple_delete(table, tid, executor->es_output_cid, executor->es_snapshot,
							  InvalidSnapshot, true, failure, false);
#endif
}

} // namespace bulk_sync::pg::compat
