/*
 * Staging: where the rows that the target has to match come from.
 */
#pragma once

#include "diff/diff.hpp"

namespace bulk_sync {

class Staging {
  public:
	/* What messages call it, such as: staging relation "import". */
	virtual const char *description() const = 0;
	virtual const pg::ColumnList &columns() const = 0;

	/* Gives all rows to the diff, converted to the target's types: first the columns of the image,
	 * then the extra columns. Throws pg::Error; errors of a conversion say what they are about. */
	virtual void scan(const ColumnMap &map, Snapshot snapshot, Diff &diff) const = 0;

	/* Locks whatever scan() is going to read. Throws pg::Error. */
	virtual void lock_sources(const ColumnMap &map, Snapshot snapshot) const = 0;

  protected:
	~Staging() = default;
};

/* A table, view or whatever can be read, open under a lock. */
class RelationStaging final : public Staging {
  public:
	/* Throws pg::Error: 42809 or 0A000 for what cannot be read. */
	static RelationStaging open(Oid oid);
	void close() { relation_.close(); }

	const char *description() const override { return description_; }
	const pg::ColumnList &columns() const override { return relation_; }
	/* Refuses a staging relation whose policies hide rows from the caller, with 42501. */
	void scan(const ColumnMap &map, Snapshot snapshot, Diff &diff) const override;
	void lock_sources(const ColumnMap &map, Snapshot snapshot) const override;

	const pg::Relation &relation() const noexcept { return relation_; }

  private:
	RelationStaging(const pg::Relation &relation, const char *description)
		: relation_(relation), description_(description)
	{
	}

	pg::Relation relation_;
	const char *description_;
};

} // namespace bulk_sync
