/*
 * Objects of jsonb as rows.
 */
#pragma once

#include <optional>

#include "pg/json_converter.hpp"
#include "pg/name_list.hpp"

namespace bulk_sync::pg {

/*
 * Takes objects apart into columns. Each value is found in one walk over the members of an object,
 * and which column a member belongs to is looked up again only where the keys of two objects in a
 * row differ.
 */
class JsonRecord {
  public:
	/* For the column `number` of `desc`, whose name is the member's, and which gets the next
	 * position, from 0. In the current memory context. Throws Error. */
	void add_column(TupleDesc desc, AttrNumber number, const char *member);

	std::size_t columns() const noexcept { return converters_.size(); }

	/* Turns to an object, which has to live as long as this does. Throws std::bad_alloc. */
	void look_at(const JsonElement &object);

	/* Is the member JSON null, or missing? A domain may make something else of that, or refuse it.
	 */
	bool is_null(std::size_t position) const noexcept
	{
		return !present_[position] || values_[position].type == jbvNull;
	}

	/* As JsonConverter::convert(). Raises. */
	PG_RAISES Datum convert(std::size_t position, bool &is_null)
	{
		return converters_[position].convert(
			*object_, present_[position] ? &values_[position] : nullptr, is_null);
	}

  private:
	void learn_keys(JsonbContainer *object);

	Vector<JsonConverter> converters_;
	NameList names_; /* of the columns */
	std::optional<JsonElement> object_;
	JsonbKeys keys_;
	Vector<int> columns_;		/* of each member of the object, or -1 */
	Vector<JsonbValue> values_; /* of each column */
	Vector<char> present_;		/* has the object this column? */
};

} // namespace bulk_sync::pg
