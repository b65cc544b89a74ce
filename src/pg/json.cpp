#include "pg/json.hpp"

#include <algorithm>

#include "pg/tuple.hpp"

extern "C" {
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
}

namespace bulk_sync::pg {

namespace {

JsonbValue *find_member(Datum object, const char *member)
{
	return getKeyJsonValueFromContainer(&DatumGetJsonbP(object)->root, member,
										static_cast<int>(strlen(member)), nullptr);
}

/* member "age", value "x1" */
void add_member_context(void *argument)
{
	struct Member {
		const char *name;
		Datum object;
	};
	auto *const member = static_cast<Member *>(argument);
	JsonbValue *const value = find_member(member->object, member->name);
	if (value == nullptr) {
		errcontext("missing member \"%s\"", member->name);
		return;
	}
	Jsonb *const json = JsonbValueToJsonb(value);
	char *const text = JsonbToCString(nullptr, &json->root, VARSIZE(json));
	errcontext("member \"%s\", value %s", member->name, shortened(text));
}

/* Appends the keys of an object that are not among the names yet. Throws through the vector, so
 * called with nothing else to destroy. */
void add_members(Datum object, Vector<const char *> &names)
{
	JsonbIterator *iterator = JsonbIteratorInit(&DatumGetJsonbP(object)->root);
	JsonbValue value;
	JsonbIteratorToken token;
	/* Objects have their keys in one order, and each once. */
	std::size_t const before = names.size();
	std::size_t expected = 0;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE) {
		if (token != WJB_KEY)
			continue;
		CHECK_FOR_INTERRUPTS();
		auto const is_key = [&](const char *name) {
			return strncmp(name, value.val.string.val, value.val.string.len) == 0 &&
				   name[value.val.string.len] == '\0';
		};
		if (expected < before && is_key(names[expected])) {
			expected++;
			continue;
		}
		auto const end = names.begin() + before;
		auto const known = std::find_if(names.begin(), end, is_key);
		expected = static_cast<std::size_t>(known - names.begin()) + 1;
		if (known == end)
			names.push_back(pnstrdup(value.val.string.val, value.val.string.len));
	}
}

void check_elements(Jsonb *rows, const char *argument)
{
	if (!JB_ROOT_IS_ARRAY(rows) || JB_ROOT_IS_SCALAR(rows))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"%s\" must be a JSON array of objects", argument)));
	JsonbIterator *iterator = JsonbIteratorInit(&rows->root);
	JsonbValue value;
	JsonbIteratorToken token;
	int64 index = 0;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE) {
		if (token != WJB_ELEM)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("element " INT64_FORMAT " of argument \"%s\" is not an object",
								   index, argument),
							errdetail("Elements are counted from 0.")));
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

/* jsonb_to_record() as FROM would call it with a column definition list of this one column. */
Datum JsonConverter::convert(Datum object, bool &is_null) const
{
	struct {
		const char *name;
		Datum object;
	} member = {member_, object};
	ErrorContextCallback callback;
	callback.callback = add_member_context;
	callback.arg = &member;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

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
	error_context_stack = callback.previous;
	return value;
}

JsonObject JsonObject::of(Datum json, const char *argument)
{
	return JsonObject(pg_call([&] {
		Jsonb *const object = DatumGetJsonbP(json);
		if (!JB_ROOT_IS_OBJECT(object))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("argument \"%s\" must be a JSON object", argument)));
		return JsonbPGetDatum(object);
	}));
}

Vector<const char *> JsonObject::members() const
{
	Vector<const char *> names;
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

Vector<const char *> JsonRows::members() const
{
	Vector<const char *> names;
	pg_call([&] { for_each([&](Datum object, int64) { add_members(object, names); }); });
	return names;
}

double JsonRows::count() const noexcept
{
	return JB_ROOT_COUNT(DatumGetJsonbP(json_));
}

JsonRows::Cursor JsonRows::start() const
{
	Cursor cursor = {};
	cursor.iterator = JsonbIteratorInit(&DatumGetJsonbP(json_)->root);
	cursor.index = -1;
	cursor.scratch = AllocSetContextCreateInternal(CurrentMemoryContext, "bulk_sync JSON object",
												   ALLOCSET_DEFAULT_SIZES);
	return cursor;
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
	MemoryContextReset(cursor.scratch);
	if (token == WJB_DONE)
		return false;
	MemoryContext const caller = MemoryContextSwitchTo(cursor.scratch);
	cursor.object = JsonbPGetDatum(JsonbValueToJsonb(&value));
	MemoryContextSwitchTo(caller);
	cursor.index++;
	return true;
}

void require_member(Datum object, const char *member, int64 index)
{
	if (find_member(object, member) == nullptr)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("element " INT64_FORMAT " of argument \"rows\" lacks the key \"%s\"",
							   index, member)));
}

} // namespace bulk_sync::pg
