/*
 * What a call tells while it runs: the phase it is in for the view bulk_sync_progress, and with
 * verbose an INFO line for each phase that ended, with rows and time, as VACUUM (VERBOSE) does.
 */
#pragma once

#include "diff/observer.hpp"
#include "pg/progress.hpp"

namespace bulk_sync {

/* Rows to write. */
struct ChangeCounts {
	uint64 creates = 0;
	uint64 updates = 0;
	uint64 deletes = 0;
};

class CallProgress final : public Observer {
  public:
	/* Throws pg::Error. */
	explicit CallProgress(const Request &request);

	ProgressPhase phase() const noexcept { return phase_; }

	void begin(ProgressPhase phase) noexcept override;
	void expect(double rows) noexcept override;
	void reading(uint64 rows) noexcept override;
	void writing(uint64 rows) noexcept override;
	void staging_was_read(const Plan &plan, const DiffResult &result) override;
	void rows_were_written(const char *how, uint64 rows, const char *reason_for_statement) override;
	void triggers_were_fired() override;

	/* Both sides were compared. Throws pg::Error. */
	void changes_were_found(const Plan &plan, const DiffCounts &counts,
							const ChangeCounts &changes);
	/* The shards of a distributed table have their rows of staging, or know where those are; `how`
	 * is a sentence. Throws pg::Error. */
	void staging_was_spread(const Plan &plan, uint64 shards, const char *how);
	/* One of them was compared. Throws pg::Error. */
	void shard_was_compared(const char *name, const ChangeCounts &changes);
	/* So many rows were written on the shards of a distributed table. Throws pg::Error. */
	void shards_were_written(uint64 rows, uint64 shards);
	/* The attempt met a conflict, and another one begins. Throws pg::Error. */
	void restart();

  private:
	/* Seconds since the phase began. */
	double elapsed() const noexcept;

	pg::ProgressSlot progress_;
	bool verbose_;
	ProgressPhase phase_ = ProgressPhase::waiting;
	instr_time began_ = {};
	uint64 written_ = 0; /* by the statements that have ended */
};

} // namespace bulk_sync
