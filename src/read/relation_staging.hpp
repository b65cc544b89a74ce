/*
 * Staging that is a relation: a table, a view or whatever can be read.
 */
#pragma once

#include "pg/whole_table.hpp"
#include "read/staging.hpp"

namespace bulk_sync {

/* Open, under AccessShareLock, from open() to close(). */
class RelationStaging final : public Staging {
  public:
	/* Throws pg::Error: 42809 or 0A000 for what cannot be read. */
	static RelationStaging open(Oid oid);
	/* The same under the name that messages have for it. */
	static RelationStaging open(Oid oid, const char *description);
	void close() { relation_.close(); }

	const char *description() const override { return description_; }
	const pg::ColumnList &columns() const override { return relation_; }
	/* Refuses a staging relation whose policies hide rows from the caller, with 42501. */
	void scan(const Plan &plan, Snapshot snapshot, Diff &diff, Observer &observer) const override;
	void lock_sources(const Plan &plan, Snapshot snapshot) const override;

	const pg::Relation &relation() const noexcept { return relation_; }

  private:
	RelationStaging(const pg::Relation &relation, const char *description)
		: relation_(relation), description_(description)
	{
	}

	void scan_without_plan(const Plan &plan, const pg::WholeTable &whole, Snapshot snapshot,
						   Diff &diff, Observer &observer) const;
	void scan_by_plan(const Plan &plan, Snapshot snapshot, bool may_take_stored, Diff &diff,
					  Observer &observer) const;

	pg::Relation relation_;
	const char *description_;
};

} // namespace bulk_sync
