#include "read/json_staging.hpp"

#include <algorithm>

#include "pg/error_context.hpp"
#include "pg/json_record.hpp"
#include "pg/scratch.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;

/* In bytes; what the planner expects of a value that it knows nothing of. */
constexpr double width_of_value = 32;

/* A member that the target lacks stays in the list, for the column map to refuse or ignore. */
pg::Attribute attribute_for(const pg::Relation &target, const char *member)
{
	pg::Attribute attribute;
	if (const pg::Attribute *const column = target.find(member)) {
		attribute.type = column->type;
		attribute.number = column->number;
	}
	attribute.name = member;
	return attribute;
}

/* Converts the objects and hands them to the diff. */
class ObjectReader {
  public:
	ObjectReader(const ColumnMap &map, TupleDesc target, StagedRowCheck *check, Diff &diff,
				 Observer &observer)
		: map_(map), check_(check), diff_(diff), observer_(observer),
		  row_(RowValues::with_room_for(static_cast<int>(map.image.size() + map.extra.size()))),
		  scratch_("bulk_sync conversion")
	{
		for (const Column &column : map.image)
			record_.add_column(target, column.target, column.name);
		for (const Column &column : map.extra)
			record_.add_column(target, column.target, column.name);
	}

	PG_RAISES void read(const pg::JsonElement &object, int64 index)
	{
		auto const add_context = [&] {
			errcontext("element " INT64_FORMAT " of argument \"rows\", counted from 0", index);
		};
		scratch_.keep(
			[&] { pg::with_error_context(add_context, [&] { convert_object(object); }); });
		if (check_ != nullptr)
			check_->look_at(row_.values, row_.nulls);
		diff_.add_staged(row_.values, row_.nulls);
		scratch_.reset();
		if (diff_.counts().staged % Observer::told_rows == 0)
			observer_.reading(diff_.counts().staged);
	}

  private:
	PG_RAISES void convert_object(const pg::JsonElement &object)
	{
		record_.look_at(object);
		for (std::size_t i = 0; i < record_.columns(); i++)
			if (map_.mark != static_cast<int>(i))
				convert(i);
		fill_mark(map_, row_);
	}

	/* A domain may forbid the NULL that stands for a default; the column is NOT NULL anyway. */
	PG_RAISES void convert(std::size_t position)
	{
		row_.nulls[position] = map_.column_at(position).null_defaults && record_.is_null(position);
		if (!row_.nulls[position])
			row_.values[position] = record_.convert(position, row_.nulls[position]);
	}

	const ColumnMap &map_;
	StagedRowCheck *check_;
	Diff &diff_;
	Observer &observer_;
	pg::JsonRecord record_;
	RowValues row_;
	pg::Scratch scratch_;
};

} // namespace

JsonStaging::JsonStaging(const Request &request, const pg::Relation &target)
	: rows_(pg::JsonRows::of(*request.rows, "rows")), target_desc_(target.tuple_desc())
{
	auto const add_new = [&](const NameList &members) {
		for (const char *member : members)
			if (columns_.find(member) == nullptr)
				columns_.add(attribute_for(target, member));
	};
	if (rows_.count() > 0) {
		/* The column map refuses keys that are no columns, in better words. */
		auto const is_column = [&](const char *key) { return target.find(key) != nullptr; };
		bool const columns = std::all_of(request.keys.begin(), request.keys.end(), is_column);
		add_new(rows_.members(columns ? request.keys : NameList()));
		return;
	}
	/* Whatever the options name counts as staged: they may be right for a day with rows. */
	add_new(request.keys);
	if (request.columns)
		add_new(*request.columns);
	add_new(request.ignore_columns);
}

JsonStaging::JsonStaging(const Request &request, const pg::Relation &target,
						 const NameList &members, StagedRowCheck *check)
	: rows_(pg::JsonRows::of(*request.rows, "rows")), target_desc_(target.tuple_desc()),
	  check_(check)
{
	for (const char *member : members)
		columns_.add(attribute_for(target, member));
}

void JsonStaging::scan(const Plan &plan, Snapshot, Diff &diff, Observer &observer) const
{
	diff.expect_staged(rows_.count(), width_of_value * static_cast<double>(plan.map.image.size()));
	diff.form_staging(target_desc_);
	observer.expect(rows_.count());
	ObjectReader reader(plan.map, target_desc_, check_, diff, observer);
	pg_call([&] {
		rows_.for_each(
			[&](const pg::JsonElement &object, int64 index) { reader.read(object, index); });
		diff.end_staged();
	});
}

} // namespace bulk_sync
