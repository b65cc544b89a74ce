#include "plan/update_when.hpp"

namespace bulk_sync {

using pg::UpdateCondition;

UpdateWhen define_update_when(const Request &request, const pg::Relation &target)
{
	UpdateWhen when;
	if (request.update_when == nullptr)
		return when;
	when.text = request.update_when;
	when.condition = pg::parse_update_condition(request.update_when, target);
	return when;
}

void look_up_columns(UpdateWhen &when, const pg::Relation &target, const Vector<Oid> &members)
{
	if (!when.is_given())
		return;
	Node *const expression = when.condition.expression;
	when.old_columns = pg::columns_used(expression, target, UpdateCondition::old_row);
	when.new_columns = used_columns(pg::columns_used(expression, target, UpdateCondition::new_row),
									target, members);
}

} // namespace bulk_sync
