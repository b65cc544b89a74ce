/*
 * Rows as JSON objects: each value is written once, and the objects are put together from that.
 */
#pragma once

#include "pg/json_form.hpp"
#include "pg/jsonb_members.hpp"
#include "pg/memory.hpp"

namespace bulk_sync::pg {

/* A column as a member of objects. */
class JsonColumn {
  public:
	/* In the current memory context. Throws Error. */
	JsonColumn(const char *name, const ColumnType &type);

	const char *name() const noexcept { return name_; }
	const ColumnType &type() const noexcept { return type_; }
	const JsonForm &form() const noexcept { return *form_; }

  private:
	const char *name_;
	ColumnType type_;
	const JsonForm *form_;
};

/* Where the text of a value is among all that are written, and which of them it is. */
struct JsonText {
	int start = 0;
	int length = 0;
	int number = 0;
};

/* The text of values of one row. All functions raise; what they allocate is in the memory context
 * that is current, which has to be the one in which the row was started. */
class JsonValues {
  public:
	PG_RAISES void start();

	/* A value for which JSON has no exact form is a string, by the type's output function. */
	PG_RAISES JsonText add(const JsonColumn &column, Datum value, bool is_null);

	/* Two values whose images differ. Where they look the same as jsonb, both are such strings, and
	 * where they are the same to the output function as well, each has a hash of its image. */
	PG_RAISES void add_pair(const JsonColumn &column, const Datum values[2], const bool nulls[2],
							JsonText texts[2]);

	/* The text as a value of jsonb, not jbvBinary. It may point to the text, and so holds until the
	 * next one is added. Numbers, arrays and objects are read once. */
	PG_RAISES JsonbValue read(JsonText text);

  private:
	const char *at(JsonText text) const noexcept { return text_.data + text.start; }
	PG_RAISES JsonText add_plain(const JsonColumn &column, Datum value, bool is_null, bool &exact);
	PG_RAISES JsonText add_output(const JsonColumn &column, Datum value, bool is_null);
	PG_RAISES JsonText add_with_hash(const JsonColumn &column, Datum value);
	PG_RAISES bool look_alike(JsonText left, JsonText right, bool reads_them);
	PG_RAISES JsonText begin();
	void end(JsonText &text) const noexcept { text.length = text_.len - text.start; }

	StringInfoData text_;
	JsonbValue **read_; /* by the number of a text; nullptr: not read yet */
	int texts_;
	int room_;
};

/* Collects the members of an object. All functions raise; what they allocate is in the memory
 * context that is current, which has to be the one in which the object was started. */
class JsonObjectWriter {
  public:
	PG_RAISES void start(JsonValues &values);
	PG_RAISES void add(const JsonColumn &column, JsonText value);
	/* "age": {"old": 40, "new": 41} */
	PG_RAISES void add_change(const JsonColumn &column, JsonText old_value, JsonText new_value);
	/* The object as jsonb. */
	PG_RAISES Datum finish();

  private:
	struct Member {
		const char *name;
		JsonText value;
		JsonText old_value;
		bool is_change;
	};
	PG_RAISES void append(const Member &member);
	PG_RAISES JsonbValue value_of(const Member &member) const;

	JsonValues *values_;
	Member *members_;
	int count_;
	int room_;
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
