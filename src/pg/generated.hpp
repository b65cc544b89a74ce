/*
 * Generated columns of rows that are not stored, or not yet.
 *
 * Partitions and children may generate a column by an expression of their own. A stored column is
 * computed by the expression of the table where the row is; a virtual one by that of the table
 * which a query names.
 */
#pragma once

#include "pg/relation.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace bulk_sync::pg {

/* How a relation's generated column comes from other columns of the same row. */
struct Generation {
	AttrNumber column = InvalidAttrNumber;
	/*
	 * Over columns of the relation; with tableoid, that of the row, where children have expressions
	 * of their own, for their rows stay there. A row of a partitioned table is where its values
	 * say:
	 *
	 *   CASE WHEN <constraint of a partition> THEN <its expression> .. ELSE <the relation's> END
	 */
	Node *expression = nullptr;
	/* OIDs of children that compute the column also from columns which the relation lacks. There
	 * the expression is the column as it is, which holds while none of those change that both
	 * have. */
	List *unknown = NIL;
	/* These columns of the relation, less FirstLowInvalidHeapAttributeNumber. */
	Bitmapset *unknown_from = nullptr;

	bool is_unknown_from(AttrNumber changed) const
	{
		return bms_is_member(changed - FirstLowInvalidHeapAttributeNumber, unknown_from);
	}
};

/* `members` are the partitions or children that may have rows, locked; the relation itself may be
 * among them. In the current memory context. Throws Error. */
Generation generation_of(const Relation &relation, AttrNumber column, const Vector<Oid> &members);

/* Raises 0A000: `table` generates the column from columns that the relation lacks. */
[[noreturn]] PG_RAISES void refuse_unknown_column(const Relation &relation, AttrNumber column,
												  Oid table);

/* Names of the generated columns of a table, found without opening it; in the current memory
 * context. Throws Error. */
List *generated_columns(Oid table);

class GeneratedColumns {
  public:
	/* `members` as above. In the current memory context. Throws Error. */
	GeneratedColumns(const Relation &relation, const Vector<Oid> &members);

	/* Computes the generated columns of a row of `table`, the relation or a member, some of whose
	 * columns have changed; arrays by column number less one. The values live in the current memory
	 * context. Raises, 0A000 when the new one comes from columns that the relation lacks. */
	PG_RAISES void compute(Datum *values, bool *nulls, const bool *changed, Oid table);

	/* Is there a column that is generated when it is read? */
	bool has_virtual() const noexcept { return has_virtual_; }
	/* Computes those of a row that is stored. Likewise, but for 0A000. */
	PG_RAISES void compute_virtual(Datum *values, bool *nulls, Oid table);

	/* The column that compute() is at, for the context of an error; else InvalidAttrNumber. */
	AttrNumber computing() const noexcept { return computing_; }

  private:
	struct Computed {
		Generation generation;
		ExprState *expression;
		bool is_virtual;
	};

	PG_RAISES void load(const Datum *values, const bool *nulls, Oid table);
	PG_RAISES void compute(const Computed &column, Datum *values, bool *nulls);

	PG_RAISES void refuse_unknown(const Generation &generation, const bool *changed,
								  Oid table) const;

	const Relation &relation_;
	Vector<Computed> columns_;
	TupleTableSlot *slot_ = nullptr;
	ExprContext *context_ = nullptr;
	bool has_virtual_ = false;
	AttrNumber computing_ = InvalidAttrNumber;
};

} // namespace bulk_sync::pg
