/*
 * How the values of a type look in JSON.
 */
#pragma once

#include "pg/type.hpp"

namespace bulk_sync::pg {

/*
 * The JSON of to_json(), with two differences. A type's cast to json, which somebody may have made
 * for a type that is not built in, is not used: it may raise, and may show two values alike. And a
 * json or jsonb value that cannot be part of a jsonb is a JSON string with its text.
 *
 * A tree: an array has the form of its elements, a composite type those of its fields.
 */
class JsonForm {
  public:
	/* In the current memory context. Raises. */
	PG_RAISES static const JsonForm *of(Oid type);

	/* Appends the value, which is not NULL. False when JSON has no exact form for it and what was
	 * appended stands for another value too: negative zero, an array that does not begin at 1.
	 * Raises what the type's output function raises. */
	PG_RAISES bool append(StringInfo text, Datum value) const;

	/* Appends what the type's output function makes of the value, as a JSON string. Likewise. */
	PG_RAISES void append_output(StringInfo text, Datum value) const;

	/* May different texts of append() be the same jsonb? Blanks and repeated members are lost. */
	bool holds_json() const noexcept { return holds_json_; }

  private:
	enum class Kind : uint8 { boolean, number, date_time, json, array, composite, other };

	PG_RAISES void look_into_array(Oid element);
	PG_RAISES void look_into_composite();
	PG_RAISES bool append_number(StringInfo text, Datum value) const;
	PG_RAISES void append_json(StringInfo text, Datum value) const;
	PG_RAISES bool append_array(StringInfo text, Datum value) const;
	PG_RAISES bool append_composite(StringInfo text, Datum value) const;

	struct Elements;
	PG_RAISES bool append_dimension(StringInfo text, Elements &elements, int dimension) const;

	Kind kind_;
	bool holds_json_;
	Oid type_; /* never a domain */
	FmgrInfo output_;
	TupleDesc desc_;  /* of a composite type */
	int lower_bound_; /* that arrays of this type usually have */
	int16 length_;	  /* of an element, as pg_type has it */
	bool by_value_;
	char align_;
	const JsonForm **parts_; /* of the one element, or of each field */
};

} // namespace bulk_sync::pg
