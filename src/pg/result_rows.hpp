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
	/* Throws Error, 0A000, when the caller takes no set. */
	explicit ResultRows(FunctionCallInfo call)
		: result_(reinterpret_cast<ReturnSetInfo *>(call->resultinfo))
	{
		pg_call([&] { InitMaterializedSRF(call, 0); });
	}

	/* Raises. */
	PG_RAISES void put(const Datum *values, const bool *nulls);

	/* Forgets the rows so far. Throws Error. */
	void clear();

  private:
	ReturnSetInfo *result_;
};

} // namespace bulk_sync::pg
