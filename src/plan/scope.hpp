/*
 * The scope: which rows of the target exist for the call.
 */
#pragma once

#include "pg/pruning.hpp"
#include "plan/request.hpp"
#include "plan/used_columns.hpp"

namespace bulk_sync {

struct Scope {
	const char *text = nullptr; /* nullptr: the whole table */
	pg::Filter filter;			/* the text, analyzed over the target */
	UsedColumns used;			/* by the filter, once they were looked up */
	/* Columns that have one value, and no NULL, in all rows of the scope. */
	Vector<AttrNumber> fixed;
	/* Of a partitioned target: what the filter says about each row in scope by itself, by which the
	 * planner leaves out partitions; nullptr for nothing. See pg::lasting_condition(), and
	 * pg::partition_condition(), to which lock_members() narrows it. */
	Node *pruning = nullptr;
	/*
	 * The target and those of its partitions that can hold rows in scope, or all its children; also
	 * partitioned ones. Set by lock_members(), which has locked and checked them; a comparison may
	 * leave them empty, for any of the tree. Rows that the call writes are in one of them as well,
	 * unless the request says allow_out_of_scope, or a BEFORE trigger makes another row of them.
	 */
	Vector<Oid> members;

	bool has_sub_selects() const noexcept { return filter.has_sub_selects; }
	bool is_whole_table() const noexcept { return text == nullptr; }
	/* A number for the filter's text; calls with the same one wait for each other. */
	uint32 lock_number() const noexcept;
};

/* Validates the filter. Throws pg::Error: class 22 or 42, or 0A000. */
Scope define_scope(const Request &request, const pg::Relation &target);

/* Looks up what the filter uses. `members` as in used_columns(). Throws pg::Error. */
void look_up_columns(Scope &scope, const pg::Relation &target, const Vector<Oid> &members);

/* The end of a SELECT from the target that leaves the scope: "" or " WHERE (..)". */
pg::String where_clause(const Scope &scope);

} // namespace bulk_sync
