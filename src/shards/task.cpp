#include "shards/task.hpp"

#include <algorithm>
#include <iterator>

#include "pg/fail.hpp"
#include "pg/sql.hpp"

namespace bulk_sync::shards {

namespace {

/* Relations have other names on a shard, and rows come divided; the limits are for the sums over
 * all shards, and so is what is told while the call runs. */
constexpr const char *not_for_shards[] = {
	"target", "staging", "rows", "allow_empty", "max_deletes", "max_delete_ratio", "verbose"};

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

bool is_for_shards(const char *option)
{
	return std::none_of(std::begin(not_for_shards), std::end(not_for_shards),
						[&](const char *other) { return strcmp(other, option) == 0; });
}

} // namespace

void refuse_other_version()
{
	pg::fail({.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			  .message = "the nodes have different versions of bulk_sync",
			  .hint = "Install the same version on all nodes, and update the extension there."});
}

void add_options(const SqlCall &call, pg::MessageWriter &message)
{
	message.begin("options", '{');
	each_option(call.function, [&](const Option &option, int position) {
		if (position >= call.info->nargs || !is_for_shards(option.name))
			return;
		NullableDatum const value = call.info->args[position];
		if (!value.isnull)
			message.add(option.name, pg::text_of(option.type, value.value));
	});
	message.end('}');
}

Request request_of(const pg::MessageReader &options)
{
	Request request;
	for (const Option &option : bulk_sync::options()) {
		const char *const text = options.text_if_any(option.name);
		if (text != nullptr)
			option.decode(request, pg::Argument(pg::value_of(option.type, text), option.name));
	}
	request.allow_empty = true;
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
		const char *const value = given.text(name);
		const char *const current = pg::LocalSettings::value_of(name);
		if (current == nullptr || strcmp(current, value) != 0)
			settings.set(name, value);
	}
	pg::set_transaction_time(message.text("now"));
}

const char *transaction_token()
{
	pg::SqlRows const rows = pg::run_sql(
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
	return pg::run_sql("SELECT groupid FROM pg_catalog.pg_dist_local_group").number(0, 0);
}

} // namespace bulk_sync::shards
