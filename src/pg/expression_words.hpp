/*
 * How errors speak of an expression that the caller wrote.
 */
#pragma once

namespace bulk_sync::pg {

struct ExpressionWords {
	const char *argument;	/* that it is given in */
	const char *context;	/* what the server calls it, and the line of CONTEXT */
	const char *object;		/* ".. are not allowed in <object>" */
	const char *subject;	/* "<subject> is empty." */
	const char *hint;		/* what to write */
	const char *about_rows; /* why it has no system columns */
	const char *purpose;	/* why it gives the same answer each time */
	const char *ambiguous;	/* hint for a column of several relations; nullptr for none */
};

inline constexpr ExpressionWords filter_words = {
	"filter",
	"bulk_sync filter",
	"the filter",
	"The filter",
	"Write what would stand after WHERE, for example 'company_id = 501'.",
	"The filter has to hold for rows that are not stored yet.",
	"The filter decides which rows exist for the call and must give the same answer each time.",
	nullptr,
};

inline constexpr ExpressionWords update_when_words = {
	"update_when",
	"bulk_sync update_when",
	"update_when",
	"The expression",
	"Write what would stand in the WHEN of a trigger, for example 'new.updated_at > "
	"old.updated_at'.",
	"It is asked about rows that are not stored yet.",
	"It decides which rows are updated and must give the same answer each time.",
	"Write \"old.\" or \"new.\" in front of the column.",
};

} // namespace bulk_sync::pg
