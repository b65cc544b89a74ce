/*
 * What the caller asks for: the arguments of the SQL functions, decoded and checked as far as that
 * goes without looking at the relations.
 */
#pragma once

#include <optional>

#include "pg/arguments.hpp"

namespace bulk_sync {

using pg::NameList;
using pg::Vector;

enum class LockMode { rows, table };

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
	bool include_unchanged = false; /* of bulk_compare() alone */

	/* A call that cannot write takes no locks of a writer: the right to read is enough for it. */
	bool may_write() const noexcept
	{
		return !dry_run && !(skip_creates && skip_updates && skip_deletes);
	}
};

/* Decode the arguments of bulk_sync(), bulk_sync_json() and bulk_compare(). Throw pg::Error: class
 * 22, naming the argument. */
Request sync_request(const pg::Arguments &arguments);
Request json_request(const pg::Arguments &arguments);
Request compare_request(const pg::Arguments &arguments);

} // namespace bulk_sync
