#include "pg/whole_table.hpp"

#include "pg/compat_query.hpp"
#include "pg/compat_table.hpp"
#include "pg/error_context.hpp"
#include "pg/foreign_plan.hpp"

extern "C" {
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/pg_inherits.h"
#include "optimizer/plancat.h"
#include "partitioning/partdesc.h"
#include "utils/snapmgr.h"
}

namespace bulk_sync::pg {

namespace {

/* Tables as they are found. */
struct Found {
	List *tables = NIL; /* OIDs */
	double rows = 0;
	bool needs_plan = false;
};

PG_RAISES void require_select(::Relation table, const Vector<AttrNumber> &columns)
{
	ParseState *const state = make_parsestate(nullptr);
	addRangeTableEntryForRelation(state, table, AccessShareLock, nullptr, false, false);
	compat::RelationPermissions *const permissions = compat::permissions_of_first(state);
	permissions->requiredPerms = ACL_SELECT;
	for (AttrNumber const column : columns)
		permissions->selectedCols =
			bms_add_member(permissions->selectedCols, column - FirstLowInvalidHeapAttributeNumber);
	compat::check_permissions(state);
	free_parsestate(state);
}

/* May an extension change how tables are read, or does it watch over what is executed? */
bool others_take_part() noexcept
{
	return others_plan_scans() || ExecutorStart_hook != nullptr || ExecutorRun_hook != nullptr;
}

PG_RAISES double estimated_rows(::Relation table)
{
	BlockNumber pages;
	double rows;
	double all_visible;
	estimate_rel_size(table, nullptr, &pages, &rows, &all_visible);
	return rows;
}

PG_RAISES void add_table(::Relation table, Found &found)
{
	char const kind = table->rd_rel->relkind;
	found.needs_plan = found.needs_plan || (kind != RELKIND_RELATION && kind != RELKIND_MATVIEW) ||
					   !is_heap(table) || !RelationIsScannable(table) ||
					   compat::has_virtual_columns(table) ||
					   (!RelationIsPermanent(table) && RecoveryInProgress());
	if (found.needs_plan)
		return;
	found.tables = lappend_oid(found.tables, RelationGetRelid(table));
	found.rows += estimated_rows(table);
}

/* In the order of their bounds, as expand_partitioned_rtentry() in inherit.c. */
PG_RAISES void add_partitions(::Relation parent, Found &found)
{
	check_stack_depth();
	PartitionDesc const partitions = RelationGetPartitionDesc(parent, true);
	for (int i = 0; i < partitions->nparts && !found.needs_plan; i++) {
		CHECK_FOR_INTERRUPTS();
		::Relation const partition = try_table_open(partitions->oids[i], AccessShareLock);
		/* It was detached, and dropped before we had the lock. */
		if (partition == nullptr)
			continue;
		if (partition->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
			add_partitions(partition, found);
		else
			add_table(partition, found);
		table_close(partition, NoLock);
	}
}

/* The table and its children, as expand_inherited_rtentry() in inherit.c. */
PG_RAISES void add_children(::Relation parent, Found &found)
{
	List *const children = find_all_inheritors(RelationGetRelid(parent), AccessShareLock, nullptr);
	for (int i = 0; i < list_length(children) && !found.needs_plan; i++) {
		CHECK_FOR_INTERRUPTS();
		::Relation const child = table_open(list_nth_oid(children, i), NoLock);
		if (!RELATION_IS_OTHER_TEMP(child))
			add_table(child, found);
		table_close(child, NoLock);
	}
}

PG_RAISES Found find_tables(const Relation &relation, Snapshot snapshot)
{
	Found found;
	/* Partitions that are being detached are there or not by what the snapshot shows. */
	PushActiveSnapshot(snapshot);
	if (relation.kind() == RELKIND_PARTITIONED_TABLE)
		add_partitions(relation.get(), found);
	else if (relation.has_children())
		add_children(relation.get(), found);
	else
		add_table(relation.get(), found);
	PopActiveSnapshot();
	return found;
}

} // namespace

std::optional<WholeTable> without_plan(const Relation &relation, Snapshot snapshot)
{
	if (others_take_part())
		return std::nullopt;
	Found const found = pg_call([&] { return find_tables(relation, snapshot); });
	if (found.needs_plan)
		return std::nullopt;
	WholeTable whole;
	whole.rows = found.rows;
	whole.tables.reserve(list_length(found.tables));
	for (int i = 0; i < list_length(found.tables); i++)
		whole.tables.push_back(list_nth_oid(found.tables, i));
	return whole;
}

void read_whole_table(const Relation &relation, const WholeTable &whole,
					  const Vector<AttrNumber> &columns, Snapshot snapshot,
					  StoredReceiver &receiver)
{
	auto const describe = [&] { errcontext("reading rows of \"%s\"", relation.name()); };
	pg_call([&] {
		with_error_context(describe, [&] {
			require_select(relation.get(), columns);
			PushActiveSnapshot(snapshot);
			for (Oid const oid : whole.tables) {
				CHECK_FOR_INTERRUPTS();
				::Relation const table = table_open(oid, NoLock);
				pg_entry([&] { scan_all_pages(table, relation, snapshot, receiver); });
				table_close(table, NoLock);
			}
			PopActiveSnapshot();
		});
	});
}

} // namespace bulk_sync::pg
