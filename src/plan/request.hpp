/*
 * What the caller asks for: the arguments of a call, decoded and checked as far as that goes
 * without looking at the relations.
 */
#pragma once

#include <optional>

#include "pg/name_list.hpp"

namespace bulk_sync {

using pg::NameList;
using pg::Vector;

/* What other writers have to wait for: nothing but rows that are being written, or the whole call
 * and its transaction. */
enum class LockMode { rows, table };

/* plan/options.cpp has the name in SQL, the default and the checks of each. */
// NOLINTNEXTLINE(bugprone-exception-escape): its vectors move their memory along
struct Request {
	Oid target = InvalidOid;
	Oid staging = InvalidOid;  /* InvalidOid: the rows come as JSON */
	std::optional<Datum> rows; /* jsonb array */
	NameList keys;
	const char *filter = nullptr; /* nullptr: the whole table */
	std::optional<NameList> columns;
	NameList ignore_columns;
	bool skip_creates = false;
	bool skip_updates = false;
	bool skip_deletes = false;
	bool allow_empty = false;
	std::optional<int64> max_deletes;		/* rows */
	std::optional<double> max_delete_ratio; /* 0..1 of the rows in scope */
	const char *soft_delete = nullptr;		/* name of the column that marks a row as deleted */
	std::optional<Datum> insert_defaults;	/* jsonb object */
	bool allow_out_of_scope = false;
	LockMode lock = LockMode::rows;
	bool dry_run = false;
	bool verbose = false;
	bool include_unchanged = false;
	NameList touch_columns;			   /* get now() in each row that is written */
	const char *update_when = nullptr; /* nullptr: each row that differs is updated */
	/* May a JSON object lack a member that others have? As ever where a declaration is older than
	 * the option. */
	bool allow_missing = true;

	/* Is it bulk_compare(), which may read relations that cannot be written? */
	bool only_compares = false;

	/* Does it show the rows that it would write, and so what would be generated in them? */
	bool foresees_rows = false;

	/* A call that cannot write takes no locks of a writer: the right to read is enough for it. */
	bool may_write() const noexcept
	{
		return !only_compares && !dry_run && !(skip_creates && skip_updates && skip_deletes);
	}
};

} // namespace bulk_sync
