#include "plan/scope.hpp"

#include "pg/fixed_columns.hpp"

namespace bulk_sync {

Scope define_scope(const Request &request, const pg::Relation &target)
{
	Scope scope;
	if (request.filter == nullptr)
		return scope;
	scope.text = request.filter;
	scope.filter = pg::parse_filter(request.filter, target);
	if (target.kind() == RELKIND_PARTITIONED_TABLE)
		scope.pruning = pg::lasting_condition(scope.filter);
	scope.fixed = pg::fixed_columns(scope.filter, target);
	return scope;
}

void look_up_columns(Scope &scope, const pg::Relation &target, const Vector<Oid> &members)
{
	if (!scope.is_whole_table())
		scope.used =
			used_columns(pg::columns_used(scope.filter.expression, target), target, members);
}

uint32 Scope::lock_number() const noexcept
{
	uint64 hash = 0;
	for (const char *at = text == nullptr ? "" : text; *at != '\0'; at++)
		hash = pg::hash_combine(hash, static_cast<unsigned char>(*at));
	return static_cast<uint32>(hash >> 32);
}

/*
 *  WHERE (
 * company_id = 501
 * )
 *
 * The text is the caller's own, between newlines so that a comment at its end closes. It was parsed
 * as one expression before. Printing the analyzed tree instead would change its meaning: what
 * IN, IS DISTINCT FROM or CASE x WHEN compare with is looked up by the search_path.
 */
pg::String where_clause(const Scope &scope)
{
	pg::String clause;
	if (!scope.is_whole_table())
		clause.append(" WHERE (\n").append(scope.text).append("\n)");
	return clause;
}

} // namespace bulk_sync
