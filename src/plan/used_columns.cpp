#include "plan/used_columns.hpp"

#include <algorithm>

#include "pg/expression.hpp"

namespace bulk_sync {

namespace {

void add_once(Vector<AttrNumber> &columns, AttrNumber column)
{
	if (std::find(columns.begin(), columns.end(), column) == columns.end())
		columns.push_back(column);
}

} // namespace

UsedColumns used_columns(const Vector<AttrNumber> &used, const pg::Relation &target,
						 const Vector<Oid> &members)
{
	UsedColumns result;
	for (AttrNumber const column : used) {
		if (!target.find(column)->generated) {
			add_once(result.columns, column);
			continue;
		}
		pg::Generation const generation = pg::generation_of(target, column, members);
		for (AttrNumber const source : pg::columns_used(generation.expression, target))
			add_once(result.columns, source);
		result.generated.push_back(generation);
	}
	return result;
}

} // namespace bulk_sync
