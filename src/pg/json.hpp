/*
 * Rows and values that come as JSON. Values convert as jsonb_populate_record() converts them.
 */
#pragma once

#include <optional>

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

/* What the objects of an array have, each member once, in the order in which they first come. */
struct JsonMembers {
	NameList names;
	Vector<uint32> objects; /* that have the member of this position */
};

/* A member that an object lacks. */
struct MissingMember {
	const char *name;
	int64 index; /* of the object, from 0 */
};

/* A jsonb array of objects. */
class JsonRows {
  public:
	/* Throws Error, 22023, when it is no array, or for the first element that is no object. */
	static JsonRows of(Datum json, const char *argument);

	/* Throws Error. */
	JsonMembers members() const;

	/* The first object that lacks one of these, and of those that it lacks the first; nothing when
	 * each object has them all. Throws Error. */
	std::optional<MissingMember> first_missing(const NameList &members) const;

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

	/* Objects. */
	uint32 count() const noexcept;

  private:
	explicit JsonRows(Datum json) noexcept : json_(json) {}
	JsonbContainer *array() const noexcept;

	Datum json_;
};

} // namespace bulk_sync::pg
