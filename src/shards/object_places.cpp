#include "shards/object_places.hpp"

#include "pg/citus.hpp"
#include "pg/error_context.hpp"
#include "pg/fail.hpp"
#include "pg/json.hpp"
#include "pg/scratch.hpp"

namespace bulk_sync::shards {

namespace {

class ObjectPlaces {
  public:
	ObjectPlaces(const Plan &plan, const Column &column, const Distribution &target)
		: target_(target), null_defaults_(column.null_defaults),
		  converter_(plan.target.tuple_desc(), column.target, column.name),
		  hash_(pg::PlaceHash::of(column.type)), scratch_("bulk_sync conversion")
	{
	}

	/* Adds the place of one more object. */
	PG_RAISES void add(pg::JsonElement object, int64 index)
	{
		std::size_t const place = scratch_.run([&] {
			return pg::with_error_context(
				[&] {
					errcontext("element " INT64_FORMAT " of argument \"rows\", counted from 0",
							   index);
				},
				[&] { return place_of(object); });
		});
		char text[24];
		snprintf(text, sizeof(text), "%s%zu", index == 0 ? "" : ",", place);
		text_.append(text);
	}

	const char *text() const { return pg::format("{%s}", text_.c_str()); }

  private:
	PG_RAISES std::size_t place_of(pg::JsonElement &object) const
	{
		JsonbValue value;
		bool const has_member = object.find(converter_.member(), value);
		bool is_null = !has_member || value.type == jbvNull;
		/* As where rows are read: a domain may forbid the NULL that stands for a default. */
		if (is_null && null_defaults_)
			return 0;
		Datum const converted = converter_.convert(object, has_member ? &value : nullptr, is_null);
		return is_null ? 0 : target_.shard_with(hash_.of_value(converted));
	}

	const Distribution &target_;
	bool null_defaults_;
	pg::JsonConverter converter_;
	pg::PlaceHash hash_;
	pg::Scratch scratch_;
	pg::String text_;
};

} // namespace

const char *places_of_objects(const Plan &plan, const Column &column, const Distribution &target)
{
	pg::JsonRows const rows = pg::JsonRows::of(*plan.request.rows, "rows");
	ObjectPlaces places(plan, column, target);
	pg::pg_call([&] {
		rows.for_each(
			[&](const pg::JsonElement &object, int64 index) { places.add(object, index); });
	});
	return places.text();
}

} // namespace bulk_sync::shards
