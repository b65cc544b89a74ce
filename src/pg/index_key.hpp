/*
 * The keys of a unique or exclusion index, computed from rows of its table as the server does it.
 */
#pragma once

#include "pg/pg.hpp"

extern "C" {
#include "access/skey.h"
#include "nodes/execnodes.h"
}

namespace bulk_sync::pg {

struct IndexKey {
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];
};

/* All members raise, and all memory is the current context's, but for scratch that is reset by
 * row. */
class IndexKeyReader {
  public:
	/* Both relations stay open as long as the reader is used. */
	IndexKeyReader(::Relation table, ::Relation index);
	PG_RAISES void finish();

	/* The key of a row; false when a partial index leaves it out. Holds until the next read. */
	PG_RAISES bool read(TupleTableSlot *slot, IndexKey &key);
	PG_RAISES IndexKey *copy(const IndexKey &key) const;

	/* Can a row with this key be refused at all? NULLs escape most indexes. */
	bool can_be_refused(const IndexKey &key) const;

	/* Does a row with the first key keep one with the second out? */
	PG_RAISES bool collide(const IndexKey &existing, const IndexKey &added) const;

	/* Fills in conditions by which an index scan finds all that collide with the key; their number,
	 * or 0 when there are none that do. */
	PG_RAISES int conditions(const IndexKey &key, ScanKeyData *result) const;

	/* Has the detail of an error this key? nullptr, or no right to see the key: no. */
	PG_RAISES bool is_named(const IndexKey &key, const char *detail) const;

	/* Numbers of the columns that the index uses, less FirstLowInvalidHeapAttributeNumber. */
	Bitmapset *columns() const noexcept { return columns_; }

  private:
	PG_RAISES void keep_operators(const Oid *functions, const uint16 *strategies);

	::Relation table_;
	::Relation index_;
	IndexInfo *info_;
	EState *state_;
	ExprState *predicate_ = nullptr;
	FmgrInfo *operators_ = nullptr;		 /* by which two keys are in each other's way, by column */
	const uint16 *strategies_ = nullptr; /* their numbers in the operator class */
	Bitmapset *columns_ = nullptr;
};

} // namespace bulk_sync::pg
