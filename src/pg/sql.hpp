/*
 * SQL that another extension has a part in: distributed queries, and commands that it hands on to
 * other nodes. It goes through SPI, where every hook of the server sees it. What the extension
 * itself reads and writes goes through pg/statement.hpp.
 */
#pragma once

#include "pg/statement.hpp"

namespace bulk_sync::pg {

/* The rows of a statement as text, in the memory context that was current when it ran. */
// NOLINTNEXTLINE(bugprone-exception-escape): its vector moves its memory along
class SqlRows {
  public:
	uint64 count() const noexcept { return columns_ == 0 ? 0 : values_.size() / columns_; }
	/* Both from 0; nullptr for NULL. */
	const char *text(uint64 row, std::size_t column) const noexcept
	{
		return values_[row * columns_ + column];
	}
	/* Throws Error when it is no number, or NULL. */
	int64 number(uint64 row, std::size_t column) const;

  private:
	friend SqlRows run_sql(const char *sql, const Parameters &parameters);
	friend SqlRows run_saved(const char *sql, const Parameters &parameters);
	SqlRows(const char **values, uint64 rows, std::size_t columns)
		: values_(values, values + rows * columns), columns_(columns)
	{
	}

	Vector<const char *> values_;
	std::size_t columns_ = 0;
};

/* Runs one statement, as a function in PL/pgSQL would. The parameters are types and values alone.
 * Throws Error. */
SqlRows run_sql(const char *sql, const Parameters &parameters = {});
inline SqlRows run_sql(const String &sql, const Parameters &parameters = {})
{
	return run_sql(sql.c_str(), parameters);
}

/* The same for a SELECT that is asked in each call: its plan is kept for the session. The text is a
 * literal, and all names in it have their schema. Throws Error. */
SqlRows run_saved(const char *sql, const Parameters &parameters);
template <std::size_t size>
SqlRows ask_often(const char (&sql)[size], const Parameters &parameters = {})
{
	return run_saved(sql, parameters);
}

/* The same, with each row given to the receiver instead, in the types of the statement. */
void run_sql(const String &sql, const Parameters &parameters, RowReceiver &receiver);

/* 'it''s', in the current memory context. Throws Error. */
const char *literal(const char *text);

/* A value in the text form of a type, which is named as format_type() does, and back. In the
 * current memory context. Throw Error. */
const char *text_of(const char *type, Datum value);
NullableDatum value_of(const char *type, const char *text);
/* The type itself, as of a column. Throws Error. */
ColumnType type_named(const char *type);
/* As type_named() takes it, with schema and modifier. Throws Error. */
const char *full_name(const ColumnType &type);

} // namespace bulk_sync::pg
