#include "write/scope_check.hpp"

#include <algorithm>

#include "pg/fail.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;

constexpr CheckWords words = {"are in the scope of the filter", "The filter uses",
							  "switch the check off with allow_out_of_scope => true"};

class RowsOutOfScope final : public FailingRowsQuery {
  public:
	RowsOutOfScope(const Scope &scope, const pg::Relation &target) noexcept
		: scope_(scope), target_(target)
	{
	}

	Query *build(const pg::RowStore &store, const Vector<pg::ColumnSource> &sources, int,
				 const Vector<int> &keys) const override
	{
		return pg::select_failing_rows(scope_.filter, target_, store, sources, keys);
	}

  private:
	const Scope &scope_;
	const pg::Relation &target_;
};

/* A column that the filter uses and in which new rows have nothing but its default; nullptr when
 * there is none. */
const char *defaulted_column(const Scope &scope, const ColumnMap &map, const pg::Relation &target)
{
	auto const has = [](const auto &columns, auto &&is) {
		return std::any_of(columns.begin(), columns.end(), is);
	};
	for (AttrNumber const number : scope.used.columns) {
		auto const is_column = [&](const Column &column) { return column.target == number; };
		auto const is_default = [&](const InsertDefault &value) { return value.column == number; };
		if (!has(map.image, is_column) && !has(map.extra, is_column) &&
			!has(map.insert_defaults, is_default) && !map.touches(number))
			return target.find(number)->name;
	}
	return nullptr;
}

/* `defaulted` may be nullptr. */
void refuse_rows(const KeyList &keys, const pg::Relation &target, const char *defaulted)
{
	const char *const about_default =
		defaulted == nullptr
			? ""
			: pg::format(
				  " New rows have the default of column \"%s\", which the filter uses, unless "
				  "staging or insert_defaults gives a value.",
				  defaulted);
	pg::fail(
		{.sqlstate = ERRCODE_WITH_CHECK_OPTION_VIOLATION,
		 .message = "rows of staging are outside of the scope of the filter",
		 .detail = pg::pg_call([&] { return keys.text(); }),
		 .hint = pg::format("Each row must satisfy the filter as it is stored in \"%s\", or the "
							"next call would insert it again.%s allow_out_of_scope => true "
							"switches the check off.",
							target.name(), about_default)});
}

} // namespace

void find_out_of_scope(const PlannedWrites &writes, OutOfScope &found)
{
	const Scope &scope = writes.plan.scope;
	if (scope.is_whole_table() || writes.plan.request.allow_out_of_scope)
		return;
	RowsOutOfScope const query(scope, writes.plan.target);
	/* The filter was true for those that keep what it uses. */
	if (!updates_keep(writes, scope.used))
		find_failing_updates(writes, scope.used, words, query, found.keys);
	uint64 const failing_updates = found.keys.count;
	find_failing_inserts(writes, scope.used, words, query, found.keys);
	found.has_new_rows = found.keys.count > failing_updates;
}

void refuse_out_of_scope(const Plan &plan, const OutOfScope &found)
{
	if (found.keys.count > 0)
		refuse_rows(found.keys, plan.target,
					found.has_new_rows ? defaulted_column(plan.scope, plan.map, plan.target)
									   : nullptr);
}

} // namespace bulk_sync
