/*
 * A table that is written to without a plan: what a ModifyTable node of the executor sets up around
 * its rows, and what the server's COPY and its logical replication worker do without one
 * (copyfrom.c, execReplication.c). The rights are asked for, the snapshot is that of a statement
 * with a command id of its own, triggers for statements fire, and what AFTER triggers need is
 * queued.
 *
 * For ordinary tables in which nobody has a say about a row before it is written: no BEFORE or
 * INSTEAD OF triggers for rows, no policies, no rules, no children; see write/road.hpp.
 */
#pragma once

#include "pg/relation.hpp"

extern "C" {
#include "commands/trigger.h"
#include "executor/executor.h"
}

namespace bulk_sync::pg {

/* A write of one kind to one table, between open() and close(). Used inside of one pg_call; an
 * error is cleaned up by the abort. */
struct ResultRelation {
	/*
	 * `columns` are those that an UPDATE sets or an INSERT names, less
	 * FirstLowInvalidHeapAttributeNumber. What it allocates lives until close(). Raises: what the
	 * rights lack, 55000 without a replica identity, what BEFORE triggers for statements raise.
	 */
	PG_RAISES static ResultRelation open(const Relation &table, CmdType command, Snapshot snapshot,
										 Bitmapset *columns);
	/* Queues AFTER triggers for statements. Raises. */
	PG_RAISES void close();

	/* The memory of the row that is being written, emptied before the next one. */
	PG_RAISES MemoryContext row_memory() const { return GetPerTupleMemoryContext(executor); }
	void next_row() const { ResetPerTupleExprContext(executor); }

	::Relation table;
	CmdType command;
	EState *executor;
	ResultRelInfo *info;
	TransitionCaptureState *transition; /* nullptr when no trigger wants rows of this command */
	MemoryContext caller;
};

} // namespace bulk_sync::pg
