#include "plan/column_map.hpp"

#include <algorithm>

#include "pg/error_context.hpp"
#include "pg/expression.hpp"
#include "pg/fail.hpp"
#include "pg/json.hpp"
#include "pg/tuple.hpp"
#include "plan/name_hints.hpp"
#include "plan/touched.hpp"

namespace bulk_sync {

namespace {

using pg::Attribute;
using pg::pg_call;
using pg::Relation;

bool contains(const Vector<AttrNumber> &numbers, AttrNumber number)
{
	return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

void check_names(const Request &request, const Relation &target, const StagingColumns &staging)
{
	auto const both = [&](const NameList &names, const char *argument) {
		for (const char *name : names) {
			if (target.find(name) == nullptr)
				target_column_missing(target, name, argument);
			if (staging.columns.find(name) == nullptr)
				staging_column_missing(target, staging, name, argument);
		}
	};
	both(request.keys, "keys");
	if (request.columns)
		both(*request.columns, "columns");
	for (const char *name : request.ignore_columns) {
		if (target.find(name) == nullptr && staging.columns.find(name) == nullptr)
			ignored_column_missing(target, staging, name);
		if (request.columns && request.columns->contains(name))
			pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
					  .message = pg::format("column \"%s\" is named in both \"columns\" and "
											"\"ignore_columns\"",
											name)});
	}
}

void check_staging_columns(const Request &request, const Relation &target,
						   const StagingColumns &staging)
{
	for (const Attribute &attribute : staging.columns.attributes())
		if (target.find(attribute.name) == nullptr &&
			!request.ignore_columns.contains(attribute.name))
			counterpart_missing(target, staging, attribute.name);
}

void refuse_update(const Attribute &attribute, const char *reason)
{
	pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			  .message = pg::format("column \"%s\" in argument \"columns\" is never updated",
									attribute.name),
			  .detail = reason});
}

pg::Conversion conversion_between(const Attribute &source, const Attribute &target)
{
	auto const conversion = pg::Conversion::between(source.type, target.type);
	if (conversion.kind() == pg::Conversion::Kind::impossible) {
		const char *const target_type = pg::type_name(target.type);
		const char *const source_type = pg::type_name(source.type);
		pg::fail({.sqlstate = ERRCODE_DATATYPE_MISMATCH,
				  .message =
					  pg::format("column \"%s\" is of type %s but the staging column is of type %s",
								 target.name, target_type, source_type),
				  .hint = pg::format(
					  "Use a staging column of type %s, or of type text: text is converted "
					  "through the input function of the target's type.",
					  target_type)});
	}
	return conversion;
}

/* What is the same for every column that both sides have. */
Column shared_column(const Attribute &target, const Attribute &staging,
					 const Vector<AttrNumber> &primary_key, bool key)
{
	Column column;
	column.name = target.name;
	column.target = target.number;
	column.staging = staging.number;
	column.type = target.type;
	column.conversion = conversion_between(staging, target);
	column.inserted = !target.generated;
	column.null_defaults =
		target.identity != '\0' || (!key && contains(primary_key, target.number));
	column.always_identity = target.identity == ATTRIBUTE_IDENTITY_ALWAYS;
	return column;
}

void add_keys(ColumnMap &map, const Request &request, const Relation &target,
			  const pg::ColumnList &staging, const Vector<AttrNumber> &primary_key)
{
	for (const char *name : request.keys) {
		const Attribute &attribute = *target.find(name);
		Column column = shared_column(attribute, *staging.find(name), primary_key, true);
		auto const equality = pg::KeyEquality::of(attribute.type);
		/* Where equal means the same image there is nothing to update in a matched row. */
		column.updated = !equality.by_image() && !attribute.generated &&
						 attribute.identity == '\0' && !request.ignore_columns.contains(name);
		map.keys.push_back(equality);
		map.image.push_back(column);
	}
}

bool is_mark(const Request &request, const Attribute &attribute)
{
	return request.soft_delete != nullptr && strcmp(request.soft_delete, attribute.name) == 0;
}

