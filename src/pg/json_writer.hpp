/*
 * Rows as JSON objects.
 */
#pragma once

#include "pg/memory.hpp"
#include "pg/type.hpp"

namespace bulk_sync::pg {

/* Writes values of one column as to_json() does. */
class JsonColumn {
  public:
	/* In the current memory context. Throws Error. */
	JsonColumn(const char *name, const ColumnType &type);

	/* Appends the value alone. Raises. */
	void append(StringInfo text, Datum value, bool is_null) const;

	const char *name() const noexcept { return name_; }

  private:
	const char *name_;
	FmgrInfo *function_;
};

/* Collects the members of an object. All functions raise; text grows in the memory context in which
 * the writer was started. */
class JsonObjectWriter {
  public:
	void start();
	void add(const JsonColumn &column, Datum value, bool is_null);
	/* "age": {"old": 40, "new": 41} */
	void add_change(const JsonColumn &column, Datum old_value, bool old_null, Datum new_value,
					bool new_null);
	/* The object as jsonb, in the current memory context. */
	Datum finish();

  private:
	void add_name(const char *name);

	StringInfoData text_;
};

} // namespace bulk_sync::pg
