/*
 * Values of jsonb in the types of columns, as jsonb_populate_record() converts them, less objects
 * and arrays that some types would take for something else.
 */
#pragma once

#include "pg/jsonb_members.hpp"
#include "pg/type.hpp"

namespace bulk_sync::pg {

/* An object that lies in a jsonb value, which has to live as long. */
class JsonElement {
  public:
	/* Of a value that is an object. */
	explicit JsonElement(const JsonbValue &value) noexcept : value_(value) {}

	JsonbContainer *container() const noexcept { return value_.val.binary.data; }
	/* The object as a jsonb of its own, which is made once, in the memory context that is current
	 * then. Raises. */
	PG_RAISES Datum whole();
	/* The value of a member, pointing into the object; false when there is none. Raises. */
	PG_RAISES bool find(const char *member, JsonbValue &value) const;

  private:
	JsonbValue value_;
	Datum whole_ = 0;
};

/* Converts a member of objects to the type of a column. */
class JsonConverter {
  public:
	/* For column `number` of `desc`, whose name is the member's. In the current memory context.
	 * Throws Error. */
	JsonConverter(TupleDesc desc, AttrNumber number, const char *member);

	/* The value in the column's type; NULL for JSON null and for a missing member, which `value`
	 * is nullptr for. In the current memory context. Raises, with the member and its value in the
	 * context of the error: 22P02 for an object or array that the type would misread, and what the
	 * type's own functions raise. */
	PG_RAISES Datum convert(JsonElement &object, const JsonbValue *value, bool &is_null) const;

	const char *member() const noexcept { return member_; }

  private:
	/* What calls of the server keep from value to value. */
	struct State {
		FmgrInfo function; /* the input function of a scalar type, else jsonb_to_record() */
		Oid parameter;	   /* of the input function */
		void *domain;
		MemoryContext context;
	};

	PG_RAISES void look_up(Form_pg_attribute column);
	PG_RAISES Datum convert_scalar(const JsonbValue *value, bool &is_null) const;
	PG_RAISES Datum read_scalar(JsonbValue value) const;
	PG_RAISES Datum call_to_record(JsonElement &object, bool &is_null) const;

	const char *member_;
	TupleDesc desc_; /* of the one column */
	State *state_ = nullptr;
	Oid type_ = InvalidOid; /* of the column */
	Oid base_ = InvalidOid; /* what it is a domain over, or the type itself */
	int32 typmod_ = -1;		/* of the base type */
	bool scalar_ = false;	/* the base type is neither array nor composite */
	/* Would the base type take an object or an array for something else? */
	bool misreads_containers_ = false;
};

} // namespace bulk_sync::pg
