#include "diff/batch.hpp"

#include <type_traits>

namespace bulk_sync {

namespace {

struct StagedHeader {
	uint64 hash;
	uint64 position;
	RowExtent extent;
};

struct TargetHeader {
	uint64 hash;
	RowExtent extent;
	Oid table;
	TransactionId xmin;
	ItemPointerData tid;
	uint16 marked;
};

/* Padding would carry bytes of the stack into the files. */
static_assert(std::has_unique_object_representations_v<StagedHeader>);
static_assert(std::has_unique_object_representations_v<TargetHeader>);

/* Are there duplicates among the staged rows? The table stays when there are. */
PG_RAISES bool has_duplicates(Matcher &matcher)
{
	matcher.build_table();
	if (matcher.result().staging_duplicates.count > 0)
		return true;
	matcher.rows().drop_table();
	return false;
}

} // namespace

/* ---- rows in files ---- */

void Batch::put(StagedRow *row, uint64 position)
{
	StagedHeader const header = {row->hash, position, {row->total, row->second}};
	staged.write(&header, sizeof(header));
	staged.write(row->bytes(), row->total);
}

void Batch::put(const TargetRow &row)
{
	TargetHeader const header = {row.hash,	  row.extent, row.id.table,
								 row.id.xmin, row.id.tid, row.marked};
	target.write(&header, sizeof(header));
	target.write(row.bytes, row.extent.total);
}

bool read_header(pg::TempFile &file, StagedRow &row, uint64 &position)
{
	StagedHeader header;
	if (!file.read(&header, sizeof(header)))
		return false;
	row.start(header.hash, header.extent);
	position = header.position;
	return true;
}

bool read_header(pg::TempFile &file, TargetRow &row)
{
	TargetHeader header;
	if (!file.read(&header, sizeof(header)))
		return false;
	row.hash = header.hash;
	row.extent = header.extent;
	row.id = {header.table, header.tid, header.xmin};
	row.marked = header.marked != 0;
	return true;
}

void Batch::close()
{
	staged.close();
	target.close();
}

/* ---- running ---- */

bool Batch::run(Matcher &matcher)
{
	bool const fits = load(matcher);
	if (fits) {
		match_target(matcher);
		matcher.emit_added();
	}
	matcher.rows().clear();
	return fits;
}

/*
 * Reads the staged rows; false when they do not fit and can still be divided. Rows that cannot be
 * divided have one hash, so they are duplicates as a rule: then the call will end in an error, and
 * the rest of them is not worth memory.
 */
bool Batch::load(Matcher &matcher)
{
	StagedRows &rows = matcher.rows();
	StagedRow header;
	uint64 position;
	bool const divisible = bits_used + most_batch_bits <= 64;

	staged.rewind();
	bool probed = false;
	while (read_header(staged, header, position)) {
		CHECK_FOR_INTERRUPTS();
		if (rows.is_full_for(header.total)) {
			if (divisible)
				return false;
			if (!probed && has_duplicates(matcher))
				return true;
			probed = true;
		}
		StagedRow *const row = rows.reserve(header.total);
		staged.read_exactly(row->bytes(), header.total);
		rows.append(row, header.hash, {header.total, header.second}, position);
	}
	matcher.build_table();
	return true;
}

void Batch::match_target(Matcher &matcher)
{
	TargetRow row;
	target.rewind();
	while (read_header(target, row)) {
		CHECK_FOR_INTERRUPTS();
		row.bytes = matcher.space_for(row.extent.total);
		target.read_exactly(row.bytes, row.extent.total);
		matcher.add(row);
	}
	matcher.flush();
}

} // namespace bulk_sync
