/*
 * Rows and values that come as JSON. Values convert as jsonb_populate_record() converts them.
 */
#pragma once

#include "pg/name_list.hpp"
#include "pg/scratch.hpp"
#include "pg/type.hpp"

namespace bulk_sync::pg {

/* Converts a member of an object to the type of a column. */
class JsonConverter {
  public:
	/* For column `number` of `desc`, whose name is the member's. In the current memory context.
	 * Throws Error. */
	JsonConverter(TupleDesc desc, AttrNumber number, const char *member);

	/* The member's value in the column's type; NULL for JSON null and for a missing member. In the
	 * current memory context. Raises, with the member and its value in the context of the error. */
	PG_RAISES Datum convert(Datum object, bool &is_null) const;

	/* Is the member JSON null, or missing? A domain may make something else of that, or refuse it.
	 * Raises. */
	PG_RAISES bool is_null(Datum object) const;

	const char *member() const noexcept { return member_; }

  private:
	PG_RAISES Datum call_to_record(Datum object, bool &is_null) const;

	const char *member_;
	TupleDesc desc_; /* of the one column */
	FmgrInfo *function_;
};

/* A jsonb object. */
class JsonObject {
  public:
	/* Throws Error, 22023, when the argument of this name is no object. */
	static JsonObject of(Datum json, const char *argument);

	NameList members() const;
	/* Throws Error. */
	Datum convert(const JsonConverter &converter, bool &is_null) const;

  private:
	explicit JsonObject(Datum json) noexcept : json_(json) {}
	Datum json_;
};

/* A jsonb array of objects. */
class JsonRows {
  public:
	/* Throws Error, 22023, when it is no array, or for the first element that is no object. */
	static JsonRows of(Datum json, const char *argument);

	/*
	 * The members of all objects together. Throws Error, 22023, for the first object that lacks one
	 * of `keys`, where each of these is a member of some object.
	 */
	NameList members(const NameList &keys) const;

	/* Calls visit(object, index) for each element, with a jsonb datum that is valid during the call
	 * and its position from 0. Raises. */
	template <typename Visit> void for_each(Visit &&visit) const
	{
		for (Cursor cursor = start(); next(cursor);)
			visit(cursor.object, cursor.index);
	}

	double count() const noexcept;

  private:
	struct Cursor {
		void *iterator;
		Scratch scratch; /* has the object */
		Datum object = 0;
		int64 index = -1;
	};
	explicit JsonRows(Datum json) noexcept : json_(json) {}
	PG_RAISES Cursor start() const;
	PG_RAISES bool next(Cursor &cursor) const;

	Datum json_;
};

} // namespace bulk_sync::pg
