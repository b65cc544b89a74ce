#include "pg/whole_table.hpp"

#include "pg/compat.hpp"
#include "pg/error_context.hpp"
#include "pg/foreign_plan.hpp"

extern "C" {
#include "access/xlog.h"
#include "optimizer/plancat.h"
#include "utils/snapmgr.h"
}

namespace bulk_sync::pg {

namespace {

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

} // namespace

bool needs_no_plan(const Relation &table) noexcept
{
	return (table.kind() == RELKIND_RELATION || table.kind() == RELKIND_MATVIEW) &&
		   !table.has_children() && is_heap(table.get()) && RelationIsScannable(table.get()) &&
		   !compat::has_virtual_columns(table.get()) &&
		   (RelationIsPermanent(table.get()) || !RecoveryInProgress()) && !others_plan_scans() &&
		   ExecutorStart_hook == nullptr && ExecutorRun_hook == nullptr;
}

double estimated_rows(const Relation &table)
{
	return pg_call([&] {
		BlockNumber pages;
		double rows;
		double all_visible;
		estimate_rel_size(table.get(), nullptr, &pages, &rows, &all_visible);
		return rows;
	});
}

void read_whole_table(const Relation &table, const Vector<AttrNumber> &columns, Snapshot snapshot,
					  PageReceiver &receiver)
{
	auto const describe = [&] { errcontext("reading rows of \"%s\"", table.name()); };
	pg_call([&] {
		with_error_context(describe, [&] {
			require_select(table.get(), columns);
			PushActiveSnapshot(snapshot);
			TableScanDesc const scan = compat::begin_scan(table.get(), snapshot);
			pg_entry([&] { scan_all_pages(scan, receiver); });
			table_endscan(scan);
			PopActiveSnapshot();
		});
	});
}

} // namespace bulk_sync::pg
