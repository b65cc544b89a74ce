#include "pg/json_converter.hpp"

#include "pg/error_context.hpp"
#include "pg/fail.hpp"
#include "pg/tuple.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
}

namespace bulk_sync::pg {

namespace {

/* member "age", value "x1" */
PG_RAISES void add_member_context(const char *member, const JsonbValue *value)
{
	if (value == nullptr) {
		errcontext("missing member \"%s\"", member);
		return;
	}
	JsonbValue copy = *value;
	Jsonb *const json = JsonbValueToJsonb(&copy);
	char *const text = JsonbToCString(nullptr, &json->root, VARSIZE(json));
	errcontext("member \"%s\", value %s", member, shortened(text));
}

/* What the input function of a type other than jsonb is given. */
PG_RAISES char *text_of(JsonbValue value, Oid type)
{
	if (value.type == jbvBinary)
		return JsonbToCString(nullptr, value.val.binary.data, value.val.binary.len);
	if (type == JSONOID) {
		Jsonb *const json = JsonbValueToJsonb(&value);
		return JsonbToCString(nullptr, &json->root, VARSIZE(json));
	}
	if (value.type == jbvString)
		return pnstrdup(value.val.string.val, value.val.string.len);
	if (value.type == jbvBool)
		return pstrdup(value.val.boolean ? "true" : "false");
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
}

/*
 * Types of the server whose input functions take the text of an object or array for something that
 * it is not: what gets there is a mistake, such as a Buffer of Node for a bytea. Types of text keep
 * that text, and all others refuse it themselves, or read it, as a range reads [1, 2].
 */
bool misreads_containers(Oid type)
{
	switch (type) {
	case BYTEAOID:
	case CHAROID:
	case NAMEOID:
	case REFCURSOROID:
	case TSQUERYOID:
	case TSVECTOROID:
	case XMLOID:
	case CIDOID:
	case XIDOID:
	case XID8OID:
		return true;
	default:
		return false;
	}
}

PG_RAISES void refuse_container(const JsonbValue &value, Oid type)
{
	bool const object = JsonContainerIsObject(value.val.binary.data);
	raise({.sqlstate = ERRCODE_INVALID_TEXT_REPRESENTATION,
		   .message = psprintf("JSON %s cannot become a value of type %s",
							   object ? "object" : "array", format_type_be(type)),
		   .hint = type == BYTEAOID ? "Give bytes as a string: \\x and hexadecimal digits."
									: "Give the value as a string."});
}

} // namespace

Datum JsonElement::whole()
{
	if (whole_ == 0)
		whole_ = JsonbPGetDatum(JsonbValueToJsonb(&value_));
	return whole_;
}

bool JsonElement::find(const char *member, JsonbValue &value) const
{
	return getKeyJsonValueFromContainer(container(), member, static_cast<int>(strlen(member)),
										&value) != nullptr;
}

JsonConverter::JsonConverter(TupleDesc desc, AttrNumber number, const char *member)
	: member_(member), desc_(project(desc, Vector<AttrNumber>(1, number)))
{
	pg_call([&] { look_up(TupleDescAttr(desc_, 0)); });
}

/* As prepare_column_cache() of jsonfuncs.c tells types apart. */
void JsonConverter::look_up(Form_pg_attribute column)
{
	type_ = column->atttypid;
	typmod_ = column->atttypmod;
	base_ = getBaseTypeAndTypmod(type_, &typmod_);
	scalar_ = !OidIsValid(get_element_type(base_)) && !type_is_rowtype(base_);
	misreads_containers_ = misreads_containers(base_);
	state_ = static_cast<State *>(palloc0(sizeof(State)));
	state_->context = CurrentMemoryContext;
	Oid function = F_JSONB_TO_RECORD;
	if (scalar_)
		getTypeInputInfo(base_, &function, &state_->parameter);
	fmgr_info_cxt(function, &state_->function, state_->context);
}

Datum JsonConverter::convert(JsonElement &object, const JsonbValue *value, bool &is_null) const
{
	is_null = value == nullptr || value->type == jbvNull;
	if (is_null && type_ == base_)
		return 0;
	return with_error_context(
		[&] { add_member_context(member_, value); },
		[&] { return scalar_ ? convert_scalar(value, is_null) : call_to_record(object, is_null); });
}

/* A domain may forbid NULL too. */
Datum JsonConverter::convert_scalar(const JsonbValue *value, bool &is_null) const
{
	Datum const result = is_null ? 0 : read_scalar(*value);
	if (type_ != base_)
		domain_check(result, is_null, type_, &state_->domain, state_->context);
	return result;
}

/* As populate_scalar() of jsonfuncs.c, but for what is refused. */
Datum JsonConverter::read_scalar(JsonbValue value) const
{
	if (base_ == JSONBOID)
		return JsonbPGetDatum(JsonbValueToJsonb(&value));
	if (value.type == jbvBinary && misreads_containers_)
		refuse_container(value, base_);
	char *const text = text_of(value, base_);
	Datum const result = InputFunctionCall(&state_->function, text, state_->parameter, typmod_);
	pfree(text);
	return result;
}

/* jsonb_to_record() as FROM would call it with a column definition list of this one column. */
Datum JsonConverter::call_to_record(JsonElement &object, bool &is_null) const
{
	ReturnSetInfo expected = {};
	expected.type = T_ReturnSetInfo;
	expected.expectedDesc = desc_;
	LOCAL_FCINFO(call, 1);
	InitFunctionCallInfoData(*call, &state_->function, 1, InvalidOid, nullptr,
							 reinterpret_cast<Node *>(&expected));
	call->args[0].value = object.whole();
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

} // namespace bulk_sync::pg
