#include "plan/plan.hpp"

#include "plan/members.hpp"
#include "plan/rights.hpp"

namespace bulk_sync {

namespace {

Vector<AttrNumber> all_columns(const pg::Relation &relation)
{
	Vector<AttrNumber> columns;
	for (const pg::Attribute &attribute : relation.attributes())
		columns.push_back(attribute.number);
	return columns;
}

/* What the checks before the writes and the condition for updates have to know of the target's rows
 * besides the image, and what a comparison shows of them. */
void carry_further_columns(Plan &plan)
{
	if (plan.request.only_compares) {
		carry_columns(plan.map, plan.target, all_columns(plan.target));
		return;
	}
	carry_columns(plan.map, plan.target, plan.scope.used.columns);
	if (plan.keys.changed_by_updates)
		carry_columns(plan.map, plan.target, plan.keys.used.columns);
	if (plan.tests_updates()) {
		carry_columns(plan.map, plan.target, plan.update_when.old_columns);
		carry_columns(plan.map, plan.target, plan.update_when.new_columns.columns);
	}
}

/* Which columns the filter, generated keys and the condition for updates depend on, in whichever
 * member a row is. */
void look_up_used_columns(Plan &plan)
{
	const Request &request = plan.request;
	const pg::Relation &target = plan.target;
	bool const in_scope = !request.allow_out_of_scope;
	const Vector<Oid> *const known = members_with_rows(request, plan.scope);
	if (in_scope || request.only_compares || request.foresees_rows || plan.tests_updates() ||
		has_generated_keys(plan.map, target))
		plan.computing_members = computing_members(target, known);
	if (in_scope)
		look_up_columns(plan.scope, target, plan.computing_members);
	plan.keys = computed_keys(plan.map, target, plan.computing_members);
	if (plan.tests_updates())
		look_up_columns(plan.update_when, target, plan.computing_members);
	refuse_columns_generated_below(plan, known);
}

} // namespace

Plan make_plan(const Request &request, const pg::Relation &target, const StagingColumns &staging)
{
	Plan plan{request,
			  target,
			  staging.description,
			  map_columns(request, target, staging),
			  define_scope(request, target),
			  {},
			  define_update_when(request, target),
			  {}};
	if (!request.only_compares) {
		plan.keys_are_unique = target.has_unique_index_on(key_numbers(plan.map), plan.scope.fixed,
														  plan.scope.filter.expression);
		check_rights(request, plan.map, target);
	}
	lock_members(request, plan.scope, target);
	look_up_used_columns(plan);
	carry_further_columns(plan);
	return plan;
}

} // namespace bulk_sync
