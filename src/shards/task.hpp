/*
 * What a node is told to do on its shards: the one argument of bulk_sync_on_shard().
 */
#pragma once

#include "pg/citus.hpp"
#include "pg/message.hpp"
#include "plan/options.hpp"
#include "shards/distribution.hpp"

namespace bulk_sync::shards {

/* Changes with what nodes tell each other: two nodes with different libraries must not go on. */
inline constexpr int64 protocol = 1;

/* Throws pg::Error, 55000: a node has another version of the extension, or of its library. */
[[noreturn]] void refuse_other_version();

/* A call of an SQL function, as it was made. */
struct SqlCall {
	Function function;
	FunctionCallInfo info;

	/* Of the extension, quoted. Throws pg::Error. */
	const char *schema() const { return pg::schema_of_function(info->flinfo->fn_oid); }
};

/* What a shard has of a call: a share beside those of others, or all of it, and then the limits for
 * deletes are its own. */
enum class Share { of_several_shards, of_one_shard };

/* Adds the arguments of the call that are options, in text form, but for those which only the node
 * that was called needs. Throws pg::Error. */
void add_options(const SqlCall &call, Share share, pg::MessageWriter &message);
/* A request for a shard out of them; target, staging and rows are still to be set. Throws
 * pg::Error, of class 22 for what is no option of a shard. It calls the decoders by pointers, and
 * they only throw. */
PG_NEVER_RAISES Request request_of(const pg::MessageReader &options, Share share);

/* Adds the parameters of the server on which the meaning of expressions and values depends. Throws
 * pg::Error. */
void add_settings(pg::MessageWriter &message);
/*
 * Takes them over up to settings.end(), and the time of the call. Throws pg::Error: 22023 for other
 * parameters; 55000 for a time far from that of this node, unless it is of no use to the caller.
 */
void apply_settings(const pg::MessageReader &message, const pg::LocalSettings &settings);

/*
 * What belongs to the one call of this session and no other: the number of the distributed
 * transaction, and behind it that of the call when it is made. 25P01 on a node where no distributed
 * transaction is under way. Throws pg::Error.
 */
const char *transaction_token();

/*
 * While one exists, this session has sent a task. Citus then may do a part of it here, in this very
 * session, instead of in one that it has started.
 */
class TasksUnderWay {
  public:
	TasksUnderWay() noexcept;
	TasksUnderWay(const TasksUnderWay &) = delete;
	TasksUnderWay &operator=(const TasksUnderWay &) = delete;
	~TasksUnderWay();

	/* Throws pg::Error, 55000: a task came from elsewhere, neither from here nor by way of
	 * Citus. */
	static void require();

  private:
	static int count;
};

/* Number of this node's group in Citus' catalogs. Throws pg::Error. */
int64 local_group();

} // namespace bulk_sync::shards
