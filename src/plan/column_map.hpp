/*
 * Which columns the two sides share, and what happens to each: matched, compared, inserted.
 */
#pragma once

#include "pg/conversion.hpp"
#include "pg/relation.hpp"
#include "plan/request.hpp"

namespace bulk_sync {

/* Staging as the plan sees it. */
struct StagingColumns {
	const char *description; /* what messages call it, such as: staging relation "import" */
	const pg::ColumnList &columns;
};

/* A column that both sides have. */
struct Column {
	const char *name = nullptr; /* as in the catalog */
	AttrNumber target = InvalidAttrNumber;
	AttrNumber staging = InvalidAttrNumber; /* none for the mark of deleted rows */
	pg::ColumnType type;					/* of the target */
	pg::Conversion conversion;
	bool updated = false;		/* set when its stored image differs */
	bool inserted = false;		/* gets the staged value in a new row; a mark: "not deleted" */
	bool null_defaults = false; /* a staged NULL takes the column's default in a new row */
	bool always_identity = false;

	bool is_mark() const noexcept { return staging == InvalidAttrNumber; }
	/* A boolean mark is true in a deleted row; another one is the time, and NULL in the others. */
	bool mark_is_boolean() const noexcept { return type.by_value && type.length == 1; }
};

/* A value that new rows get in a column which staging lacks. */
struct InsertDefault {
	AttrNumber column = InvalidAttrNumber; /* of the target */
	const char *name = nullptr;			   /* as in the catalog */
	pg::ColumnType type;
	Datum value = 0;
	bool is_null = true;
	bool always_identity = false;
};

/* A column that gets now() in each row that is written. */
struct TouchedColumn {
	AttrNumber column = InvalidAttrNumber; /* of the target */
	const char *name = nullptr;			   /* as in the catalog */
	pg::ColumnType type;
};

/*
 * The row image holds the key columns, in the order of the call, and behind them the compared
 * columns in the target's order; the extra columns are those that only new rows take from staging.
 * The mark of deleted rows, if there is one, is a compared column for which staging always has "not
 * deleted": so a marked row that returns is a changed row, whose mark is cleared. A new row gets
 * that value too where the mark's default may mark it.
 */
struct ColumnMap {
	Vector<Column> image;
	Vector<Column> extra;
	Vector<pg::KeyEquality> keys; /* of the first columns of the image */
	std::optional<int> mark;	  /* its position in the image, from 0 */
	Vector<InsertDefault> insert_defaults;
	Vector<TouchedColumn> touched; /* neither in the image nor among the extra columns */
	/* Columns of the target that are read along with its rows, for checks or to be shown. */
	Vector<AttrNumber> carried;
	/* Are the target's rows to be found again? A view has no row ids. */
	bool reads_row_ids = true;

	/* Descriptors with the target's types; key_desc is the front of image_desc. */
	TupleDesc image_desc = nullptr;
	TupleDesc key_desc = nullptr;
	TupleDesc extra_desc = nullptr;	  /* nullptr without extra columns */
	TupleDesc carried_desc = nullptr; /* nullptr without carried columns */

	/* A column of a staged row, which has those of the image and behind them the extra ones. */
	const Column &column_at(std::size_t position) const noexcept
	{
		return position < image.size() ? image[position] : extra[position - image.size()];
	}
	bool touches(AttrNumber column) const noexcept;
	int key_count() const noexcept { return static_cast<int>(keys.size()); }
	/* May keys be hashed, compared and shown while the executor has workers running? */
	bool keys_are_parallel_safe() const noexcept;
};

/*
 * Builds the map, all but the carried columns, from the two open relations. Throws pg::Error: 42703
 * for columns that are not there (with the nearest name as a hint), 42804 for types without a
 * conversion, 42883 for key types without an equality, 22023 for options that contradict the table.
 */
ColumnMap map_columns(const Request &request, const pg::Relation &target,
					  const StagingColumns &staging);

/* Why a column that is no key is never updated, as a sentence; nullptr when it may be. */
const char *reason_not_updated(const pg::Attribute &attribute,
							   const Vector<AttrNumber> &primary_key);

/* Numbers of the key columns in the target, in the order of the call. Throws std::bad_alloc. */
Vector<AttrNumber> key_numbers(const ColumnMap &map);

/* Adds target columns to read along, each once, and none that is read already. Throws pg::Error. */
void carry_columns(ColumnMap &map, const pg::Relation &target, const Vector<AttrNumber> &columns);

} // namespace bulk_sync
