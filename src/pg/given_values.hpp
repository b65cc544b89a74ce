/*
 * Values of defaults that come out differently each time: noted where a row is inserted first, and
 * given again where the same row is inserted into a copy of the table.
 */
#pragma once

#include "pg/relation.hpp"

namespace bulk_sync::pg {

/* Of one column, in the order in which rows ask for its default. */
struct GivenColumn {
	const char *name = nullptr;
	ColumnType type;
	bool is_given = false;		 /* or noted */
	Vector<const char *> values; /* in text form; nullptr for NULL */
	std::size_t next = 0;		 /* to give */
};

class GivenValues {
  public:
	/* `function` is any of the extension, which has bulk_sync_given_value() beside it. In the
	 * current memory context. Throws Error. */
	explicit GivenValues(Oid function);
	GivenValues(const GivenValues &) = delete;
	GivenValues &operator=(const GivenValues &) = delete;

	/* What takes the place of a column's default: it asks the default and notes its value, or it
	 * gives one value after the other. The expression refers to this object. Throws Error. */
	Node *note(const Attribute &attribute, Node *expression);
	Node *give(const Attribute &attribute, Vector<const char *> &&values);

	const Vector<GivenColumn *> &columns() const noexcept { return columns_; }

	/* Forgets what was noted, and gives the values from the first on. */
	void restart() noexcept;

	/* What bulk_sync_given_value() does. Raises; throws std::bad_alloc. */
	PG_RAISES static Datum value_for(FunctionCallInfo call);

  private:
	GivenColumn *add(const Attribute &attribute, bool is_given);
	Node *call(GivenColumn *column, Node *expression) const;

	Oid function_;
	Vector<GivenColumn *> columns_;
};

} // namespace bulk_sync::pg
