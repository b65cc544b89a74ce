#include "pg/json.hpp"

#include <algorithm>

#include "pg/error_context.hpp"
#include "pg/fail.hpp"

namespace bulk_sync::pg {

namespace {

/* Adds the keys of an object that are not among the names yet. Throws through the list, so called
 * with nothing else to destroy. */
PG_RAISES void add_members(JsonbContainer *object, NameList &names)
{
	JsonbChildren keys(object);
	for (uint32 i = 0; i < JsonContainerSize(object); i++) {
		CHECK_FOR_INTERRUPTS();
		JsonbValue const key = keys.next();
		std::string_view const name(key.val.string.val, key.val.string.len);
		if (!names.contains(name))
			names.add(pnstrdup(name.data(), name.size()));
	}
}

/* The first of the keys that the object lacks, or nullptr. */
PG_RAISES const char *missing_key(const JsonElement &object, const NameList &keys)
{
	JsonbValue value;
	for (const char *key : keys)
		if (!object.find(key, value))
			return key;
	return nullptr;
}

PG_RAISES void refuse_object(const char *key, int64 index)
{
	with_error_context(
		[&] { errcontext("element " INT64_FORMAT " of argument \"rows\", counted from 0", index); },
		[&] {
			raise({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				   .message = psprintf("element " INT64_FORMAT
									   " of argument \"rows\" lacks the key \"%s\"",
									   index, key)});
		});
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
	NameList names;
	pg_call([&] { add_members(element().container(), names); });
	return names;
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

NameList JsonRows::members(const NameList &keys) const
{
	NameList names;
	const char *missing = nullptr; /* in the first object */
	pg_call([&] {
		JsonbKeys last;
		for_each([&](const JsonElement &object, int64 index) {
			if (last.are_those_of(object.container()))
				return;
			last.remember(object.container());
			const char *const key = missing == nullptr ? missing_key(object, keys) : nullptr;
			if (key != nullptr && index > 0)
				refuse_object(key, index);
			if (key != nullptr)
				missing = key;
			add_members(object.container(), names);
		});
	});
	auto const is_member = [&](const char *key) { return names.contains(key); };
	if (missing != nullptr && std::all_of(keys.begin(), keys.end(), is_member))
		pg_call([&] { refuse_object(missing, 0); });
	return names;
}

JsonbContainer *JsonRows::array() const noexcept
{
	return &reinterpret_cast<Jsonb *>(DatumGetPointer(json_))->root; /* not toasted */
}

double JsonRows::count() const noexcept
{
	return JsonContainerSize(array());
}

} // namespace bulk_sync::pg
