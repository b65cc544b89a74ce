/*
 * Rows for the tests of what keeps rows: a key (int, may be NULL) and a text of any length, and, if
 * wanted, a second tuple with a number.
 */
#pragma once

#include <optional>

#include "diff/staged_rows.hpp"
#include "unit.hpp"

namespace bulk_sync::unit {

class SampleRows {
  public:
	enum class Shape { one_tuple, two_tuples };

	/* In the current memory context, with one buffer for the row that was formed last. */
	explicit SampleRows(Shape shape = Shape::one_tuple);

	const ColumnMap &map() const noexcept { return map_; }

	/* Forms a row; nullopt is NULL. The text has `length` bytes that depend on the key. */
	void form(std::optional<int> key, int length);
	RowExtent extent() const noexcept { return extent_; }
	char *bytes() noexcept { return bytes_.data(); }
	MinimalTuple image() noexcept { return reinterpret_cast<MinimalTuple>(bytes_.data()); }

	/* Forms a row and appends it; the result holds until the next one. */
	StagedRow *append(StagedRows &rows, uint64 hash, std::optional<int> key, int length = 10);

	/* The row with this key, or nullptr. */
	StagedRow *find(StagedRows &rows, uint64 hash, std::optional<int> key);

	/* The key of a row, nullopt for NULL. */
	std::optional<int> key_of(MinimalTuple image) const;

	/* Are these the bytes of the row with this key and length? */
	bool is_row(const char *bytes, RowExtent extent, std::optional<int> key, int length);
	bool is_row(StagedRow *row, std::optional<int> key, int length)
	{
		return is_row(row->bytes(), {row->total, row->second}, key, length);
	}

  private:
	ColumnMap map_;
	std::optional<RowBuilder> builder_;
	RowExtent extent_;
	pg::Vector<char> bytes_;
	pg::Vector<char> text_;
};

/* Builds the table of the rows; how many duplicates it told of. */
int build_table(StagedRows &rows);

/* Different for different keys, and using all bits. */
inline uint64 hash_of(int key) noexcept
{
	return pg::hash_combine(0, static_cast<uint64>(key));
}

} // namespace bulk_sync::unit
