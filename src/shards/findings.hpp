/*
 * What the shards have found and done, as data that the node which was called adds up.
 */
#pragma once

#include "pg/message.hpp"
#include "call/sync.hpp"
#include "diff/diff_result.hpp"
#include "write/key_check.hpp"
#include "write/scope_check.hpp"

namespace bulk_sync::shards {

/* Of one shard after its diff, or of all of them together. Keys are those of rows that forbid the
 * call. */
// NOLINTNEXTLINE(bugprone-exception-escape): its vector moves its memory along
struct Findings {
	DiffResult diff;
	/* Rows to write. */
	uint64 creates = 0;
	uint64 updates = 0;
	uint64 deletes = 0;
	uint64 skipped = 0; /* creates and updates */
	OutOfScope out_of_scope;
	OtherKeys other_keys;

	/* For the sums of a call. Throws std::bad_alloc. */
	void make_room_for(const Plan &plan)
	{
		other_keys.resize(plan.keys.identity.size() + plan.keys.generated.size());
	}
};

/* The checks of one machine, in their order. Throws pg::Error. */
void check_findings(const Plan &plan, const Findings &findings);

/* Of one shard after its writes, or of all of them together; they may have found more than before,
 * when they met conflicts. */
struct Done {
	Stats stats;
	DiffCounts counts;
	uint64 deletes = 0; /* rows that were to be deleted */
};

/* Were as many rows read and compared, and as many written? */
bool have_same_rows(const DiffCounts &one, const DiffCounts &other) noexcept;
bool did_the_same(const Done &one, const Done &other) noexcept;

/* All throw pg::Error and std::bad_alloc. */
void write(const Findings &findings, pg::MessageWriter &message);
void write(const Done &done, pg::MessageWriter &message);
/* Add what a shard has told. */
void add(Findings &findings, const pg::MessageReader &message);
void add(Done &done, const pg::MessageReader &message);

} // namespace bulk_sync::shards
