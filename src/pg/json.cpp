#include "pg/json.hpp"

#include <algorithm>

#include "pg/error_context.hpp"
#include "pg/fail.hpp"
#include "pg/tuple.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES JsonbValue *find_member(Datum object, const char *member)
{
	return getKeyJsonValueFromContainer(&DatumGetJsonbP(object)->root, member,
										static_cast<int>(strlen(member)), nullptr);
}

/* member "age", value "x1" */
PG_RAISES void add_member_context(Datum object, const char *member)
{
	JsonbValue *const value = find_member(object, member);
	if (value == nullptr) {
		errcontext("missing member \"%s\"", member);
		return;
	}
	Jsonb *const json = JsonbValueToJsonb(value);
	char *const text = JsonbToCString(nullptr, &json->root, VARSIZE(json));
	errcontext("member \"%s\", value %s", member, shortened(text));
}

/* Adds the keys of an object that are not among the names yet. Throws through the list, so called
 * with nothing else to destroy. */
PG_RAISES void add_members(Datum object, NameList &names)
{
	JsonbIterator *iterator = JsonbIteratorInit(&DatumGetJsonbP(object)->root);
	JsonbValue value;
	JsonbIteratorToken token;
	/* Objects have their keys in one order, and as a rule the same ones. */
	std::size_t expected = 0;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE) {
		if (token != WJB_KEY)
			continue;
		CHECK_FOR_INTERRUPTS();
		std::string_view const key(value.val.string.val, value.val.string.len);
		if (expected < names.size() && key == names[expected])
			expected++;
		else if (std::optional<std::size_t> const known = names.find(key))
			expected = *known + 1;
		else
			names.add(pnstrdup(key.data(), key.size()));
	}
}

/* The first of the keys that the object lacks, or nullptr. */
PG_RAISES const char *missing_key(Datum object, const NameList &keys)
{
	for (const char *key : keys)
		if (find_member(object, key) == nullptr)
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
	JsonbIterator *iterator = JsonbIteratorInit(&rows->root);
	JsonbValue value;
	JsonbIteratorToken token;
	int64 index = 0;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE) {
		if (token != WJB_ELEM)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			raise(
				{.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				 .message = psprintf("element " INT64_FORMAT " of argument \"%s\" is not an object",
									 index, argument),
				 .detail = "Elements are counted from 0."});
		index++;
	}
}

} // namespace

JsonConverter::JsonConverter(TupleDesc desc, AttrNumber number, const char *member)
	: member_(member), desc_(project(desc, Vector<AttrNumber>(1, number))), function_(pg_call([] {
		  auto *const function = static_cast<FmgrInfo *>(palloc(sizeof(FmgrInfo)));
		  fmgr_info_cxt(F_JSONB_TO_RECORD, function, CurrentMemoryContext);
		  return function;
	  }))
{
}

Datum JsonConverter::convert(Datum object, bool &is_null) const
{
	return with_error_context([&] { add_member_context(object, member_); },
							  [&] { return call_to_record(object, is_null); });
}

/* jsonb_to_record() as FROM would call it with a column definition list of this one column. */
Datum JsonConverter::call_to_record(Datum object, bool &is_null) const
{
	ReturnSetInfo expected = {};
	expected.type = T_ReturnSetInfo;
	expected.expectedDesc = desc_;
	LOCAL_FCINFO(call, 1);
	InitFunctionCallInfoData(*call, function_, 1, InvalidOid, nullptr,
							 reinterpret_cast<Node *>(&expected));
	call->args[0].value = object;
	call->args[0].isnull = false;
	Datum const record = FunctionCallInvoke(call);

	HeapTupleHeader const header = DatumGetHeapTupleHeader(record);
	HeapTupleData tuple;
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	Datum value;
	heap_deform_tuple(&tuple, desc_, &value, &is_null);
	return value;
}

bool JsonConverter::is_null(Datum object) const
{
	JsonbValue *const value = find_member(object, member_);
	return value == nullptr || value->type == jbvNull;
}

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
	pg_call([&] { add_members(json_, names); });
	return names;
}

Datum JsonObject::convert(const JsonConverter &converter, bool &is_null) const
{
	return pg_call([&] { return converter.convert(json_, is_null); });
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
		for_each([&](Datum object, int64 index) {
			const char *const key = missing == nullptr ? missing_key(object, keys) : nullptr;
			if (key != nullptr && index > 0)
				refuse_object(key, index);
			if (key != nullptr)
				missing = key;
			add_members(object, names);
		});
	});
	auto const is_member = [&](const char *key) { return names.contains(key); };
	if (missing != nullptr && std::all_of(keys.begin(), keys.end(), is_member))
		pg_call([&] { refuse_object(missing, 0); });
	return names;
}

double JsonRows::count() const noexcept
{
	return JB_ROOT_COUNT(reinterpret_cast<Jsonb *>(DatumGetPointer(json_))); /* not toasted */
}

JsonRows::Cursor JsonRows::start() const
{
	return {.iterator = JsonbIteratorInit(&DatumGetJsonbP(json_)->root),
			.scratch = Scratch("bulk_sync JSON object")};
}

bool JsonRows::next(Cursor &cursor) const
{
	auto *iterator = static_cast<JsonbIterator *>(cursor.iterator);
	JsonbValue value;
	JsonbIteratorToken token;
	CHECK_FOR_INTERRUPTS();
	do
		token = JsonbIteratorNext(&iterator, &value, true);
	while (token != WJB_ELEM && token != WJB_DONE);
	cursor.iterator = iterator;
	cursor.scratch.reset();
	if (token == WJB_DONE)
		return false;
	cursor.scratch.keep([&] { cursor.object = JsonbPGetDatum(JsonbValueToJsonb(&value)); });
	cursor.index++;
	return true;
}

} // namespace bulk_sync::pg
