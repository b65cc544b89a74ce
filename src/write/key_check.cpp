#include "write/key_check.hpp"

#include <algorithm>

#include "pg/fail.hpp"
namespace bulk_sync {

namespace {

using pg::pg_call;

constexpr CheckWords words = {"get the keys that staging has", "The keys depend on",
							  "match by other columns"};

class NullKeys final : public FailingRowsQuery {
  public:
	explicit NullKeys(int key) noexcept : key_(key) {}

	Query *build(const pg::RowStore &store, const Vector<pg::ColumnSource> &, int first_key,
				 const Vector<int> &keys) const override
	{
		return pg::select_nulls(first_key + key_, store, keys);
	}

  private:
	int key_;
};

class ChangedKeys final : public FailingRowsQuery {
  public:
	ChangedKeys(const ColumnMap &map, int key) noexcept : map_(map), key_(key) {}

	Query *build(const pg::RowStore &store, const Vector<pg::ColumnSource> &sources, int first_key,
				 const Vector<int> &keys) const override
	{
		pg::ComparedColumn compared;
		compared.column = map_.image[key_].target;
		compared.type = map_.image[key_].type;
		compared.store_column = first_key + key_;
		compared.equality = map_.keys[key_].equality_operator();
		return pg::select_other_values(compared, store, sources, keys);
	}

  private:
	const ColumnMap &map_;
	int key_;
};

void refuse_nulls(const char *column, const KeyList &keys)
{
	pg::fail({.sqlstate = ERRCODE_NULL_VALUE_NOT_ALLOWED,
			  .message = pg::format("key column \"%s\" is NULL in new rows of staging", column),
			  .detail = pg_call([&] { return keys.text(); }),
			  .hint = "It is an identity column: such a row gets a number that staging does not "
					  "have, and the next call would insert it again. Leave rows without a "
					  "number out of this call, or match by other columns."});
}

void refuse_changed(const char *column, const KeyList &keys, const pg::Relation &target)
{
	pg::fail(
		{.sqlstate = ERRCODE_WITH_CHECK_OPTION_VIOLATION,
		 .message = pg::format("rows of staging have other values in key column \"%s\" than \"%s\" "
							   "generates",
							   column, target.name()),
		 .detail = pg_call([&] { return keys.text(); }),
		 .hint = pg::format("The next call would not find these rows, and insert them again. Give "
							"staging the value that \"%s\" computes from the row's other columns, "
							"or match by other columns.",
							target.name())});
}

/* Is there a row to update whose key is computed again? The server does it when a column is set
 * that the key is computed from, and a column is set when it changed in some row. */
bool updates_compute_keys(const PlannedWrites &writes)
{
	const Vector<bool> &changed = writes.changes.changed_columns();
	for (std::size_t i = 0; i < changed.size(); i++)
		if (changed[i] && writes.plan.keys.use(writes.plan.map.image[i].target))
			return true;
	return writes.plan.keys.use_touched(writes.plan.map);
}

void find_changed_keys(int key, const PlannedWrites &writes, KeyList &failing)
{
	ChangedKeys const query(writes.plan.map, key);
	if (updates_compute_keys(writes))
		find_failing_updates(writes, writes.plan.keys.used, words, query, failing);
	find_failing_inserts(writes, writes.plan.keys.used, words, query, failing);
}

} // namespace

OtherKeys find_other_keys(const PlannedWrites &writes)
{
	const ComputedKeys &keys = writes.plan.keys;
	OtherKeys found(keys.identity.size() + keys.generated.size());
	auto next = found.begin();
	for (int const key : keys.identity)
		find_failing_inserts(writes, UsedColumns(), words, NullKeys(key), *next++);
	for (int const key : keys.generated)
		find_changed_keys(key, writes, *next++);
	return found;
}

void refuse_other_keys(const Plan &plan, const OtherKeys &found)
{
	auto next = found.begin();
	for (int const key : plan.keys.identity) {
		const KeyList &failing = *next++;
		if (failing.count > 0)
			refuse_nulls(plan.map.image[key].name, failing);
	}
	for (int const key : plan.keys.generated) {
		const KeyList &failing = *next++;
		if (failing.count > 0)
			refuse_changed(plan.map.image[key].name, failing, plan.target);
	}
}

} // namespace bulk_sync
