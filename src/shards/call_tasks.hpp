/*
 * What the node that was called tells the others, message by message.
 */
#pragma once

#include "pg/message.hpp"
#include "shards/distributed_call.hpp"

namespace bulk_sync::shards {

/* Begins a task with what every step needs. All throw pg::Error. */
void begin_task(const DistributedCall &call, const char *step, pg::MessageWriter &message);

/* The shards alone, as the steps need them that read no staging. */
void add_shards(const Carrier &carrier, pg::MessageWriter &message);

/* Has the task done, with rows when the call asks for them. */
Vector<pg::MessageReader> send(const DistributedCall &call, const Carrier &carrier,
							   pg::MessageWriter &task);

/* Options, shards, and where the rows of staging are: all that a diff needs. */
void add_diff(const DistributedCall &call, const Carrier &carrier, const Spread &spread,
			  pg::MessageWriter &message);
/* The same for rows that are in the task already. */
void add_diff_of_few(const DistributedCall &call, const Carrier &carrier,
					 pg::MessageWriter &message);

} // namespace bulk_sync::shards
