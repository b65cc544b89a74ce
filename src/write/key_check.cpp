#include "write/key_check.hpp"

#include <algorithm>

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

class OtherKeys final : public FailingRowsQuery {
  public:
	OtherKeys(const ColumnMap &map, int key) noexcept : map_(map), key_(key) {}

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
	pg_call([&] {
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("key column \"%s\" is NULL in new rows of staging", column),
				 errdetail("%s", keys.text()),
				 errhint("It is an identity column: such a row gets a number that staging does not "
						 "have, and the next call would insert it again. Leave rows without a "
						 "number out of this call, or match by other columns.")));
	});
}

void refuse_other_keys(const char *column, const KeyList &keys, const pg::Relation &target)
{
	pg_call([&] {
		ereport(ERROR,
				(errcode(ERRCODE_WITH_CHECK_OPTION_VIOLATION),
				 errmsg("rows of staging have other values in key column \"%s\" than \"%s\" "
						"generates",
						column, target.name()),
				 errdetail("%s", keys.text()),
				 errhint("The next call would not find these rows, and insert them again. Give "
						 "staging the value that \"%s\" computes from the row's other columns, "
						 "or match by other columns.",
						 target.name())));
	});
}

void check_identity_key(int key, const PlannedWrites &writes)
{
	KeyList failing;
	find_failing_inserts(writes, UsedColumns(), words, NullKeys(key), failing);
	if (failing.count > 0)
		refuse_nulls(writes.map.image[key].name, failing);
}

bool uses(const ComputedKeys &keys, const Column &column)
{
	const Vector<AttrNumber> &used = keys.used.columns;
	const Vector<pg::Generation> &generated = keys.used.generated;
	return std::find(used.begin(), used.end(), column.target) != used.end() ||
		   std::any_of(generated.begin(), generated.end(), [&](const pg::Generation &generation) {
			   return generation.is_unknown_from(column.target);
		   });
}

/* Is there a row to update whose key is computed again? The server does it when a column is set that
 * the key is computed from, and a column is set when it changed in some row. */
bool updates_compute_keys(const ComputedKeys &keys, const PlannedWrites &writes)
{
	const Vector<bool> &changed = writes.changes.changed_columns();
	for (std::size_t i = 0; i < changed.size(); i++)
		if (changed[i] && uses(keys, writes.map.image[i]))
			return true;
	return false;
}

void check_generated_key(const ComputedKeys &keys, int key, const PlannedWrites &writes)
{
	OtherKeys const query(writes.map, key);
	KeyList failing;
	if (updates_compute_keys(keys, writes))
		find_failing_updates(writes, keys.used, words, query, failing);
	find_failing_inserts(writes, keys.used, words, query, failing);
	if (failing.count > 0)
		refuse_other_keys(writes.map.image[key].name, failing, writes.target);
}

} // namespace

bool has_generated_keys(const ColumnMap &map, const pg::Relation &target) noexcept
{
	return std::any_of(map.image.begin(), map.image.begin() + map.key_count(),
					   [&](const Column &column) { return target.find(column.target)->generated; });
}

ComputedKeys computed_keys(const ColumnMap &map, const pg::Relation &target,
						   const Vector<Oid> &members)
{
	ComputedKeys keys;
	Vector<AttrNumber> generated;
	for (int i = 0; i < map.key_count(); i++) {
		const pg::Attribute &attribute = *target.find(map.image[i].target);
		if (attribute.identity != '\0')
			keys.identity.push_back(i);
		if (!attribute.generated)
			continue;
		keys.generated.push_back(i);
		generated.push_back(attribute.number);
	}
	keys.used = used_columns(generated, target, members);
	keys.changed_by_updates =
		std::any_of(map.image.begin(), map.image.end(),
					[&](const Column &column) { return column.updated && uses(keys, column); });
	return keys;
}

void check_keys(const ComputedKeys &keys, const PlannedWrites &writes)
{
	for (int const key : keys.identity)
		check_identity_key(key, writes);
	for (int const key : keys.generated)
		check_generated_key(keys, key, writes);
}

} // namespace bulk_sync
