/*
 * What a call tells while it runs: the phase it is in for the view bulk_sync_progress, and with
 * verbose an INFO line for each phase that ended, with rows and time, as VACUUM (VERBOSE) does.
 */
#pragma once

#include "pg/progress.hpp"
#include "diff/change_set.hpp"
#include "diff/diff_result.hpp"
#include "plan/request.hpp"

namespace bulk_sync {

/* In the order of a call; the view has the names. */
enum class Phase { waiting, staging, target, checking, deleting, updating, inserting, triggers };

class Report {
  public:
	/* Throws pg::Error. */
	explicit Report(const Request &request);

	/* A phase begins. */
	void begin(Phase phase) noexcept;
	Phase phase() const noexcept { return phase_; }

	/* Rows written by the statements that have ended. */
	uint64 applied() const noexcept { return applied_; }

	/* The phase that began last has ended. All throw pg::Error. */
	void end_staging(const DiffResult &result, const char *description);
	void end_target(const DiffResult &result, const ChangeSet &changes, const char *target);
	void end_write(const char *what, uint64 rows);
	void end_triggers();
	void restart();

  private:
	/* Seconds since the phase began. */
	double elapsed() const noexcept;

	pg::ProgressReport progress_;
	bool verbose_;
	Phase phase_ = Phase::waiting;
	instr_time began_ = {};
	uint64 applied_ = 0;
};

} // namespace bulk_sync
