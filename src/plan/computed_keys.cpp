#include "plan/computed_keys.hpp"

#include <algorithm>

namespace bulk_sync {

bool ComputedKeys::use(AttrNumber column) const noexcept
{
	return std::find(used.columns.begin(), used.columns.end(), column) != used.columns.end() ||
		   std::any_of(used.generated.begin(), used.generated.end(),
					   [&](const pg::Generation &generation) {
						   return generation.is_unknown_from(column);
					   });
}

bool ComputedKeys::use_touched(const ColumnMap &map) const noexcept
{
	return std::any_of(map.touched.begin(), map.touched.end(),
					   [&](const TouchedColumn &column) { return use(column.column); });
}

bool has_generated_keys(const ColumnMap &map, const pg::Relation &target) noexcept
{
	return std::any_of(map.image.begin(), map.image.begin() + map.key_count(),
					   [&](const Column &column) { return target.find(column.target)->generated; });
}

ComputedKeys computed_keys(const ColumnMap &map, const pg::Relation &target,
						   const Vector<Oid> &members)
{
	ComputedKeys keys;
	Vector<AttrNumber> generated;
	for (int i = 0; i < map.key_count(); i++) {
		const pg::Attribute &attribute = *target.find(map.image[i].target);
		if (attribute.identity != '\0')
			keys.identity.push_back(i);
		if (!attribute.generated)
			continue;
		keys.generated.push_back(i);
		generated.push_back(attribute.number);
	}
	keys.used = used_columns(generated, target, members);
	keys.changed_by_updates =
		keys.use_touched(map) ||
		std::any_of(map.image.begin(), map.image.end(), [&](const Column &column) {
			return column.updated && keys.use(column.target);
		});
	return keys;
}

} // namespace bulk_sync
