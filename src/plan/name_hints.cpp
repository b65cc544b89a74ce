#include "plan/name_hints.hpp"

#include <algorithm>

#include "pg/fail.hpp"
#include "pg/invisible.hpp"

namespace bulk_sync {

namespace {

using pg::Attribute;
using pg::pg_call;
using pg::Relation;

/* The column whose name is nearest by edits, or nullptr when none is near. The members of JSON
 * objects may be too many and too long to be looked at. */
const char *nearest_name(const pg::ColumnList &columns, const char *name)
{
	constexpr std::size_t longest = 2 * NAMEDATALEN;
	std::size_t const length = strlen(name);
	if (length > longest)
		return nullptr;
	int best = static_cast<int>(std::max<std::size_t>(1, length / 2)) + 1;
	const char *nearest = nullptr;
	int compared = 0;
	for (const Attribute &attribute : columns.attributes()) {
		if (compared++ == MaxHeapAttributeNumber)
			break;
		if (pg_strcasecmp(attribute.name, name) == 0)
			return attribute.name;
		std::size_t const other_length = strlen(attribute.name);
		if (other_length > longest)
			continue;
		int const distance = pg_call([&] {
			return varstr_levenshtein_less_equal(name, static_cast<int>(length), attribute.name,
												 static_cast<int>(other_length), 1, 1, 1, best,
												 true);
		});
		if (distance < best) {
			best = distance;
			nearest = attribute.name;
		}
	}
	return nearest;
}

/* A column that reads like the name, and nullptr when there is none. */
const char *look_alike(const pg::ColumnList &columns, const char *name)
{
	for (const Attribute &attribute : columns.attributes())
		if (pg::look_the_same(attribute.name, name))
			return attribute.name;
	return nullptr;
}

/* A hint where a name is not what it looks like; nullptr where it is. `what` begins a sentence. */
const char *hint_at_invisible(const pg::ColumnList &columns, const char *description,
							  const char *name, const char *what)
{
	const char *const in_name = pg::describe_invisible(name);
	const char *const alike = look_alike(columns, name);
	const char *const in_alike = alike == nullptr ? nullptr : pg::describe_invisible(alike);
	if (in_alike != nullptr)
		return pg::format("%s has a column that looks the same, but its name has %s. Rename it.",
						  description, in_alike);
	if (in_name == nullptr)
		return nullptr;
	if (alike == nullptr)
		return pg::format("%s has %s.", what, in_name);
	return pg::format("%s has %s. Without it, that is the column \"%s\".", what, in_name, alike);
}

[[noreturn]] void refuse_name(const char *description, const char *name, const char *argument,
							  const char *hint)
{
	pg::fail({.sqlstate = ERRCODE_UNDEFINED_COLUMN,
			  .message = pg::format("column \"%s\" of %s does not exist", name, description),
			  .detail = pg::format("It is named in argument \"%s\".", argument),
			  .hint = hint});
}

const char *describe(const Relation &relation)
{
	return pg::format("relation \"%s\"", relation.name());
}

/* A sentence's first letter is a capital. */
const char *begin_sentence(const char *text)
{
	return pg_call([&] {
		char *const sentence = pstrdup(text);
		sentence[0] = static_cast<char>(pg_toupper(static_cast<unsigned char>(sentence[0])));
		return sentence;
	});
}

/* "email", or: "email" (with the invisible character U+FEFF at its start) */
const char *offered(const char *name)
{
	const char *const invisible = pg::describe_invisible(name);
	return invisible == nullptr ? pg::format("\"%s\"", name)
								: pg::format("\"%s\" (with %s)", name, invisible);
}

const char *hint_at_nearest(const char *nearest)
{
	if (nearest == nullptr)
		return nullptr;
	const char *const column = offered(nearest);
	return pg::format("Perhaps you meant the column %s.", column);
}

/* The target has a column of this name, so it is staging that has to change, unless another column
 * that both have is near. */
const char *hint_at_staged(const Relation &target, const StagingColumns &staging, const char *name)
{
	const char *const nearest = nearest_name(staging.columns, name);
	if (nearest == nullptr || target.find(nearest) != nullptr)
		return hint_at_nearest(nearest);
	const char *const column = offered(nearest);
	return pg::format("Perhaps the column %s of %s is meant: rename it to \"%s\".", column,
					  staging.description, name);
}

} // namespace

void target_column_missing(const Relation &target, const char *name, const char *argument)
{
	const char *const description = describe(target);
	const char *hint =
		hint_at_invisible(target, begin_sentence(description), name, "The name in the argument");
	if (hint == nullptr)
		hint = hint_at_nearest(nearest_name(target, name));
	refuse_name(description, name, argument, hint);
}

void staging_column_missing(const Relation &target, const StagingColumns &staging, const char *name,
							const char *argument)
{
	const char *hint = hint_at_invisible(staging.columns, begin_sentence(staging.description), name,
										 "The name in the argument");
	if (hint == nullptr)
		hint = hint_at_staged(target, staging, name);
	refuse_name(staging.description, name, argument, hint);
}

void ignored_column_missing(const Relation &target, const StagingColumns &staging, const char *name)
{
	pg::ColumnList both;
	for (const Attribute &attribute : target.attributes())
		both.add(attribute);
	for (const Attribute &attribute : staging.columns.attributes())
		both.add(attribute);
	const char *const description = describe(target);
	const char *hint =
		hint_at_invisible(both, "Target or staging", name, "The name in the argument");
	if (hint == nullptr)
		hint = hint_at_nearest(nearest_name(both, name));
	refuse_name(description, name, "ignore_columns", hint);
}

void counterpart_missing(const Relation &target, const StagingColumns &staging, const char *name)
{
	const char *hint =
		hint_at_invisible(target, begin_sentence(describe(target)), name, "The name");
	const char *const nearest = hint == nullptr ? nearest_name(target, name) : nullptr;
	const char *const column = nearest == nullptr ? nullptr : offered(nearest);
	if (column != nullptr)
		hint =
			pg::format("Perhaps you meant the column %s; a column that has no counterpart can be "
					   "named in \"ignore_columns\".",
					   column);
	else if (hint == nullptr)
		hint = "A column that has no counterpart can be named in \"ignore_columns\".";
	pg::fail({.sqlstate = ERRCODE_UNDEFINED_COLUMN,
			  .message = pg::format("column \"%s\" of %s does not exist in \"%s\"", name,
									staging.description, target.name()),
			  .hint = hint});
}

} // namespace bulk_sync
