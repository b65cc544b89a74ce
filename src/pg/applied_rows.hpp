/*
 * Counts the rows that a writing statement takes from its source, for whoever follows the call.
 */
#pragma once

#include "pg/pg.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace bulk_sync::pg {

class WriteObserver {
  public:
	/* Rows that are taken between two calls of writing(). */
	static constexpr uint64 told_writes = 64;

	/* `rows`: taken by the statement that is running. */
	virtual void writing(uint64 rows) noexcept = 0;

  protected:
	~WriteObserver() = default;
};

/*
 * The node that gives a statement its rows is called through this object. Triggers may run other
 * writing statements meanwhile, so the objects form a stack; each has to live as long as its plan
 * may run. No more than progress depends on it: a plan of unknown shape is not counted.
 */
class AppliedRows {
  public:
	explicit AppliedRows(WriteObserver &observer) noexcept;
	AppliedRows(const AppliedRows &) = delete;
	AppliedRows &operator=(const AppliedRows &) = delete;
	~AppliedRows();

	/*
	 * Counts, in the object made last, what the plan's write to `relation` takes. It is looked for
	 * below the top, for another extension's planner may have put a node of its own there; unless
	 * there is exactly one, nothing is counted. Raises.
	 */
	PG_RAISES static void count_rows_of(PlanState *plan, Oid relation);

  private:
	PG_RAISES static TupleTableSlot *count_row(PlanState *source);

	static AppliedRows *innermost;
	WriteObserver &observer_;
	uint64 count_ = 0;
	PlanState *source_ = nullptr;
	ExecProcNodeMtd next_ = nullptr;
	AppliedRows *outer_;
};

/* Is the top of a writing plan something else than what PostgreSQL's own planner puts there? */
bool is_wrapped(const PlanState *plan) noexcept;

} // namespace bulk_sync::pg
