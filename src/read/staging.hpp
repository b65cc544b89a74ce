/*
 * Staging: where the rows that the target has to match come from.
 */
#pragma once

#include "diff/observer.hpp"

namespace bulk_sync {

class Staging {
  public:
	/* What messages call it, such as: staging relation "import". */
	virtual const char *description() const = 0;
	/* What it has, to be paired with the target's columns by name. */
	virtual const pg::ColumnList &columns() const = 0;

	/* Gives all rows to the diff, converted to the target's types: first the columns of the image,
	 * then the extra columns. Throws pg::Error; errors of a conversion say what they are about. */
	virtual void scan(const Plan &plan, Snapshot snapshot, Diff &diff,
					  Observer &observer) const = 0;

	/* Locks whatever scan() is going to read. Throws pg::Error. */
	virtual void lock_sources(const Plan &plan, Snapshot snapshot) const = 0;

	StagingColumns for_plan() const { return {description(), columns()}; }

  protected:
	~Staging() = default;
};

} // namespace bulk_sync
