/*
 * KeyEquality and Conversion, for SQL to ask about any type.
 */
#include "pg/conversion.hpp"
#include "pg/relation.hpp"
#include "unit.hpp"

UNIT_FUNCTION(unit_compare_keys);
UNIT_FUNCTION(unit_is_by_image);
UNIT_FUNCTION(unit_convert);

namespace bulk_sync::unit {

using pg::ColumnType;
using pg::Conversion;
using pg::KeyEquality;
using pg::pg_call;

namespace {

/* The type of the first argument, under the collation of the call. */
ColumnType type_of_argument(FunctionCallInfo fcinfo)
{
	ColumnType type;
	type.oid = pg_call([&] { return get_fn_expr_argtype(fcinfo->flinfo, 0); });
	type.collation = PG_GET_COLLATION();
	pg_call([&] { get_typlenbyval(type.oid, &type.length, &type.by_value); });
	return type;
}

const char *compare_keys(const ColumnType &type, Datum left, Datum right)
{
	KeyEquality const equality = KeyEquality::of(type);
	return pg_call([&] {
		bool const equal = equality.equal(left, right);
		if (!equality.equal(left, left) || !equality.equal(right, right))
			return "not reflexive";
		if (equality.equal(right, left) != equal)
			return "not symmetric";
		if (equality.hash(left) != equality.hash(left))
			return "hash is not stable";
		if (equal && equality.hash(left) != equality.hash(right))
			return "equal, but not by hash";
		if (equality.by_image() && pg::same_image(type, left, right) != equal)
			return "not by image";
		return equal ? "equal" : "different";
	});
}

const char *name_of(Conversion::Kind kind)
{
	switch (kind) {
	case Conversion::Kind::none:
		return "none";
	case Conversion::Kind::input:
		return "input";
	case Conversion::Kind::expression:
		return "expression";
	default:
		return "impossible";
	}
}

/* Reads `text` as the one type, nullptr as NULL, and shows what it becomes in the other. Raises. */
const char *converted(const Conversion &conversion, const ColumnType &source,
					  const ColumnType &target, char *text)
{
	Oid function;
	Oid parameter;
	bool is_varlena;
	bool is_null = text == nullptr;
	Datum value = 0;
	if (!is_null) {
		getTypeInputInfo(source.oid, &function, &parameter);
		value = OidInputFunctionCall(function, text, parameter, source.typmod);
	}
	if (!is_null || conversion.converts_null())
		value = conversion.apply(value, is_null);
	if (is_null)
		return "NULL";
	getTypeOutputInfo(target.oid, &function, &is_varlena);
	return psprintf("'%s'", OidOutputFunctionCall(function, value));
}

/* "kind: 'value'", and so on for each time that the conversion is used. */
pg::String convert(const ColumnType &source, const ColumnType &target, char *text)
{
	pg::String shown;
	Conversion const conversion = Conversion::between(source, target);
	shown += name_of(conversion.kind());
	if (conversion.kind() == Conversion::Kind::impossible)
		return shown;
	const char *const first = pg_call([&] { return converted(conversion, source, target, text); });
	const char *const second = pg_call([&] { return converted(conversion, source, target, text); });
	CHECK_TEXT(second, first);
	shown += ": ";
	shown += strcmp(first, second) == 0 ? first : "another value at the second use";
	return shown;
}

} // namespace

} // namespace bulk_sync::unit

using namespace bulk_sync;

/* "equal", "different", or which law of equality and hash is broken. */
Datum unit_compare_keys(PG_FUNCTION_ARGS)
{
	return pg::pg_entry([&] {
		const char *const result = unit::compare_keys(unit::type_of_argument(fcinfo),
													  PG_GETARG_DATUM(0), PG_GETARG_DATUM(1));
		return pg::pg_call([&] { return CStringGetTextDatum(result); });
	});
}

Datum unit_is_by_image(PG_FUNCTION_ARGS)
{
	return pg::pg_entry([&] {
		return BoolGetDatum(pg::KeyEquality::of(unit::type_of_argument(fcinfo)).by_image());
	});
}

/* unit_convert(relation, column, other column, text): the conversion between two columns' types. */
Datum unit_convert(PG_FUNCTION_ARGS)
{
	return pg::pg_entry([&] {
		pg::Relation relation = pg::Relation::open(PG_GETARG_OID(0), AccessShareLock);
		auto const string = [&](int argument) {
			return pg::pg_call([&] { return text_to_cstring(PG_GETARG_TEXT_PP(argument)); });
		};
		pg::String const result =
			unit::convert(relation.find(string(1))->type, relation.find(string(2))->type,
						  PG_ARGISNULL(3) ? nullptr : string(3));
		relation.close();
		return pg::pg_call([&] { return CStringGetTextDatum(result.c_str()); });
	});
}
