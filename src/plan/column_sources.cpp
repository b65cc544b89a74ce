#include "plan/column_sources.hpp"

#include <algorithm>

#include "plan/touched.hpp"

namespace bulk_sync {

using pg::ColumnSource;

Vector<ColumnSource> sources_of(const pg::Relation &target, const UsedColumns &used)
{
	Vector<ColumnSource> sources;
	for (const pg::Attribute &attribute : target.attributes()) {
		ColumnSource source;
		source.column = attribute.number;
		source.type = attribute.type;
		for (const pg::Generation &generation : used.generated)
			if (generation.column == attribute.number) {
				source.expression = generation.expression;
				source.generated = true;
			}
		sources.push_back(source);
	}
	ColumnSource table;
	table.column = TableOidAttributeNumber;
	table.type.oid = OIDOID;
	table.type.length = sizeof(Oid);
	table.type.by_value = true;
	sources.push_back(table);
	return sources;
}

ColumnSource &source_of(Vector<ColumnSource> &sources, AttrNumber column)
{
	return *std::find_if(sources.begin(), sources.end(),
						 [&](const ColumnSource &source) { return source.column == column; });
}

void touch(Vector<ColumnSource> &sources, const ColumnMap &map)
{
	for (const TouchedColumn &column : map.touched) {
		ColumnSource &source = source_of(sources, column.column);
		source.store_column = 0;
		source.expression = value_of(column);
	}
}

} // namespace bulk_sync
