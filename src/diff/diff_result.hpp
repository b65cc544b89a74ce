/*
 * What a diff finds besides its rows.
 */
#pragma once

#include "diff/key_list.hpp"

namespace bulk_sync {

struct DiffCounts {
	uint64 staged = 0;	  /* rows in staging */
	uint64 in_scope = 0;  /* rows of the target that were read */
	uint64 marked = 0;	  /* of them, rows that are marked as deleted */
	uint64 unchanged = 0; /* pairs with the same image */
	uint64 matched = 0;	  /* rows of staging that have a counterpart */
};

/* Outlives the diff: the texts of its keys live in the memory context that was current when it was
 * made. */
struct DiffResult {
	DiffCounts counts;
	KeyList staging_duplicates;			  /* keys that several rows of staging have */
	KeyList target_duplicates;			  /* keys in staging that several rows of the target have */
	bool marked_among_duplicates = false; /* is one of those rows marked as deleted? */
	bool divided = false;				  /* did staging not fit into memory? */
};

} // namespace bulk_sync
