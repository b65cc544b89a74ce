/*
 * Who follows a call: is told which phase it is in, and how far it has come.
 */
#pragma once

#include "diff/diff.hpp"
#include "pg/applied_rows.hpp"
#include "plan/plan.hpp"

namespace bulk_sync {

/* In the order of a call; the view bulk_sync_progress has the names. */
enum class ProgressPhase {
	waiting,
	staging,
	target,
	checking,
	deleting,
	updating,
	inserting,
	triggers
};

class Observer : public pg::WriteObserver {
  public:
	/* Rows that are read between two calls of reading(). */
	static constexpr uint64 told_rows = 1024;

	virtual void begin(ProgressPhase phase) noexcept = 0;
	/* The scan of the phase will give about this many rows. */
	virtual void expect(double rows) noexcept = 0;
	/* It has given this many. */
	virtual void reading(uint64 rows) noexcept = 0;

	/* A phase has ended. `reason_for_statement` is nullptr for rows that were written directly. All
	 * throw pg::Error. */
	virtual void staging_was_read(const Plan &plan, const DiffResult &result) = 0;
	virtual void rows_were_written(const char *how, uint64 rows,
								   const char *reason_for_statement) = 0;
	virtual void triggers_were_fired() = 0;

  protected:
	~Observer() = default;
};

/* Follows nothing: for work that is no call of its own, and for comparisons. */
class NoObserver final : public Observer {
  public:
	void begin(ProgressPhase) noexcept override {}
	void expect(double) noexcept override {}
	void reading(uint64) noexcept override {}
	void writing(uint64) noexcept override {}
	void staging_was_read(const Plan &, const DiffResult &) override {}
	void rows_were_written(const char *, uint64, const char *) override {}
	void triggers_were_fired() override {}
};

} // namespace bulk_sync
