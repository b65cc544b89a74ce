/*
 * Errors from a shard speak of employee_102008 and employee_pkey_102008. Users know employee.
 */
#pragma once

#include "pg/memory.hpp"

namespace bulk_sync::shards {

using pg::Vector;

/*
 * Citus brings the texts of an error from another node, and not its fields: names of table, column,
 * type and constraint. This adds them to the context, from where LogicalNames takes them. Throws
 * pg::Error.
 */
void put_fields_into_context(ErrorData *error);

class LogicalNames {
  public:
	/* `shards` are the numbers that names may end in. */
	explicit LogicalNames(Vector<int64> &&shards) noexcept;

	/* Runs the function; an error that it throws has the names of tables, and its fields. Throws
	 * what it does. */
	template <typename Function> auto run(Function &&function) const -> decltype(function())
	{
		try {
			return function();
		} catch (const pg::Error &error) {
			rename(error.data());
			throw;
		}
	}

  private:
	void rename(ErrorData *error) const;
	/* The text without the numbers. */
	const char *without_numbers(const char *text) const;

	Vector<int64> shards_; /* in ascending order */
};

} // namespace bulk_sync::shards
