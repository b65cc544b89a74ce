#include "plan/update_test.hpp"

#include <algorithm>

#include "pg/fail.hpp"
#include "pg/tuple.hpp"

namespace bulk_sync {

namespace {

/* What the planner is told: so many rows are worth a hash table for a sub-select. */
constexpr uint64 expected_rows = 1000;

/* Lays out the store. */
class Layout {
  public:
	Layout(const ColumnMap &map, UpdateTest &test) : map_(map), test_(test)
	{
		types_.emplace_back().oid = OIDOID;
	}

	/* The store's column, from 1, with the old value of a column. */
	int old_value(AttrNumber column)
	{
		if (std::optional<int> const position = image_position(column))
			return place({false, *position}, map_.image[*position].type);
		auto const carried = std::find(map_.carried.begin(), map_.carried.end(), column);
		auto const index = static_cast<int>(carried - map_.carried.begin());
		return place({false, static_cast<int>(map_.image.size()) + index},
					 pg::ColumnType::of(TupleDescAttr(map_.carried_desc, index)));
	}

	/* Likewise the new value, which is the old one where a column is not updated. */
	int new_value(AttrNumber column)
	{
		std::optional<int> const position = image_position(column);
		return position && map_.image[*position].updated
				   ? place({true, *position}, map_.image[*position].type)
				   : old_value(column);
	}

	void finish()
	{
		if (types_.size() > most_columns)
			refuse_width();
		test_.desc = pg::describe(types_);
	}

  private:
	/* Of a row, one of which is the table that it is in. */
	static constexpr std::size_t most_columns = MaxTupleAttributeNumber;

	void refuse_width() const
	{
		pg::fail({.sqlstate = ERRCODE_TOO_MANY_COLUMNS,
				  .message = "update_when uses too many columns",
				  .detail = pg::format("It uses %zu columns of old and new, and at most %zu can be "
									   "looked at together.",
									   types_.size() - 1, most_columns - 1),
				  .hint = "Name the columns that matter instead of whole rows."});
	}

	std::optional<int> image_position(AttrNumber column) const
	{
		for (std::size_t i = 0; i < map_.image.size(); i++)
			if (map_.image[i].target == column)
				return static_cast<int>(i);
		return {};
	}

	int place(const TestedColumn &column, const pg::ColumnType &type)
	{
		Vector<TestedColumn> &columns = test_.columns;
		auto const found =
			std::find_if(columns.begin(), columns.end(), [&](const TestedColumn &other) {
				return other.of_new_row == column.of_new_row && other.position == column.position;
			});
		auto const index = static_cast<int>(found - columns.begin());
		if (found == columns.end()) {
			columns.push_back(column);
			types_.push_back(type);
		}
		return index + 2;
	}

	const ColumnMap &map_;
	UpdateTest &test_;
	Vector<pg::ColumnType> types_; /* of the store's columns */
};

} // namespace

UpdateTest update_test(const Plan &plan)
{
	const UpdateWhen &when = plan.update_when;
	UpdateTest test;
	test.old_sources = sources_of(plan.target, {});
	test.new_sources = sources_of(plan.target, when.new_columns);
	Layout layout(plan.map, test);
	for (AttrNumber const column : when.old_columns)
		source_of(test.old_sources, column).store_column = layout.old_value(column);
	for (AttrNumber const column : when.new_columns.columns)
		source_of(test.new_sources, column).store_column = layout.new_value(column);
	source_of(test.new_sources, TableOidAttributeNumber).store_column = 1;
	touch(test.new_sources, plan.map);
	layout.finish();
	return test;
}

pg::RowStore update_test_store(const UpdateTest &test)
{
	auto store = pg::RowStore::create("bulk_sync row", test.desc);
	store.expect(expected_rows);
	return store;
}

/*
 * SELECT <update_when> FROM "bulk_sync row"
 *
 * with the columns of old and new replaced by those of the store.
 */
pg::Statement plan_update_test(const Plan &plan, const UpdateTest &test, const pg::RowStore &store,
							   Snapshot snapshot)
{
	Query *const query = pg::select_condition(plan.update_when.condition, plan.target, store,
											  test.old_sources, test.new_sources);
	return pg::Statement::plan_query(query, "bulk_sync update_when", snapshot, {&store});
}

} // namespace bulk_sync
