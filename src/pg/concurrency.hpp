/*
 * Snapshots, subtransactions, the grouping of AFTER triggers, and locks between calls.
 */
#pragma once

#include "pg/memory.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
}

namespace bulk_sync::pg {

/* A registered snapshot. release() on success; after an error the resource owner does it. */
class ReadSnapshot {
  public:
	/* The snapshot of a new statement: fresh in READ COMMITTED, else the transaction's. */
	static ReadSnapshot fresh();
	/* The snapshot that the calling statement runs under. */
	static ReadSnapshot of_caller();
	/* The same rows of others as `snapshot`, and all that this transaction has done by now. */
	static ReadSnapshot with_own_changes(Snapshot snapshot);
	/* What is committed now, whatever the isolation level. */
	static ReadSnapshot latest();
	/* What others have committed by now, and what this transaction had done when `snapshot` was
	 * made. */
	static ReadSnapshot latest_with_own_changes_of(Snapshot snapshot);
	void release();

	Snapshot get() const noexcept { return snapshot_; }

  private:
	explicit ReadSnapshot(Snapshot snapshot) noexcept : snapshot_(snapshot) {}
	Snapshot snapshot_;
};

/* Does each statement of the transaction see what others have committed before it? */
bool reads_committed() noexcept;

/* Throws Error, 25006, when the transaction or the server takes no writes to the target: a
 * read-only transaction takes those to temporary tables of its session. */
void require_writable(Oid target, const char *command);

/*
 * A subtransaction, begun by begin() and ended by exactly one of the other two, also when an error
 * is on its way: the caller of the extension may catch it with a subtransaction of its own.
 */
class Subtransaction {
  public:
	static Subtransaction begin();
	void commit();
	void roll_back();

	/* The number under which it writes; InvalidTransactionId when it has written nothing yet. */
	TransactionId writer() const noexcept { return GetCurrentTransactionIdIfAny(); }

  private:
	Subtransaction() noexcept;
	void restore() noexcept;

	MemoryContext context_;
	ResourceOwner owner_;
};

/*
 * Makes the statements between begin and fire one statement for AFTER triggers: foreign keys,
 * cascades and users' triggers see the final state. The same as COPY and the logical replication
 * worker do (copyfrom.c, worker.c). Both throw Error; on error the abort cleans up.
 */
void begin_trigger_group();
void fire_trigger_group(Snapshot snapshot);

/*
 * Waits for other calls that work on the same target, until the end of the transaction. Calls with
 * different `scope` go side by side, unless one of them has `whole_target`, be it on one of the
 * `ancestors` of the target, whose rows ours are too. These are advisory locks, in a class of their
 * own that SQL cannot take. Throws Error.
 */
void wait_for_other_calls(Oid target, const Vector<Oid> &ancestors, uint32 scope,
						  bool whole_target);

} // namespace bulk_sync::pg