void add_others(ColumnMap &map, const Request &request, const Relation &target,
				const pg::ColumnList &staging, const Vector<AttrNumber> &primary_key)
{
	for (const Attribute &attribute : target.attributes()) {
		const Attribute *const staged = staging.find(attribute.name);
		if (staged == nullptr || request.keys.contains(attribute.name) ||
			is_mark(request, attribute) || map.touches(attribute.number))
			continue;
		const char *const reason = reason_not_updated(attribute, primary_key);
		bool const listed = request.columns && request.columns->contains(attribute.name);
		if (listed && reason != nullptr)
			refuse_update(attribute, reason);
		if (attribute.generated)
			continue;
		Column column = shared_column(attribute, *staged, primary_key, false);
		column.updated = reason == nullptr && (!request.columns || listed) &&
						 !request.ignore_columns.contains(attribute.name);
		(column.updated ? map.image : map.extra).push_back(column);
	}
}

void refuse_mark(const char *name, const char *detail)
{
	pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			  .message = pg::format("column \"%s\" cannot mark deleted rows", name),
			  .detail = detail});
}

void check_mark(const Request &request, const Attribute &attribute, const pg::ColumnList &staging,
				const Vector<AttrNumber> &primary_key)
{
	Oid const type = pg_call([&] { return getBaseType(attribute.type.oid); });
	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID && type != BOOLOID)
		refuse_mark(attribute.name, "It must be of type timestamptz, timestamp, date or boolean.");
	if (request.keys.contains(attribute.name))
		refuse_mark(attribute.name, "It is a key.");
	if (const char *const reason = reason_not_updated(attribute, primary_key))
		refuse_mark(attribute.name, reason);
	if (request.columns && request.columns->contains(attribute.name))
		refuse_mark(attribute.name, "It is named in argument \"columns\".");
	if (staging.find(attribute.name) != nullptr && !request.ignore_columns.contains(attribute.name))
		refuse_mark(attribute.name,
					"Staging has it too, and argument \"ignore_columns\" does not name it.");
}

/* Rows that are not deleted get the value of their mark without a cast, so nobody else asks the
 * constraints of its domain. */
void check_domain_of_mark(const Relation &target, const Column &mark)
{
	pg_call([&] {
		if (get_typtype(mark.type.oid) != TYPTYPE_DOMAIN)
			return;
		auto const add_context = [&] {
			errcontext("column \"%s\" of \"%s\" in rows that are not deleted", mark.name,
					   target.name());
		};
		pg::with_error_context(add_context, [&] {
			domain_check(BoolGetDatum(false), !mark.mark_is_boolean(), mark.type.oid, nullptr,
						 CurrentMemoryContext);
		});
	});
}

/* May the column's default be anything else than "not deleted"? */
bool default_may_mark(const Relation &target, const Column &mark)
{
	Node *const expression = pg::column_default(target, mark.target);
	if (expression == nullptr)
		return false;
	if (!IsA(expression, Const))
		return true;
	auto *const value = reinterpret_cast<Const *>(expression);
	return !value->constisnull && !(mark.mark_is_boolean() && !DatumGetBool(value->constvalue));
}

void add_mark(ColumnMap &map, const Request &request, const Relation &target,
			  const pg::ColumnList &staging, const Vector<AttrNumber> &primary_key)
{
	if (request.soft_delete == nullptr)
		return;
	const Attribute *const attribute = target.find(request.soft_delete);
	if (attribute == nullptr)
		target_column_missing(target, request.soft_delete, "soft_delete");
	check_mark(request, *attribute, staging, primary_key);
	Column column;
	column.name = attribute->name;
	column.target = attribute->number;
	column.type = attribute->type;
	column.updated = true;
	column.inserted = default_may_mark(target, column);
	check_domain_of_mark(target, column);
	map.mark = static_cast<int>(map.image.size());
	map.image.push_back(column);
}

void refuse_default(const char *name, const char *detail)
{
	pg::fail(
		{.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
		 .message = pg::format("column \"%s\" cannot be in argument \"insert_defaults\"", name),
		 .detail = detail});
}

