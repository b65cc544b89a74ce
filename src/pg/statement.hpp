/*
 * The one door to the executor: SQL that the extension builds goes through here and nowhere else.
 * It is what SPI does, less the plan cache and the result tables, and with three things that SPI
 * cannot give: rows straight to a C++ receiver, a look at the analyzed query before it runs, and a
 * query tree that has no text.
 */
#pragma once

#include <algorithm>

#include "pg/applied_rows.hpp"
#include "pg/relation.hpp"
#include "pg/row_store.hpp"

extern "C" {
#include "executor/execdesc.h"
#include "nodes/params.h"
#include "nodes/plannodes.h"
#include "tcop/dest.h"
#include "utils/queryenvironment.h"
}

namespace bulk_sync::pg {

/* Takes the rows of a SELECT, or those that a write returns. Called from executor frames: may
 * raise, and may throw. */
class RowReceiver {
  public:
	virtual void row(TupleTableSlot *slot) = 0;

  protected:
	~RowReceiver() = default;
};

/*
 * Takes the tuples of a relation as they are stored: by the page where the pages of a table are
 * scanned, else one by one. Called from executor frames: may raise, and may throw.
 */
class StoredReceiver {
  public:
	/* The tuples that follow are of this table, which is open: the relation, or a partition or
	 * child of it. `columns` tells for each column of the relation, by its number less one, which
	 * one of the table it is; it holds up to the next table. Tables without tuples are left out. */
	virtual void begin(::Relation table, const AttrNumber *columns) = 0;

	/* At least one tuple; the page holds still during the call. */
	PG_RAISES virtual void page(const HeapTupleData *tuples, int count) = 0;

	/* One, which holds during the call. */
	PG_RAISES virtual void tuple(const HeapTupleData &tuple) = 0;

  protected:
	~StoredReceiver() = default;
};

/* A column of an INSERT that takes its default in the rows where the value given for it is NULL. */
struct NullDefault {
	AttrNumber column = InvalidAttrNumber;
	Node *expression = nullptr; /* of the column's type; nullptr for no default */
};

/* Values for $1, $2.. of a statement, and what cannot be said in its text: defaults are printed in
 * ways that may not be read as the same, and the one of an identity column has no text at all. */
struct Parameters {
	Vector<Oid> types;
	Vector<Datum> values;
	Vector<bool> nulls;
	Vector<NullDefault> null_defaults;

	/* Adds a value; returns its number, from 1. */
	int add(Oid type, Datum value, bool is_null);
};

/* May workers do a part of it? Rows are received while they run, when little is allowed but to
 * read: no subtransaction, for one. */
enum class Parallel { allowed, forbidden };

class Statement {
  public:
	/*
	 * Plans one statement of SQL under `snapshot`. `stores` are readable by their names. The
	 * first relation of the range table, the target of a writing statement, must be `relation`:
	 * a name that another session has meanwhile given to another table is error 40001. A
	 * `condition` over that relation is added to those in the statement, see lasting_condition().
	 * Throws Error.
	 */
	static Statement plan(const String &sql, Snapshot snapshot, Oid relation,
						  const Vector<const RowStore *> &stores, const Parameters &parameters,
						  Parallel parallel = Parallel::allowed, Node *condition = nullptr);

	/* The same for a SELECT that is a query tree; `description` stands for its text. */
	static Statement plan_query(Query *query, const char *description, Snapshot snapshot,
								const Vector<const RowStore *> &stores);

	/* Does a row-level security policy narrow what the statement reads? */
	bool has_policies() const noexcept { return has_policies_; }

	/*
	 * Does a SELECT of these columns of `relation`, by number, read tuples that read_stored() can
	 * give as they are stored? So it is for scans of tables of the heap, one of each: of `relation`
	 * or of its partitions or children. Not so where workers or other nodes stand before them, nor
	 * where the planner, or an extension, puts an expression in the place of a column. Throws
	 * Error.
	 */
	bool gives_stored_tuples(const Relation &relation, const Vector<AttrNumber> &columns) const;

	/*
	 * Refuses, with 0A000, a target of which the plan reads a part by a scan of another extension:
	 * compressed rows have no ctid and no xmin, and asking for them may crash such a scan. To be
	 * called on a plan that does not ask. Throws Error.
	 */
	void require_row_ids(const Relation &target) const;

	/* What the planner expects: rows, and total cost. */
	double planned_rows() const noexcept;
	double planned_cost() const noexcept;
	/* Of a row's values, in bytes. */
	double planned_width() const noexcept;

	/* Runs a SELECT and gives each row to the receiver. Throws Error. */
	void read(RowReceiver &receiver);

	/* The same for one that gives_stored_tuples(): all columns of the tuples, whichever are
	 * selected. What the executor does for each of them, but for the condition, is left out where a
	 * table is read from its beginning to its end. Throws Error. */
	void read_stored(const Relation &relation, StoredReceiver &receiver);

	/* Runs INSERT, UPDATE or DELETE and leaves its AFTER triggers queued; returns the number of
	 * rows written, and tells the observer of them as they are taken. The receiver gets what the
	 * statement returns; nullptr when it returns nothing. Throws Error. */
	uint64 write(WriteObserver &observer, RowReceiver *returned);

	/* Starts a SELECT whose rows the caller fetches from the executor, which it also ends.
	 * Raises. */
	PG_RAISES QueryDesc *start();
	/* Of a query tree: its columns before it was planned, which may hide them below a node of
	 * another extension. */
	List *targets() const noexcept { return targets_; }
	bool has_sub_selects() const noexcept { return has_sub_selects_; }

	/* Was the last write done by a plan that another extension had changed at its top? Then the
	 * number of rows is what that extension says. */
	bool was_wrapped() const noexcept { return wrapped_; }

  private:
	Statement(const char *text, Snapshot snapshot) noexcept : text_(text), snapshot_(snapshot) {}
	PG_RAISES void bind(const Vector<const RowStore *> &stores, const Parameters *parameters);
	PG_RAISES void analyze_and_plan(Oid relation, const Parameters &parameters, Parallel parallel,
									Node *condition);
	template <typename Run> uint64 execute(DestReceiver *receiver, bool writes, Run &&run);

	const char *text_;
	Snapshot snapshot_;
	QueryEnvironment *environment_ = nullptr;
	ParamListInfo parameters_ = nullptr;
	PlannedStmt *plan_ = nullptr;
	List *column_types_ = NIL; /* of the rows that it gives, as OIDs */
	List *targets_ = NIL;	   /* of a query tree: its columns before it was planned */
	bool has_sub_selects_ = false;
	Oid written_ = InvalidOid; /* the relation that a writing statement writes */
	bool has_policies_ = false;
	bool wrapped_ = false;
};

} // namespace bulk_sync::pg
