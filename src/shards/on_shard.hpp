/*
 * What a node does on one of its shards, told by the node that was called (shards/sync.hpp): waits
 * for other calls, finds the changes and keeps them in its session, writes them.
 */
#pragma once

#include "pg/message.hpp"
#include "pg/result_rows.hpp"

namespace bulk_sync::shards {

/*
 * Does a step of a task on the shard that stands in the place of `place`: the shard of the helper
 * table that the SQL function was called on, or InvalidOid for the only one in the task. Returns
 * what it found or did, as jsonb. `function` is any of the extension; `rows` are those that go
 * along with the task, or nullptr; `result`, unless it is nullptr, gets the rows of the call.
 * Throws pg::Error.
 */
Datum do_step(Oid function, Oid place, Datum task, const char *rows, pg::ResultRows *result);

/*
 * Does to the copy of a reference table on this node what was done to the first one, whose answer
 * the task has. `function` as above. Throws pg::Error: XX000 when it comes to something else.
 */
void do_step_on_copy(Oid function, Datum task);

} // namespace bulk_sync::shards
