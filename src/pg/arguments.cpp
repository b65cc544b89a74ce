#include "pg/arguments.hpp"

namespace bulk_sync::pg {

namespace {

struct Elements {
	Datum *values;
	bool *nulls;
	int count;
};

Elements elements_of(Datum array_datum, const char *name)
{
	ArrayType *const array = DatumGetArrayTypeP(array_datum);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"%s\" must be a one-dimensional array", name)));
	Elements elements;
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements.values, &elements.nulls,
					  &elements.count);
	return elements;
}

const char *element_text(const Elements &elements, int index, const char *name)
{
	if (elements.nulls[index])
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not contain nulls", name)));
	return TextDatumGetCString(elements.values[index]);
}

} // namespace

void Arguments::require(int position, const char *name) const
{
	if (!is_null(position))
		return;
	pg_call([&] {
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not be null", name)));
	});
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

Vector<const char *> Arguments::names(int position, const char *name) const
{
	require(position, name);
	Elements const elements = pg_call([&] { return elements_of(datum(position), name); });
	Vector<const char *> result;
	result.reserve(elements.count);
	for (int i = 0; i < elements.count; i++) {
		const char *const text = pg_call([&] { return element_text(elements, i, name); });
		for (const char *other : result)
			if (strcmp(other, text) == 0)
				pg_call([&] {
					ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
									errmsg("argument \"%s\" names column \"%s\" more than once",
										   name, text)));
				});
		result.push_back(text);
	}
	return result;
}

} // namespace bulk_sync::pg
