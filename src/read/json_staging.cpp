#include "read/json_staging.hpp"

#include <algorithm>

namespace bulk_sync {

namespace {

using pg::pg_call;

/* element 17 of argument "rows" */
void add_element_context(void *index)
{
	errcontext("element " INT64_FORMAT " of argument \"rows\", counted from 0",
			   *static_cast<int64 *>(index));
}

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
	ObjectReader(const ColumnMap &map, TupleDesc target, Diff &diff)
		: map_(map), diff_(diff),
		  row_(RowValues::with_room_for(static_cast<int>(map.image.size() + map.extra.size()))),
		  context_(pg_call([] {
			  return AllocSetContextCreateInternal(CurrentMemoryContext, "bulk_sync conversion",
												   ALLOCSET_DEFAULT_SIZES);
		  }))
	{
		for (const Column &column : map.image)
			converters_.push_back({target, column.target, column.name});
		for (const Column &column : map.extra)
			converters_.push_back({target, column.target, column.name});
	}

	/* Raises. */
	void read(Datum object, int64 index)
	{
		ErrorContextCallback callback;
		callback.callback = add_element_context;
		callback.arg = &index;
		callback.previous = error_context_stack;
		error_context_stack = &callback;
		MemoryContext const caller = MemoryContextSwitchTo(context_);
		for (std::size_t i = 0; i < converters_.size(); i++)
			if (map_.mark != static_cast<int>(i))
				convert(i, object);
		fill_mark(map_, row_);
		MemoryContextSwitchTo(caller);
		error_context_stack = callback.previous;

		diff_.add_staged(row_.values, row_.nulls);
		MemoryContextReset(context_);
	}

  private:
	/* A domain may forbid the NULL that stands for a default; the column is NOT NULL anyway. */
	void convert(std::size_t position, Datum object)
	{
		const pg::JsonConverter &converter = converters_[position];
		row_.nulls[position] = map_.column_at(position).null_defaults && converter.is_null(object);
		if (!row_.nulls[position])
			row_.values[position] = converter.convert(object, row_.nulls[position]);
	}

	const ColumnMap &map_;
	Diff &diff_;
	Vector<pg::JsonConverter> converters_;
	RowValues row_;
	MemoryContext context_;
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
		/* Of a key that is no column, the column map speaks. */
		auto const is_column = [&](const char *key) { return target.find(key) != nullptr; };
		bool const columns = std::all_of(request.keys.begin(), request.keys.end(), is_column);
		add_new(rows_.members(columns ? request.keys : NameList()));
		return;
	}
	/* Any option is valid that would be with rows. */
	add_new(request.keys);
	if (request.columns)
		add_new(*request.columns);
	add_new(request.ignore_columns);
}

void JsonStaging::scan(const ColumnMap &map, Snapshot, Diff &diff) const
{
	diff.expect_staged(rows_.count());
	ObjectReader reader(map, target_desc_, diff);
	pg_call([&] {
		rows_.for_each([&](Datum object, int64 index) { reader.read(object, index); });
		diff.end_staged();
	});
}

} // namespace bulk_sync
