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

void Arguments::require(int position, const char *name) const
{
	if (is_null(position))
		fail({.sqlstate = ERRCODE_NULL_VALUE_NOT_ALLOWED,
			  .message = format("argument \"%s\" must not be null", name)});
}

Oid Arguments::relation(int position, const char *name) const
{
	require(position, name);
	return DatumGetObjectId(datum(position));
}

bool Arguments::boolean(int position, const char *name) const
{
	require(position, name);
	return DatumGetBool(datum(position));
}

const char *Arguments::string(int position, const char *name) const
{
	require(position, name);
	return optional_string(position);
}

Datum Arguments::value(int position, const char *name) const
{
	require(position, name);
	return datum(position);
}

const char *Arguments::optional_string(int position) const
{
	if (is_null(position))
		return nullptr;
	return pg_call([&] { return TextDatumGetCString(datum(position)); });
}

NameList Arguments::names(int position, const char *name) const
{
	require(position, name);
	Elements const elements = pg_call([&] { return elements_of(datum(position), name); });
	NameList result;
	for (int i = 0; i < elements.count; i++) {
		const char *const text = pg_call([&] { return element_text(elements, i, name); });
		if (result.contains(text))
			fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				  .message =
					  format("argument \"%s\" names column \"%s\" more than once", name, text)});
		result.add(text);
	}
	return result;
}

} // namespace bulk_sync::pg
