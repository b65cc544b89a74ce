/*
 * The part of staging that belongs to one shard, as the node with that shard reads it: rows that
 * the node which was called has divided and written to a file (shards/divide.hpp).
 */
#pragma once

#include "pg/citus.hpp"
#include "pg/message.hpp"
#include "read/json_staging.hpp"
#include "read/staging_receiver.hpp"

namespace bulk_sync::shards {

/* What is known of the part. */
struct Part {
	const char *source = nullptr; /* what stands in FROM to read its rows */
	uint64 rows = 0;			  /* in it; a file that is lost would read as no rows at all */
	bool is_json = false;
	NameList members; /* of all objects together */
	pg::ColumnList columns;
	/* The column by which rows are divided, and the hashes of this part; not for rows that are not
	 * divided because only one shard is concerned. */
	const char *distribution_column = nullptr;
	int32 least = 0;
	int32 most = 0;
};

/* Brings the file here when it is on another node. `message` is the task, and `shard` the number of
 * the shard in it. Throws pg::Error. */
Part fetch_part(const pg::MessageReader &message, const pg::MessageReader &shard);

struct PartOfObjects {
	Datum objects;		   /* a jsonb array */
	const char *positions; /* of each in the array of the call, from 1: "1,4,7" */
};

/* With the number of objects checked. Throws pg::Error. */
PartOfObjects read_objects(const Part &part, const char *description);

/* Refuses rows that do not belong to the shard: XX000 for another shard's, 23502 for NULL. */
class PlaceCheck final : public StagedRowCheck {
  public:
	/* Not a part that is whole: then nothing is looked at. */
	PlaceCheck(const Part &part, const char *description) noexcept
		: part_(part), description_(description)
	{
	}

	/* Has to be called before the first row. Throws pg::Error. */
	void look_up(const Plan &plan);
	PG_RAISES void look_at(const Datum *values, const bool *nulls) override;

  private:
	const Part &part_;
	const char *description_;
	int position_ = -1; /* of the distribution column in a staged row; -1: not checked */
	pg::HashRange range_;
};

class PartStaging final : public Staging {
  public:
	PartStaging(const Part &part, const char *description) noexcept
		: part_(part), description_(description)
	{
	}

	const char *description() const override { return description_; }
	const pg::ColumnList &columns() const override { return part_.columns; }
	void scan(const Plan &plan, Snapshot snapshot, Diff &diff, Observer &observer) const override;
	void lock_sources(const Plan &, Snapshot) const override {}

  private:
	const Part &part_;
	const char *description_;
};

} // namespace bulk_sync::shards
