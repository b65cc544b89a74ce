#include "shards/refusals.hpp"

#include "pg/expression.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"

namespace bulk_sync::shards {

namespace {

using Kind = Distribution::Kind;

[[noreturn]] void refuse(const char *target, const char *detail, const char *hint = nullptr)
{
	pg::fail({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			  .message = pg::format("cannot sync \"%s\"", target),
			  .detail = detail,
			  .hint = hint});
}

/* A node that has no metadata does not know the table which its shards belong to. */
pg::SqlRows nodes_without_metadata()
{
	return pg::ask_often("SELECT nodename || ':' || nodeport FROM pg_catalog.pg_dist_node "
						 "WHERE isactive AND NOT (hasmetadata AND metadatasynced) LIMIT 1");
}

void refuse_nodes_without_metadata(const char *target)
{
	pg::SqlRows const nodes = nodes_without_metadata();
	if (nodes.count() > 0)
		pg::fail(
			{.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			 .message = pg::format("cannot sync \"%s\"", target),
			 .detail = pg::format("Node %s does not have the metadata of Citus.", nodes.text(0, 0)),
			 .hint = "Call start_metadata_sync_to_all_nodes()."});
}

bool asks_elsewhere(Node *expression, bool has_sub_selects)
{
	return has_sub_selects || pg::reads_settings(expression);
}

/* It is evaluated where the shards are: other tables may not be there, nor the caller's
 * settings. */
void refuse_condition(const Plan &plan, const char *name, Node *expression, bool has_sub_selects)
{
	const char *const detail = pg::format(
		"It is evaluated on the nodes where the shards of \"%s\" are.", plan.target.name());
	if (has_sub_selects)
		pg::fail({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
				  .message = pg::format(
					  "%s must not read other tables when the target is distributed", name),
				  .detail = detail});
	if (pg::reads_settings(expression))
		pg::fail({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
				  .message = pg::format(
					  "%s must not call current_setting() when the target is distributed", name),
				  .detail = detail,
				  .hint = "Put the value itself into the expression."});
}

} // namespace

void refuse_kind(Oid target, const Distribution &distribution)
{
	const char *const name = pg::relation_name(target);
	if (distribution.kind == Kind::other)
		refuse(name, "It is distributed by ranges or by the order in which rows were loaded.",
			   "Distribute it by the hash of a column.");
	if (distribution.shards.empty() ||
		(distribution.is_replicated && distribution.kind != Kind::reference))
		refuse(name, "A shard of it has not exactly one placement: the copies would differ.");
	refuse_nodes_without_metadata(name);
}

bool may_be_asked_on_shards(const Plan &plan)
{
	return (plan.scope.is_whole_table() ||
			!asks_elsewhere(plan.scope.filter.expression, plan.scope.has_sub_selects())) &&
		   (!plan.update_when.is_given() ||
			!asks_elsewhere(plan.update_when.condition.expression,
							plan.update_when.condition.has_sub_selects));
}

bool has_metadata_everywhere()
{
	return nodes_without_metadata().count() == 0;
}

void refuse_conditions(const Plan &plan)
{
	if (!plan.scope.is_whole_table())
		refuse_condition(plan, "filter", plan.scope.filter.expression,
						 plan.scope.has_sub_selects());
	if (plan.update_when.is_given())
		refuse_condition(plan, "update_when", plan.update_when.condition.expression,
						 plan.update_when.condition.has_sub_selects);
}

void refuse_shard_as_target(Oid target)
{
	if (is_shard(target))
		refuse(pg::relation_name(target), "It is a shard of a table of Citus.",
			   "Name the table itself.");
}

void refuse_keys(const Plan &plan, const char *column)
{
	const char *const name = plan.target.name();
	const char *const instead =
		plan.request.allow_out_of_scope
			? "leave out allow_out_of_scope and give it one value by the filter"
			: "give it one value by the filter";
	pg::fail(
		{.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
		 .message = pg::format("cannot sync \"%s\" by keys without its distribution column \"%s\"",
							   name, column),
		 .detail = "Rows with the same key may be in several shards.",
		 .hint = pg::format("Add \"%s\" to the keys, or %s, as in %s = 501.", column, instead,
							pg::quoted(column))});
}

} // namespace bulk_sync::shards
