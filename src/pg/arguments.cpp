#include "pg/arguments.hpp"

#include "pg/fail.hpp"

extern "C" {
#include "utils/array.h"
}

namespace bulk_sync::pg {

namespace {

struct Elements {
	Datum *values;
	bool *nulls;
	int count;
};

PG_RAISES Elements elements_of(Datum array_datum, const char *name)
{
	ArrayType *const array = DatumGetArrayTypeP(array_datum);
	if (ARR_NDIM(array) > 1)
		raise({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			   .message = psprintf("argument \"%s\" must be a one-dimensional array", name)});
	Elements elements;
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements.values, &elements.nulls,
					  &elements.count);
	return elements;
}

PG_RAISES const char *element_text(const Elements &elements, int index, const char *name)
{
	CHECK_FOR_INTERRUPTS();
	if (elements.nulls[index])
		raise({.sqlstate = ERRCODE_NULL_VALUE_NOT_ALLOWED,
			   .message = psprintf("argument \"%s\" must not contain nulls", name)});
	return TextDatumGetCString(elements.values[index]);
}

} // namespace

Datum Argument::value() const
{
	if (is_null())
		fail({.sqlstate = ERRCODE_NULL_VALUE_NOT_ALLOWED,
			  .message = format("argument \"%s\" must not be null", name_)});
	return value_.value;
}

const char *Argument::string() const
{
	Datum const string = value();
	return pg_call([&] { return TextDatumGetCString(string); });
}

NameList Argument::names() const
{
	Datum const array = value();
	Elements const elements = pg_call([&] { return elements_of(array, name_); });
	NameList result;
	for (int i = 0; i < elements.count; i++) {
		const char *const text = pg_call([&] { return element_text(elements, i, name_); });
		if (result.contains(text))
			fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				  .message =
					  format("argument \"%s\" names column \"%s\" more than once", name_, text)});
		result.add(text);
	}
	return result;
}

} // namespace bulk_sync::pg
