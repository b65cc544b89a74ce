#include "plan/touched.hpp"

#include "pg/expression.hpp"
#include "pg/fail.hpp"
#include "plan/name_hints.hpp"

namespace bulk_sync {

namespace {

using pg::Attribute;
using pg::pg_call;

/* Why the column cannot be touched; nullptr when it can. */
const char *obstacle(const Request &request, const Attribute &attribute,
					 const pg::ColumnList &staging, const Vector<AttrNumber> &primary_key)
{
	Oid const type = pg_call([&] { return getBaseType(attribute.type.oid); });
	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID)
		return "It must be of type timestamptz, timestamp or date.";
	if (request.keys.contains(attribute.name))
		return "It is a key.";
	if (const char *const reason = reason_not_updated(attribute, primary_key))
		return reason;
	if (request.soft_delete != nullptr && strcmp(request.soft_delete, attribute.name) == 0)
		return "It marks deleted rows.";
	if (request.columns && request.columns->contains(attribute.name))
		return "It is named in argument \"columns\".";
	if (staging.find(attribute.name) != nullptr && !request.ignore_columns.contains(attribute.name))
		return "Staging has it too, and argument \"ignore_columns\" does not name it.";
	return nullptr;
}

} // namespace

Vector<TouchedColumn> touched_columns(const Request &request, const pg::Relation &target,
									  const pg::ColumnList &staging,
									  const Vector<AttrNumber> &primary_key)
{
	Vector<TouchedColumn> columns;
	for (const char *name : request.touch_columns) {
		const Attribute *const attribute = target.find(name);
		if (attribute == nullptr)
			target_column_missing(target, name, "touch_columns");
		if (const char *const detail = obstacle(request, *attribute, staging, primary_key))
			pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
					  .message = pg::format("column \"%s\" cannot be touched", name),
					  .detail = detail});
		columns.push_back({attribute->number, attribute->name, attribute->type});
	}
	return columns;
}

Node *value_of(const TouchedColumn &column)
{
	return pg::assigned(pg::current_time(), column.type);
}

} // namespace bulk_sync
