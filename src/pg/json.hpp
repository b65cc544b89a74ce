/*
 * Rows and values that come as JSON. Values convert as jsonb_populate_record() converts them.
 */
#pragma once

#include "pg/json_converter.hpp"
#include "pg/name_list.hpp"

namespace bulk_sync::pg {

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
	JsonElement element() const noexcept;
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

	/* Calls visit(object, index) for each element, which lies in the array, and its position from
	 * 0. Raises. */
	template <typename Visit> void for_each(Visit &&visit) const
	{
		JsonbChildren elements(array());
		for (uint32 index = 0; index < JsonContainerSize(array()); index++) {
			CHECK_FOR_INTERRUPTS();
			visit(JsonElement(elements.next()), static_cast<int64>(index));
		}
	}

	double count() const noexcept;

  private:
	explicit JsonRows(Datum json) noexcept : json_(json) {}
	JsonbContainer *array() const noexcept;

	Datum json_;
};

} // namespace bulk_sync::pg
