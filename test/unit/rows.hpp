/*
 * Rows for the tests of what keeps rows: a key (int, may be NULL) and a text of any length.
 */
#pragma once

#include <optional>

#include "diff/diff_side.hpp"
#include "diff/staged_rows.hpp"
#include "unit.hpp"

namespace bulk_sync::unit {

class SampleRows {
  public:
	/* In the current memory context, with one buffer for the row that was formed last. */
	SampleRows();

	const ColumnMap &map() const noexcept { return map_; }
	const RowShape &shape() const noexcept { return *shape_; }
	TargetSides &sides() noexcept { return *sides_; }
	/* That of rows of the target, which have the same shape. */
	TargetSide *side() noexcept { return sides_->of(InvalidOid); }

	/* Forms a row; nullopt is NULL. The text has `length` bytes that depend on the key. */
	void form(std::optional<int> key, int length);
	StagedRow *row() noexcept { return reinterpret_cast<StagedRow *>(bytes_.data()); }

	/* Forms a row and appends it. */
	StagedRow *append(StagedRows &rows, uint32 hash, std::optional<int> key, int length = 10);

	/* The row with this key, or nullptr. */
	StagedRow *find(StagedRows &rows, uint32 hash, std::optional<int> key);

	/* The key of a row, nullopt for NULL. */
	std::optional<int> key_of(const TupleView &tuple) const;

	/* Is this the row with this key and length? */
	bool is_row(const TupleView &tuple, std::optional<int> key, int length);

	/* Builds the table of the rows; how many duplicates it told of. */
	int build_table(StagedRows &rows);

  private:
	ColumnMap map_;
	std::optional<RowShape> shape_;
	std::optional<TargetSides> sides_;
	std::optional<pg::TupleBuilder> builder_;
	pg::Vector<char> bytes_;
	pg::Vector<char> text_;
};

/* Different for different keys, and using all bits. */
inline uint32 hash_of(int key) noexcept
{
	return static_cast<uint32>(key) * 0x9E3779B1u;
}

} // namespace bulk_sync::unit
