/*
 * Few rows of staging travel beside the task, as one text: for them, a file that the node fetches
 * would cost many times what the rest of the call does. In the task, whose text is written and read
 * several times on the way, they would cost twice as much.
 */
#pragma once

#include "pg/message.hpp"
#include "read/staging.hpp"

namespace bulk_sync::shards {

/*
 * Returns all rows of the relation as a text that goes along with a task for one shard, to which it
 * adds their columns as member "few". nullptr, with nothing added, when there are more of them than
 * few, or when types are among them whose texts may not mean the same elsewhere. In the current
 * memory context. Throws pg::Error: 42501 for policies that may hide rows, and what reading the
 * rows raises.
 */
const char *add_few_rows(const Plan &plan, const Staging &staging, const pg::Relation &relation,
						 pg::MessageWriter &task);

/* Such rows as staging. Its memory is the context that was current when it was made. */
class FewRows final : public Staging {
  public:
	/* `few` is the member of the task, and `rows` the text. Throws pg::Error, 22023, for what is
	 * none, and for a text of other rows. */
	FewRows(const pg::MessageReader &few, const char *rows, const char *description);

	const char *description() const override { return description_; }
	const pg::ColumnList &columns() const override { return columns_; }
	/* To add columns that staging has, and the call does not read. */
	pg::ColumnList &columns() noexcept { return columns_; }
	void scan(const Plan &plan, Snapshot snapshot, Diff &diff, Observer &observer) const override;
	void lock_sources(const Plan &, Snapshot) const override {}

  private:
	const char *description_;
	pg::ColumnList sent_; /* what the rows have */
	pg::ColumnList columns_;
	Vector<const char *> values_; /* row after row; nullptr for NULL */
};

} // namespace bulk_sync::shards
