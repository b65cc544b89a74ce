/*
 * The rows that a set-returning function gives back.
 */
#pragma once

#include "pg/guard.hpp"

extern "C" {
#include "funcapi.h"
#include "nodes/execnodes.h"
#include "utils/tuplestore.h"
}

namespace bulk_sync::pg {

/* Collects the rows of a function's result in a tuplestore, which goes to disk beyond work_mem. */
class ResultRows {
  public:
	/* With a leading column, put() is told of those behind it. Throws Error, 0A000, when the
	 * caller takes no set. */
	explicit ResultRows(FunctionCallInfo call, bool has_leading = false)
		: result_(reinterpret_cast<ReturnSetInfo *>(call->resultinfo)), has_leading_(has_leading)
	{
		pg_call([&] { InitMaterializedSRF(call, 0); });
	}

	/* A row; a leading column is NULL in it. Raises. */
	PG_RAISES void put(const Datum *values, const bool *nulls);
	/* A row with nothing but the leading column. Throws Error. */
	void put_leading(Datum value);

	/* Forgets the rows so far. Throws Error. */
	void clear();

  private:
	static constexpr int most_columns = 6; /* with a leading one */

	ReturnSetInfo *result_;
	bool has_leading_;
};

} // namespace bulk_sync::pg
