/*
 * Rows as they were written: who is told of each of them, and what stood in their place before.
 */
#pragma once

#include "pg/statement.hpp"

namespace bulk_sync::pg {

/* A row of a relation in one of its tables: the values of the relation's columns, by number less
 * one. A virtual generated column may have any value. */
struct StoredRow {
	Oid table = InvalidOid;
	Datum *values = nullptr;
	bool *nulls = nullptr;
};

/* Takes the rows that a write has written, in the order in which it wrote them. */
class WrittenRows {
  public:
	/* The version that was replaced, nullptr for a new row, and the row as it is stored now,
	 * nullptr for a deleted one. They hold during the call. Called from executor frames: may
	 * raise. */
	PG_RAISES virtual void written(const StoredRow *old_row, const StoredRow *new_row) = 0;

  protected:
	~WrittenRows() = default;
};

/* The row in a slot of the relation's own. Raises. */
PG_RAISES StoredRow stored_row(TupleTableSlot *slot);

/*
 * Rows as a snapshot sees them, by their ids, with the columns of the relation, whichever of its
 * partitions or children they are in. While the snapshot is registered, no version that it sees is
 * cleaned up, whatever became of the row.
 */
class RowVersions {
  public:
	/* In the current memory context and resource owner; the relation and the snapshot outlive it.
	 * Throws Error. */
	RowVersions(const Relation &relation, Snapshot snapshot);

	/* Holds until the next call. The table is locked. Raises, XX000 when there is no such row. */
	PG_RAISES StoredRow fetch(Oid table, ItemPointer tid);

	/* Closes the tables. After an error the resource owner does. Raises. */
	PG_RAISES void finish();

  private:
	struct Member {
		Oid oid;
		::Relation table;
		TupleTableSlot *slot;
		AttrNumber *numbers; /* of the relation's columns; nullptr when it is the relation */
	};

	PG_RAISES Member &member(Oid table);
	PG_RAISES Member open(Oid table) const;

	const Relation &relation_;
	Snapshot snapshot_;
	MemoryContext context_;
	Vector<Member> members_; /* in the order of their OIDs */
	std::size_t current_ = 0;
	StoredRow row_;
};

/* Takes what a writing statement returns, and tells of it. The statement returns the id of the old
 * row, tableoid and ctid, unless it is an INSERT, and behind that tableoid and all columns of the
 * new row, unless it is a DELETE. */
class ReturnedRows final : public RowReceiver {
  public:
	/* As RowVersions. Throws Error. */
	ReturnedRows(const Relation &relation, CmdType command, Snapshot snapshot, WrittenRows &rows);

	PG_RAISES void row(TupleTableSlot *slot) override;
	/* After the last row. Throws Error. */
	void finish();

  private:
	const Relation &relation_;
	CmdType command_;
	WrittenRows &rows_;
	RowVersions versions_;
	StoredRow new_row_;
};

} // namespace bulk_sync::pg
