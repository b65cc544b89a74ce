#include "pg/json_record.hpp"

#include <algorithm>

namespace bulk_sync::pg {

void JsonRecord::add_column(TupleDesc desc, AttrNumber number, const char *member)
{
	converters_.push_back({desc, number, member});
	names_.add(member);
	values_.push_back({});
	present_.push_back(0);
}

void JsonRecord::look_at(const JsonElement &object)
{
	object_ = object;
	if (!keys_.are_those_of(object.container()))
		learn_keys(object.container());
	JsonbChildren values = JsonbChildren::values(object.container(), keys_.bytes());
	for (int const column : columns_) {
		JsonbValue const value = values.next();
		if (column >= 0)
			values_[column] = value;
	}
}

void JsonRecord::learn_keys(JsonbContainer *object)
{
	keys_.remember(object);
	columns_.assign(keys_.count(), -1);
	std::fill(present_.begin(), present_.end(), 0);
	JsonbChildren keys(object);
	for (int &column : columns_) {
		JsonbValue const key = keys.next();
		std::optional<std::size_t> const found = names_.find(
			std::string_view(key.val.string.val, static_cast<std::size_t>(key.val.string.len)));
		if (!found)
			continue;
		column = static_cast<int>(*found);
		present_[*found] = 1;
	}
}

} // namespace bulk_sync::pg
