#include "plan/stores.hpp"

#include "pg/tuple.hpp"

namespace bulk_sync {

namespace {

Vector<pg::ColumnType> row_id_types()
{
	Vector<pg::ColumnType> types(row_id_columns);
	types[0].oid = OIDOID;
	types[1].oid = TIDOID;
	types[2].oid = XIDOID;
	return types;
}

void append_types(Vector<pg::ColumnType> &types, const Vector<Column> &columns)
{
	for (const Column &column : columns)
		types.push_back(column.type);
}

} // namespace

TupleDesc key_store_desc(const ColumnMap &map)
{
	Vector<pg::ColumnType> types;
	append_types(types, map.image);
	types.resize(map.key_count());
	return pg::describe(types);
}

TupleDesc delete_store_desc()
{
	return pg::describe(row_id_types());
}

TupleDesc update_store_desc(const ColumnMap &map)
{
	Vector<pg::ColumnType> types = row_id_types();
	append_types(types, map.image);
	for (std::size_t i = 0; i < map.carried.size(); i++)
		types.push_back(pg::ColumnType::of(TupleDescAttr(map.carried_desc, i)));
	return pg::describe(types);
}

TupleDesc insert_store_desc(const ColumnMap &map, bool with_position)
{
	Vector<pg::ColumnType> types;
	append_types(types, map.image);
	append_types(types, map.extra);
	if (with_position)
		types.emplace_back().oid = INT8OID;
	return pg::describe(types);
}

} // namespace bulk_sync
