#include "write/road.hpp"

#include "pg/access.hpp"
#include "pg/direct_write.hpp"
#include "pg/fail.hpp"
#include "plan/rights.hpp"

namespace bulk_sync {

const char *reason_for_statement(const Plan &plan, CmdType command)
{
	const char *const obstacle = pg::obstacle_to_direct_write(plan.target, command);
	if (obstacle != nullptr)
		return pg::format("\"%s\" %s.", plan.target.name(), obstacle);
	if (has_policies(plan.target))
		return pg::format("\"%s\" has row-level security policies.", plan.target.name());
	if (pg::is_of_hypertable(plan.target))
		return pg::format("\"%s\" is a hypertable or a part of one.", plan.target.name());
	return nullptr;
}

} // namespace bulk_sync
