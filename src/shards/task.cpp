#include "shards/task.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "pg/access.hpp"
#include "pg/fail.hpp"
#include "pg/sql.hpp"

namespace bulk_sync::shards {

namespace {

/* Relations have other names on a shard, and rows come in another way; the node that was called
 * tells what is told while the call runs. */
constexpr const char *not_for_shards[] = {"target", "staging", "rows", "verbose"};

/* For the sums over all shards. */
constexpr const char *limits[] = {"allow_empty", "max_deletes", "max_delete_ratio"};

constexpr const char *settings_for_shards[] = {"search_path",
											   "DateStyle",
											   "IntervalStyle",
											   "TimeZone",
											   "timezone_abbreviations",
											   "extra_float_digits",
											   "bytea_output",
											   "xmlbinary",
											   "xmloption",
											   "array_nulls",
											   "default_text_search_config",
											   "lc_monetary",
											   "lc_numeric",
											   "lc_time",
											   "row_security",
											   "session_replication_role"};

/* In microseconds: no honest call is further away, but for those in long transactions. */
constexpr int64 most_distance = USECS_PER_HOUR;

[[noreturn]] void refuse_member(const char *what, const char *name)
{
	pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			  .message = pg::format("what is to be done on a shard has no %s \"%s\"", what, name)});
}

template <std::size_t count>
bool contains(const char *const (&names)[count], const char *name) noexcept
{
	return std::any_of(std::begin(names), std::end(names),
					   [&](const char *other) { return strcmp(other, name) == 0; });
}

bool is_for(Share share, const char *option)
{
	return !contains(not_for_shards, option) &&
		   (share == Share::of_one_shard || !contains(limits, option));
}

bool is_option_for(Share share, const char *name)
{
	std::span<const Option> const known = bulk_sync::options();
	return is_for(share, name) &&
		   std::any_of(known.begin(), known.end(),
					   [&](const Option &option) { return strcmp(option.name, name) == 0; });
}

int64 number_of_time(const char *time)
{
	char *end = nullptr;
	errno = 0;
	int64 const number = strtoi64(time, &end, 10);
	if (errno != 0 || end == time || *end != '\0' || !IS_VALID_TIMESTAMP(number))
		pg::fail({.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				  .message = pg::format(
					  "\"now\" in what is to be done on a shard is no time: \"%s\"", time)});
	return number;
}

/*
 * Nobody is to gain anything by the time that he sends. Whoever may write each column as he likes
 * gains nothing; others could put a time of their choice into a column by its default, and change
 * the answer of a policy.
 */
void check_time(const pg::MessageReader &message, const char *now)
{
	int64 const distance = number_of_time(now) - number_of_time(pg::transaction_time());
	if (distance <= most_distance && distance >= -most_distance)
		return;
	Oid const table = pg::relation_named(message.text("table"));
	if (OidIsValid(table) && pg::may_on_relation(table, ACL_INSERT) &&
		pg::may_on_relation(table, ACL_UPDATE) && !pg::row_security_applies(table))
		return;
	pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			  .message = "now() of the call is more than an hour from that of another node",
			  .detail = "With rights on columns alone, or policies, that is not allowed.",
			  .hint = "Begin a new transaction."});
}

} // namespace

void refuse_other_version()
{
	pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			  .message = "the nodes have different versions of bulk_sync",
			  .hint = "Install the same version on all nodes, and update the extension there."});
}

void add_options(const SqlCall &call, Share share, pg::MessageWriter &message)
{
	message.begin("options", '{');
	each_option(call.function, [&](const Option &option, int position) {
		if (position >= call.info->nargs || !is_for(share, option.name))
			return;
		NullableDatum const value = call.info->args[position];
		if (!value.isnull)
			message.add(option.name, pg::text_of(option.type, value.value));
	});
	message.end('}');
}

Request request_of(const pg::MessageReader &options, Share share)
{
	Request request;
	for (const char *const name : options.names())
		if (!is_option_for(share, name))
			refuse_member("option", name);
	for (const Option &option : bulk_sync::options()) {
		const char *const text = options.text_if_any(option.name);
		if (text == nullptr && strcmp(option.name, "keys") == 0)
			refuse_member("task without option", option.name);
		if (text != nullptr)
			option.decode(request, pg::Argument(pg::value_of(option.type, text), option.name));
	}
	request.allow_empty = request.allow_empty || share == Share::of_several_shards;
	return request;
}

void add_settings(pg::MessageWriter &message)
{
	message.add("now", pg::transaction_time());
	message.begin("settings", '{');
	for (const char *const name : settings_for_shards)
		message.add(name, pg::LocalSettings::value_of(name));
	message.end('}');
}

/* Not every user may set all of them, and on most nodes they are what they should be. */
void apply_settings(const pg::MessageReader &message, const pg::LocalSettings &settings)
{
	pg::MessageReader const given = message.member("settings");
	for (const char *const name : given.names()) {
		if (!contains(settings_for_shards, name))
			refuse_member("setting", name);
		const char *const value = given.text(name);
		const char *const current = pg::LocalSettings::value_of(name);
		if (current == nullptr || strcmp(current, value) != 0)
			settings.set(name, value);
	}
	const char *const now = message.text("now");
	check_time(message, now);
	pg::set_transaction_time(now);
}

TasksUnderWay::TasksUnderWay() noexcept
{
	count++;
}

TasksUnderWay::~TasksUnderWay()
{
	count--;
}

int TasksUnderWay::count = 0;

void TasksUnderWay::require()
{
	if (count == 0 && !pg::is_started_by_citus())
		pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				  .message = "this function is only called by bulk_sync() on other nodes",
				  .hint = "Call bulk_sync() with the name of the distributed table."});
}

const char *transaction_token()
{
	pg::SqlRows const rows = pg::ask_often(
		"SELECT transaction_number, initiator_node_identifier || '.' || transaction_number || '.' "
		"|| extract(epoch FROM transaction_stamp) FROM pg_catalog.get_current_transaction_id()");
	if (rows.number(0, 0) == 0)
		pg::fail({.sqlstate = ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
				  .message = "this function works within a distributed transaction of bulk_sync "
							 "alone",
				  .hint = "Call bulk_sync() with the name of the distributed table."});
	return rows.text(0, 1);
}

int64 local_group()
{
	return pg::ask_often("SELECT groupid FROM pg_catalog.pg_dist_local_group").number(0, 0);
}

} // namespace bulk_sync::shards
