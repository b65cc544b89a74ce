/*
 * Staging that comes as a JSON array of objects: the caller's in-memory rows.
 */
#pragma once

#include "pg/json.hpp"
#include "read/staging_receiver.hpp"

namespace bulk_sync {

class JsonStaging final : public Staging {
  public:
	/*
	 * The columns are the members of all objects together, with the types of the target's columns;
	 * of an empty array the keys, and what the options name. Throws pg::Error: 22023 for what is
	 * no array of objects or for an object that lacks a key, 2203A for one that lacks what others
	 * have, unless that is allowed.
	 */
	JsonStaging(const Request &request, const pg::Relation &target);
	/* A part of the objects, which all together have these members; their positions among all, from
	 * 1, are for errors: "1,4,7". Each row is shown to the check. */
	JsonStaging(const Request &request, const pg::Relation &target, const NameList &members,
				const char *positions, StagedRowCheck *check);

	const char *description() const override { return "argument \"rows\""; }
	const pg::ColumnList &columns() const override { return columns_; }
	void scan(const Plan &plan, Snapshot snapshot, Diff &diff, Observer &observer) const override;
	void lock_sources(const Plan &, Snapshot) const override {}

	/* Objects. */
	double count() const noexcept { return rows_.count(); }

  private:
	pg::JsonRows rows_;
	pg::ColumnList columns_;
	TupleDesc target_desc_;
	const char *positions_ = nullptr;
	StagedRowCheck *check_ = nullptr;
};

} // namespace bulk_sync
