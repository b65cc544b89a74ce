/*
 * The condition under which a row that differs is updated.
 */
#pragma once

#include "pg/expression.hpp"
#include "plan/request.hpp"
#include "plan/used_columns.hpp"

namespace bulk_sync {

// NOLINTNEXTLINE(bugprone-exception-escape): its vectors move their memory along
struct UpdateWhen {
	const char *text = nullptr; /* nullptr: each row that differs is updated */
	pg::UpdateCondition condition;
	/* Columns that it uses, once they were looked up: of the old row as they are stored, of the new
	 * one as they will be. */
	Vector<AttrNumber> old_columns;
	UsedColumns new_columns;

	bool is_given() const noexcept { return text != nullptr; }
};

/* Validates the condition. Throws pg::Error: class 22 or 42, or 0A000. */
UpdateWhen define_update_when(const Request &request, const pg::Relation &target);

/* Looks up what the condition uses. `members` as in used_columns(). Throws pg::Error. */
void look_up_columns(UpdateWhen &when, const pg::Relation &target, const Vector<Oid> &members);

} // namespace bulk_sync