/* JSON objects may have a member today and lack it tomorrow: there what is staged wins over the
 * default, where a staging relation with such a column is refused. */
void add_insert_defaults(ColumnMap &map, const Request &request, const Relation &target,
						 const StagingColumns &staging)
{
	if (!request.insert_defaults)
		return;
	auto const object = pg::JsonObject::of(*request.insert_defaults, "insert_defaults");
	for (const char *name : object.members()) {
		const Attribute *const attribute = target.find(name);
		if (attribute == nullptr)
			target_column_missing(target, name, "insert_defaults");
		if (attribute->generated)
			refuse_default(name, "It is a generated column.");
		if (is_mark(request, *attribute))
			refuse_default(name, "It marks deleted rows.");
		if (map.touches(attribute->number))
			refuse_default(name, "It is named in argument \"touch_columns\".");
		if (staging.columns.find(name) != nullptr && !request.rows)
			refuse_default(name, "Staging has it too.");
		if (staging.columns.find(name) != nullptr)
			continue;
		InsertDefault value;
		value.column = attribute->number;
		value.name = attribute->name;
		value.type = attribute->type;
		value.always_identity = attribute->identity == ATTRIBUTE_IDENTITY_ALWAYS;
		pg::JsonConverter const converter(target.tuple_desc(), attribute->number, name);
		value.value = object.convert(converter, value.is_null);
		map.insert_defaults.push_back(value);
	}
}

TupleDesc describe_columns(const Vector<Column> &columns, const Relation &target)
{
	Vector<AttrNumber> numbers;
	for (const Column &column : columns)
		numbers.push_back(column.target);
	return pg::project(target.tuple_desc(), numbers);
}

} // namespace

const char *reason_not_updated(const Attribute &attribute, const Vector<AttrNumber> &primary_key)
{
	if (attribute.generated)
		return "It is a generated column.";
	if (attribute.identity != '\0')
		return "It is an identity column.";
	if (contains(primary_key, attribute.number))
		return "It belongs to the primary key.";
	return nullptr;
}

bool ColumnMap::touches(AttrNumber column) const noexcept
{
	return std::any_of(touched.begin(), touched.end(),
					   [&](const TouchedColumn &other) { return other.column == column; });
}

bool ColumnMap::keys_are_parallel_safe() const noexcept
{
	return std::all_of(keys.begin(), keys.end(),
					   [](const pg::KeyEquality &key) { return key.is_parallel_safe(); });
}

ColumnMap map_columns(const Request &request, const Relation &target, const StagingColumns &staging)
{
	check_names(request, target, staging);
	check_staging_columns(request, target, staging);

	ColumnMap map;
	Vector<AttrNumber> const primary_key = target.primary_key();
	map.touched = touched_columns(request, target, staging.columns, primary_key);
	add_keys(map, request, target, staging.columns, primary_key);
	Vector<Column> const keys = map.image;
	add_others(map, request, target, staging.columns, primary_key);
	add_mark(map, request, target, staging.columns, primary_key);
	add_insert_defaults(map, request, target, staging);

	map.reads_row_ids = !request.only_compares;
	map.key_desc = describe_columns(keys, target);
	map.image_desc = describe_columns(map.image, target);
	if (!map.extra.empty())
		map.extra_desc = describe_columns(map.extra, target);
	return map;
}

Vector<AttrNumber> key_numbers(const ColumnMap &map)
{
	Vector<AttrNumber> keys;
	for (int i = 0; i < map.key_count(); i++)
		keys.push_back(map.image[i].target);
	return keys;
}

void carry_columns(ColumnMap &map, const Relation &target, const Vector<AttrNumber> &columns)
{
	Vector<bool> is_read(target.tuple_desc()->natts + 1, false);
	for (const Column &column : map.image)
		is_read[column.target] = true;
	for (AttrNumber const column : map.carried)
		is_read[column] = true;
	for (AttrNumber const column : columns) {
		if (!is_read[column])
			map.carried.push_back(column);
		is_read[column] = true;
	}
	if (!map.carried.empty())
		map.carried_desc = pg::project(target.tuple_desc(), map.carried);
}

} // namespace bulk_sync
