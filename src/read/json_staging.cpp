#include "read/json_staging.hpp"

#include <algorithm>

#include "pg/error_context.hpp"
#include "pg/fail.hpp"
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

/* The number of this index in a list like "1,4,7"; the last one when it has fewer. */
int64 number_in(const char *list, int64 index) noexcept
{
	for (const char *comma = strchr(list, ','); comma != nullptr && index > 0; index--) {
		list = comma + 1;
		comma = strchr(list, ',');
	}
	return strtoll(list, nullptr, 10);
}

/* Converts the objects and hands them to the diff. */
class ObjectReader {
  public:
	/* The positions are nullptr when these are all objects. */
	ObjectReader(const ColumnMap &map, TupleDesc target, const char *positions,
				 StagedRowCheck *check, Diff &diff, Observer &observer)
		: map_(map), positions_(positions), check_(check), diff_(diff), observer_(observer),
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
			errcontext("element " INT64_FORMAT " of argument \"rows\", counted from 0",
					   positions_ == nullptr ? index : number_in(positions_, index) - 1);
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
	const char *positions_;
	StagedRowCheck *check_;
	Diff &diff_;
	Observer &observer_;
	pg::JsonRecord record_;
	RowValues row_;
	pg::Scratch scratch_;
};

/* The members that some of the objects lack. */
NameList ragged(const pg::JsonMembers &members, uint32 objects)
{
	NameList names;
	for (std::size_t i = 0; i < members.names.size(); i++)
		if (members.objects[i] < objects)
			names.add(members.names[i]);
	return names;
}

/* Throws pg::Error, 22023, for the first object that lacks a key. */
void require_keys(const NameList &keys, const pg::JsonRows &rows, const NameList &ragged)
{
	auto const is_ragged = [&](const char *key) { return ragged.contains(key); };
	if (std::none_of(keys.begin(), keys.end(), is_ragged))
		return;
	pg::MissingMember const missing = *rows.first_missing(keys);
	pg::fail(
		{.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
		 .message = pg::format("element " INT64_FORMAT " of argument \"rows\" lacks the key \"%s\"",
							   missing.index, missing.name),
		 .detail = "Elements are counted from 0."});
}

[[noreturn]] void refuse_missing(const pg::MissingMember &missing, uint32 objects, uint32 lacking)
{
	pg::fail({.sqlstate = ERRCODE_SQL_JSON_MEMBER_NOT_FOUND,
			  .message = pg::format("element " INT64_FORMAT
									" of argument \"rows\" lacks the member \"%s\"",
									missing.index, missing.name),
			  .detail = pg::counted(
				  lacking, "%u of %u objects lacks it. Elements are counted from 0.",
				  "%u of %u objects lack it. Elements are counted from 0.", lacking, objects),
			  .hint = "Give the member to each object, with null where the column is to be NULL, "
					  "or pass allow_missing => true to have missing members taken as null."});
}

/*
 * Where an object lacks what others have, its column would become NULL. Not so where a NULL takes
 * the column's default or is not read: in columns that are never updated, and in those that the
 * call itself fills. Members that are no columns the column map refuses: they may be the missing
 * ones, misspelled.
 */
void require_members(const Request &request, const pg::Relation &target, const pg::JsonRows &rows,
					 const pg::JsonMembers &members, const NameList &ragged)
{
	Vector<AttrNumber> const primary_key = target.primary_key();
	NameList required;
	for (const char *name : members.names) {
		const pg::Attribute *const column = target.find(name);
		if (column == nullptr && !request.ignore_columns.contains(name))
			return;
		if (column != nullptr && ragged.contains(name) &&
			reason_not_updated(*column, primary_key) == nullptr &&
			!request.touch_columns.contains(name) &&
			(request.soft_delete == nullptr || strcmp(request.soft_delete, name) != 0))
			required.add(name);
	}
	if (required.empty())
		return;
	pg::MissingMember const missing = *rows.first_missing(required);
	uint32 const have = members.objects[*members.names.find(missing.name)];
	refuse_missing(missing, rows.count(), rows.count() - have);
}

} // namespace

JsonStaging::JsonStaging(const Request &request, const pg::Relation &target)
	: rows_(pg::JsonRows::of(*request.rows, "rows")), target_desc_(target.tuple_desc())
{
	auto const add_new = [&](const NameList &names) {
		for (const char *name : names)
			if (columns_.find(name) == nullptr)
				columns_.add(attribute_for(target, name));
	};
	if (rows_.count() > 0) {
		pg::JsonMembers const members = rows_.members();
		NameList const some_lack = ragged(members, rows_.count());
		/* The column map has better words for keys that are no columns, or no members at all. */
		auto const is_known = [&](const char *key) {
			return target.find(key) != nullptr && members.names.contains(key);
		};
		if (!some_lack.empty() && std::all_of(request.keys.begin(), request.keys.end(), is_known)) {
			require_keys(request.keys, rows_, some_lack);
			if (!request.allow_missing)
				require_members(request, target, rows_, members, some_lack);
		}
		add_new(members.names);
		return;
	}
	/* Whatever the options name counts as staged: they may be right for a day with rows. */
	add_new(request.keys);
	if (request.columns)
		add_new(*request.columns);
	add_new(request.ignore_columns);
}

JsonStaging::JsonStaging(const Request &request, const pg::Relation &target,
						 const NameList &members, const char *positions, StagedRowCheck *check)
	: rows_(pg::JsonRows::of(*request.rows, "rows")), target_desc_(target.tuple_desc()),
	  positions_(positions), check_(check)
{
	for (const char *member : members)
		columns_.add(attribute_for(target, member));
}

void JsonStaging::scan(const Plan &plan, Snapshot, Diff &diff, Observer &observer) const
{
	diff.expect_staged(rows_.count(), width_of_value * static_cast<double>(plan.map.image.size()));
	diff.form_staging(target_desc_);
	observer.expect(rows_.count());
	ObjectReader reader(plan.map, target_desc_, positions_, check_, diff, observer);
	pg_call([&] {
		rows_.for_each(
			[&](const pg::JsonElement &object, int64 index) { reader.read(object, index); });
		diff.end_staged();
	});
}

} // namespace bulk_sync
