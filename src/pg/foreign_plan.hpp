/*
 * Plans in which other extensions have a say.
 */
#pragma once

#include "pg/relation.hpp"

extern "C" {
#include "nodes/plannodes.h"
}

namespace bulk_sync::pg {

/* May another extension have changed how plans read tables? If not, refuse_foreign_reader() will
 * find nothing. */
bool others_plan_scans() noexcept;

/*
 * Refuses, with 0A000, a target of which the plan reads a part by a scan of another extension:
 * compressed rows have no ctid and no xmin. The plan itself must not ask for these: that may
 * crash such a scan. Sub-selects that stayed sub-selects are not looked at. Raises.
 */
PG_RAISES void refuse_foreign_reader(const PlannedStmt *statement, const Relation &target);

} // namespace bulk_sync::pg
