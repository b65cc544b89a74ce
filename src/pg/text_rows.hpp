/*
 * Rows as texts: out of a statement, and back into what a statement gives.
 */
#pragma once

#include "pg/scratch.hpp"
#include "pg/statement.hpp"

namespace bulk_sync::pg {

/*
 * Has the type texts that are read as the value that was written, whatever the settings of whoever
 * reads them, when they are written under DateStyle ISO and with all digits of floating-point
 * numbers? True of built-in types that are known for it, and of arrays of them. Throws Error.
 */
bool has_plain_text(Oid type);

/* Writes the rows of a statement into one text, value after value with a tab behind each, up to a
 * number of rows and of bytes. Tabs and backslashes in values have a backslash before them, and
 * NULL is \N: as COPY has it, but for the ends of lines. In the memory context that was current
 * when it was made. */
class TextRows final : public RowReceiver {
  public:
	TextRows(uint64 most_rows, uint64 most_bytes) noexcept
		: most_rows_(most_rows), most_bytes_(most_bytes)
	{
	}

	/* Throws std::bad_alloc, too. */
	PG_RAISES void row(TupleTableSlot *slot) override;

	/* Then the text is not complete. */
	bool are_too_many() const noexcept { return too_many_; }
	const char *text() const noexcept { return text_.c_str(); }

  private:
	PG_RAISES void look_up(TupleDesc desc);
	PG_RAISES void add(TupleTableSlot *slot);
	void add_value(const char *value);

	uint64 most_rows_;
	uint64 most_bytes_;
	uint64 rows_ = 0;
	uint64 bytes_ = 0;
	bool too_many_ = false;
	MemoryContext context_ = CurrentMemoryContext;
	FmgrInfo *outputs_ = nullptr;
	Scratch scratch_{"bulk_sync texts"};
	String text_;
};

/* The values in such a text; nullptr for NULL. Throws Error, 22023, for another text. */
Vector<const char *> values_of_text(const char *text);

/* Gives values of these columns, row after row, to the receiver: those at `positions`, from 0, in
 * that order. Throws Error: what the types and the receiver raise. */
void give_values(const ColumnList &columns, const Vector<std::size_t> &positions,
				 const Vector<const char *> &values, RowReceiver &receiver);

} // namespace bulk_sync::pg
