/*
 * Progress of running calls, for other sessions to see: a slot for each backend in shared memory,
 * as the server's own pg_stat_progress views have. The memory comes from the DSM registry of
 * version 17 and newer; before, the library has to be in shared_preload_libraries, or nothing is
 * reported.
 */
#pragma once

#include "pg/guard.hpp"
#include "pg/result_rows.hpp"

/* 19 brings it no longer with its other headers. */
extern "C" {
#include "portability/instr_time.h"
}

namespace bulk_sync::pg {

enum class ProgressField {
	phase,
	staging_scanned,
	staging_total, /* as the planner expects */
	target_scanned,
	target_total, /* likewise */
	rows_applied,
	rows_to_apply,
	count
};

/* Asks for shared memory when the library is preloaded. Called once, by _PG_init(). */
void request_progress_memory();

/*
 * Shows the backend in the view while the object lives. Counters start at 0, and the phase at the
 * first. A call from within a call, by a trigger, is not shown, and what it sets goes nowhere.
 */
class ProgressSlot {
  public:
	/* A call for which there is no memory is not shown. Throws Error, of a cancel. */
	explicit ProgressSlot(Oid target);
	ProgressSlot(const ProgressSlot &) = delete;
	ProgressSlot &operator=(const ProgressSlot &) = delete;
	~ProgressSlot();

	/* A store to memory; never raises. */
	void set(ProgressField field, int64 value) noexcept;
	/* The same with what a planner expects, which may be more than any table holds. */
	void set_expected(ProgressField field, double rows) noexcept;

  private:
	void *slot_ = nullptr; /* nullptr: not shown */
};

/*
 * A row for each running call: pid, datid, relid, phase (a number), started, and the counters in
 * the order of their fields. What a call works on is NULL for users who may not see it, by the
 * rules of pg_stat_activity. Throws Error.
 */
void progress_rows(ResultRows &result);

} // namespace bulk_sync::pg
