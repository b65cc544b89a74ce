/*
 * Generated columns of rows that are not stored.
 */
#pragma once

#include "pg/relation.hpp"

namespace bulk_sync::pg {

class GeneratedColumns {
  public:
	/* In the current memory context. Throws Error. */
	explicit GeneratedColumns(const Relation &relation);

	/* Computes the generated columns of a row from its other columns; arrays by column number less
	 * one. The values live in the current memory context. Raises. */
	void compute(Datum *values, bool *nulls);
	/* The column that compute() is at, for the context of an error; else InvalidAttrNumber. */
	AttrNumber computing() const noexcept { return computing_; }

  private:
	struct Computed {
		AttrNumber column;
		ExprState *expression;
	};

	Vector<Computed> columns_;
	TupleTableSlot *slot_ = nullptr;
	ExprContext *context_ = nullptr;
	AttrNumber computing_ = InvalidAttrNumber;
};

} // namespace bulk_sync::pg
