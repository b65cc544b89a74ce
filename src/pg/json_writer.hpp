/*
 * Rows as JSON objects: each value is written once, and the objects are put together from that.
 */
#pragma once

#include "pg/json_form.hpp"
#include "pg/memory.hpp"

namespace bulk_sync::pg {

/* A column as a member of objects. */
class JsonColumn {
  public:
	/* In the current memory context. Throws Error. */
	JsonColumn(const char *name, const ColumnType &type);

	const char *name() const noexcept { return name_; }
	/* "name":  with the blank behind it */
	const char *member() const noexcept { return member_; }
	const ColumnType &type() const noexcept { return type_; }
	const JsonForm &form() const noexcept { return *form_; }

  private:
	const char *name_;
	ColumnType type_;
	const char *member_;
	const JsonForm *form_;
};

/* Where the text of a value is among all that are written. */
struct JsonText {
	int start = 0;
	int length = 0;
};

/* The text of values of one row. All functions raise; text grows in the memory context in which it
 * was started. */
class JsonValues {
  public:
	PG_RAISES void start() { initStringInfo(&text_); }

	/* A value for which JSON has no exact form is a string, as the type's output function has it. */
	PG_RAISES JsonText add(const JsonColumn &column, Datum value, bool is_null);

	/* Two values whose images differ. Where they look the same as jsonb, both are such strings, and
	 * where they are the same to the output function as well, each has a hash of its image. */
	PG_RAISES void add_pair(const JsonColumn &column, const Datum values[2], const bool nulls[2],
							JsonText texts[2]);

	const char *at(JsonText text) const noexcept { return text_.data + text.start; }

  private:
	PG_RAISES JsonText add_plain(const JsonColumn &column, Datum value, bool is_null, bool &exact);
	PG_RAISES JsonText add_output(const JsonColumn &column, Datum value, bool is_null);
	PG_RAISES JsonText add_with_hash(const JsonColumn &column, Datum value);
	PG_RAISES bool look_alike(JsonText left, JsonText right, bool reads_them);

	StringInfoData text_;
};

/* Collects the members of an object. All functions raise; text grows in the memory context in which
 * the writer was started. */
class JsonObjectWriter {
  public:
	PG_RAISES void start(const JsonValues &values);
	PG_RAISES void add(const JsonColumn &column, JsonText value);
	/* "age": {"old": 40, "new": 41} */
	PG_RAISES void add_change(const JsonColumn &column, JsonText old_value, JsonText new_value);
	/* The object as jsonb, in the current memory context. */
	PG_RAISES Datum finish();

  private:
	PG_RAISES void add_name(const JsonColumn &column);
	PG_RAISES void append(JsonText value);

	const JsonValues *values_;
	StringInfoData text_;
};

/* The settings that make output functions lose digits, or depend on the caller's taste. */
struct OutputSettings {
	int float_digits;
	int date_style;
	int interval_style;
	int bytes_style;

	static OutputSettings current() noexcept;
	static OutputSettings exact() noexcept;
	void apply() const noexcept;
};

/*
 * Calls f, which may raise, while values are written exactly. The server's variables are set
 * directly, and set back also when f raises: a nest level of settings, as postgres_fdw has it for a
 * batch, would be needed for each row, because what runs between two rows (the filter, a staging
 * view, generated columns) must see the caller's settings. In f only trivially destructible locals
 * may be alive.
 */
template <typename Function> void with_exact_output(Function &&function)
{
	OutputSettings const callers = OutputSettings::current();
	PG_TRY();
	{
		OutputSettings::exact().apply();
		function();
	}
	PG_FINALLY();
	{
		callers.apply();
	}
	PG_END_TRY();
}

} // namespace bulk_sync::pg
