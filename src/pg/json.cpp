#include "pg/json.hpp"

#include "pg/fail.hpp"

namespace bulk_sync::pg {

namespace {

/*
 * Takes note of the members of objects, and counts those that have each. Who makes many objects
 * makes them alike as a rule, so objects in a row that have the same keys are counted together.
 */
class MemberCounter {
  public:
	explicit MemberCounter(JsonMembers &members) : members_(members) {}

	/* Throws through the lists, so called with nothing else to destroy. */
	PG_RAISES void add(JsonbContainer *object)
	{
		if (!keys_.are_those_of(object)) {
			finish();
			learn(object);
		}
		alike_++;
	}

	/* Behind the last object. */
	void finish() noexcept
	{
		for (std::size_t const position : positions_)
			members_.objects[position] += alike_;
		alike_ = 0;
	}

  private:
	PG_RAISES void learn(JsonbContainer *object)
	{
		keys_.remember(object);
		positions_.clear();
		JsonbChildren keys(object);
		for (uint32 i = 0; i < keys_.count(); i++) {
			CHECK_FOR_INTERRUPTS();
			JsonbValue const key = keys.next();
			positions_.push_back(
				position_of({key.val.string.val, static_cast<std::size_t>(key.val.string.len)}));
		}
	}

	PG_RAISES std::size_t position_of(std::string_view name)
	{
		if (std::optional<std::size_t> const found = members_.names.find(name))
			return *found;
		members_.names.add(pnstrdup(name.data(), name.size()));
		members_.objects.push_back(0);
		return members_.names.size() - 1;
	}

	JsonMembers &members_;
	JsonbKeys keys_;				/* of the last object */
	Vector<std::size_t> positions_; /* of these among the members */
	uint32 alike_ = 0;				/* objects in a row that have them, not counted yet */
};

/* The first of the members that the object lacks, or nullptr. */
PG_RAISES const char *missing_member(const JsonElement &object, const NameList &members)
{
	JsonbValue value;
	for (const char *member : members)
		if (!object.find(member, value))
			return member;
	return nullptr;
}

PG_RAISES void check_elements(Jsonb *rows, const char *argument)
{
	if (!JB_ROOT_IS_ARRAY(rows) || JB_ROOT_IS_SCALAR(rows))
		raise({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			   .message = psprintf("argument \"%s\" must be a JSON array of objects", argument)});
	JsonbChildren elements(&rows->root);
	for (uint32 index = 0; index < JB_ROOT_COUNT(rows); index++) {
		CHECK_FOR_INTERRUPTS();
		JsonbValue const element = elements.next();
		if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data))
			raise({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				   .message =
					   psprintf("element %u of argument \"%s\" is not an object", index, argument),
				   .detail = "Elements are counted from 0."});
	}
}

} // namespace

JsonObject JsonObject::of(Datum json, const char *argument)
{
	return JsonObject(pg_call([&] {
		Jsonb *const object = DatumGetJsonbP(json);
		if (!JB_ROOT_IS_OBJECT(object))
			raise({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				   .message = psprintf("argument \"%s\" must be a JSON object", argument)});
		return JsonbPGetDatum(object);
	}));
}

NameList JsonObject::members() const
{
	JsonMembers members;
	MemberCounter counter(members);
	pg_call([&] { counter.add(element().container()); });
	return members.names;
}

Datum JsonObject::convert(const JsonConverter &converter, bool &is_null) const
{
	return pg_call([&] {
		JsonElement object = element();
		JsonbValue value;
		bool const present = object.find(converter.member(), value);
		return converter.convert(object, present ? &value : nullptr, is_null);
	});
}

JsonElement JsonObject::element() const noexcept
{
	auto *const object = reinterpret_cast<Jsonb *>(DatumGetPointer(json_)); /* not toasted */
	JsonbValue value;
	value.type = jbvBinary;
	value.val.binary.data = &object->root;
	value.val.binary.len = static_cast<int>(VARSIZE(object) - VARHDRSZ);
	return JsonElement(value);
}

JsonRows JsonRows::of(Datum json, const char *argument)
{
	return JsonRows(pg_call([&] {
		Jsonb *const rows = DatumGetJsonbP(json);
		check_elements(rows, argument);
		return JsonbPGetDatum(rows);
	}));
}

JsonMembers JsonRows::members() const
{
	JsonMembers members;
	MemberCounter counter(members);
	pg_call([&] {
		for_each([&](const JsonElement &object, int64) { counter.add(object.container()); });
	});
	counter.finish();
	return members;
}

std::optional<MissingMember> JsonRows::first_missing(const NameList &members) const
{
	MissingMember first = {nullptr, 0};
	pg_call([&] {
		for_each([&](const JsonElement &object, int64 index) {
			if (first.name == nullptr)
				first = {missing_member(object, members), index};
		});
	});
	if (first.name == nullptr)
		return std::nullopt;
	return first;
}

JsonbContainer *JsonRows::array() const noexcept
{
	return &reinterpret_cast<Jsonb *>(DatumGetPointer(json_))->root; /* not toasted */
}

uint32 JsonRows::count() const noexcept
{
	return JsonContainerSize(array());
}

} // namespace bulk_sync::pg
