#include "pg/json_form.hpp"

#include "pg/jsonb_limits.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/datetime.h"
#include "utils/json.h"
}

namespace bulk_sync::pg {

namespace {

bool is_number(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == FLOAT4OID ||
		   type == FLOAT8OID || type == NUMERICOID;
}

bool is_date_time(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

} // namespace

const JsonForm *JsonForm::of(Oid type)
{
	check_stack_depth();
	auto *const form = static_cast<JsonForm *>(palloc0(sizeof(JsonForm)));
	form->type_ = getBaseType(type);
	Oid output;
	bool is_varlena;
	getTypeOutputInfo(form->type_, &output, &is_varlena);
	fmgr_info_cxt(output, &form->output_, CurrentMemoryContext);

	Oid const element = get_element_type(form->type_);
	form->kind_ = Kind::other;
	if (form->type_ == BOOLOID)
		form->kind_ = Kind::boolean;
	else if (is_number(form->type_))
		form->kind_ = Kind::number;
	else if (is_date_time(form->type_))
		form->kind_ = Kind::date_time;
	else if (form->type_ == JSONOID || form->type_ == JSONBOID)
		form->kind_ = Kind::json;
	else if (OidIsValid(element))
		form->look_into_array(element);
	else if (type_is_rowtype(form->type_) && form->type_ != RECORDOID)
		form->look_into_composite();
	form->holds_json_ = form->holds_json_ || form->type_ == JSONOID;
	return form;
}

void JsonForm::look_into_array(Oid element)
{
	kind_ = Kind::array;
	lower_bound_ = type_ == INT2VECTOROID || type_ == OIDVECTOROID ? 0 : 1;
	get_typlenbyvalalign(element, &length_, &by_value_, &align_);
	parts_ = static_cast<const JsonForm **>(palloc(sizeof(JsonForm *)));
	parts_[0] = of(element);
	holds_json_ = parts_[0]->holds_json_;
}

void JsonForm::look_into_composite()
{
	kind_ = Kind::composite;
	desc_ = lookup_rowtype_tupdesc_copy(type_, -1);
	parts_ = static_cast<const JsonForm **>(palloc0(sizeof(JsonForm *) * (desc_->natts + 1)));
	for (int i = 0; i < desc_->natts; i++) {
		if (TupleDescAttr(desc_, i)->attisdropped)
			continue;
		parts_[i] = of(TupleDescAttr(desc_, i)->atttypid);
		holds_json_ = holds_json_ || parts_[i]->holds_json_;
	}
}

bool JsonForm::append(StringInfo text, Datum value) const
{
	switch (kind_) {
	case Kind::boolean:
		appendStringInfoString(text, DatumGetBool(value) ? "true" : "false");
		return true;
	case Kind::number:
		return append_number(text, value);
	case Kind::date_time: {
		char buffer[MAXDATELEN + 1];
		JsonEncodeDateTime(buffer, value, type_, nullptr);
		appendStringInfo(text, "\"%s\"", buffer);
		return true;
	}
	case Kind::json:
		append_json(text, value);
		return true;
	case Kind::array:
		return append_array(text, value);
	case Kind::composite:
		return append_composite(text, value);
	case Kind::other:
		append_output(text, value);
		return true;
	}
	pg_unreachable();
}

void JsonForm::append_output(StringInfo text, Datum value) const
{
	char *const output = OutputFunctionCall(const_cast<FmgrInfo *>(&output_), value);
	escape_json(text, output);
	pfree(output);
}

/* NaN and the infinities are strings. */
bool JsonForm::append_number(StringInfo text, Datum value) const
{
	char *const output = OutputFunctionCall(const_cast<FmgrInfo *>(&output_), value);
	if (is_digit(output[output[0] == '-' ? 1 : 0]))
		appendStringInfoString(text, output);
	else
		appendStringInfo(text, "\"%s\"", output);
	bool const exact = strcmp(output, "-0") != 0;
	pfree(output);
	return exact;
}

void JsonForm::append_json(StringInfo text, Datum value) const
{
	char *const output = OutputFunctionCall(const_cast<FmgrInfo *>(&output_), value);
	if (fits_into_jsonb(output))
		appendStringInfoString(text, output);
	else
		escape_json(text, output);
	pfree(output);
}

/* The elements of an array, one after the other. */
struct JsonForm::Elements {
	ArrayType *array;
	Datum *values;
	bool *nulls;
	int next = 0;
};

bool JsonForm::append_array(StringInfo text, Datum value) const
{
	Elements elements = {DatumGetArrayTypeP(value), nullptr, nullptr};
	ArrayType *const array = elements.array;
	int count;
	deconstruct_array(array, ARR_ELEMTYPE(array), length_, by_value_, align_, &elements.values,
					  &elements.nulls, &count);
	if (count == 0) {
		appendStringInfoString(text, "[]");
		return true;
	}
	bool exact = append_dimension(text, elements, 0);
	for (int i = 0; i < ARR_NDIM(array); i++)
		exact = exact && ARR_LBOUND(array)[i] == lower_bound_;
	return exact;
}

/* [1, 2] or [[1, 2], [3, 4]] */
bool JsonForm::append_dimension(StringInfo text, Elements &elements, int dimension) const
{
	bool exact = true;
	appendStringInfoChar(text, '[');
	for (int i = 0; i < ARR_DIMS(elements.array)[dimension]; i++) {
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoString(text, ", ");
		if (dimension + 1 < ARR_NDIM(elements.array)) {
			exact = append_dimension(text, elements, dimension + 1) && exact;
			continue;
		}
		int const position = elements.next++;
		if (elements.nulls[position])
			appendStringInfoString(text, "null");
		else
			exact = parts_[0]->append(text, elements.values[position]) && exact;
	}
	appendStringInfoChar(text, ']');
	return exact;
}

/* {"a": 1, "b": null}. A type may get or lose fields while we have its old description. */
bool JsonForm::append_composite(StringInfo text, Datum value) const
{
	HeapTupleHeader const header = DatumGetHeapTupleHeader(value);
	if (HeapTupleHeaderGetTypeId(header) != type_) {
		append_output(text, value);
		return true;
	}
	HeapTupleData tuple;
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	auto *const values = static_cast<Datum *>(palloc(sizeof(Datum) * (desc_->natts + 1)));
	auto *const nulls = static_cast<bool *>(palloc(sizeof(bool) * (desc_->natts + 1)));
	heap_deform_tuple(&tuple, desc_, values, nulls);

	bool exact = true;
	const char *separator = "";
	appendStringInfoChar(text, '{');
	for (int i = 0; i < desc_->natts; i++) {
		if (parts_[i] == nullptr)
			continue;
		appendStringInfoString(text, separator);
		separator = ", ";
		escape_json(text, NameStr(TupleDescAttr(desc_, i)->attname));
		appendStringInfoString(text, ": ");
		if (nulls[i])
			appendStringInfoString(text, "null");
		else
			exact = parts_[i]->append(text, values[i]) && exact;
	}
	appendStringInfoChar(text, '}');
	return exact;
}

} // namespace bulk_sync::pg
