#include "plan/members.hpp"

#include <algorithm>

#include "pg/compat.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;

bool has_generated_columns(const pg::Relation &target)
{
	return std::any_of(target.attributes().begin(), target.attributes().end(),
					   [](const pg::Attribute &attribute) { return attribute.generated; });
}

/* Does the call write or judge the column? */
bool is_used(const ColumnMap &map, const Scope &scope, AttrNumber number)
{
	auto const is_column = [&](const Column &column) { return column.target == number; };
	auto const is_default = [&](const InsertDefault &value) { return value.column == number; };
	const Vector<AttrNumber> &judged = scope.used.columns;
	return std::any_of(map.image.begin(), map.image.end(), is_column) ||
		   std::any_of(map.extra.begin(), map.extra.end(), is_column) ||
		   std::any_of(map.insert_defaults.begin(), map.insert_defaults.end(), is_default) ||
		   std::find(judged.begin(), judged.end(), number) != judged.end();
}

void refuse_column(const pg::Relation &target, const char *column, Oid member)
{
	pg_call([&] {
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot sync column \"%s\" of \"%s\"", column, target.name()),
				 errdetail("It is a generated column in \"%s\", which would not store what "
						   "staging has.",
						   get_rel_name(member)),
				 errhint("Leave the column out of staging, insert_defaults and the filter.")));
	});
}

} // namespace

bool members_may_compute(const pg::Relation &target)
{
	return target.has_children() &&
		   (has_generated_columns(target) || pg::compat::children_may_generate_alone);
}

Vector<Oid> computing_members(const pg::Relation &target, const Vector<Oid> *known)
{
	if (!target.has_children() || !has_generated_columns(target))
		return {};
	return known != nullptr ? *known : target.tree(AccessShareLock);
}

void refuse_columns_generated_below(const ColumnMap &map, const Scope &scope,
									const pg::Relation &target, const Vector<Oid> *known)
{
	if (!pg::compat::children_may_generate_alone || !target.has_children())
		return;
	/* Only the catalog is asked about the members. */
	Vector<Oid> const members = known != nullptr ? *known : target.tree(NoLock);
	for (Oid const member : members) {
		List *const names = pg::generated_columns(member);
		for (int i = 0; i < list_length(names); i++) {
			auto *const name = static_cast<const char *>(list_nth(names, i));
			const pg::Attribute *const column = target.find(name);
			if (column != nullptr && !column->generated && is_used(map, scope, column->number))
				refuse_column(target, name, member);
		}
	}
}

} // namespace bulk_sync
