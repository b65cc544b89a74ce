#include "diff/batch.hpp"

#include <type_traits>

namespace bulk_sync {

namespace {

/* Padding would carry bytes of the stack into the files. */
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
	constexpr char zeros[MAXIMUM_ALIGNOF] = {};
	staged.write(&position, sizeof(position));
	staged.write(row, row->length);
	staged.write(zeros, StagedRow::footprint(row->length) - row->length);
	staged_rows++;
}

void Batch::put(const TargetRow &row)
{
	uint32 const length = minimal_length(row.tuple);
	TargetHeader const header = {length,	  row.hash,	  row.id.table,
								 row.id.xmin, row.id.tid, row.marked};
	target.write(&header, sizeof(header));
	constexpr std::size_t unused = offsetof(MinimalTupleData, t_infomask2);
	target.write(reinterpret_cast<const char *>(row.tuple.header) + MINIMAL_TUPLE_OFFSET + unused,
				 length - unused);
}

void Batch::end()
{
	staged.end_writing();
	target.end_writing();
}

void Batch::close()
{
	staged.close();
	target.close();
}

/* ---- running ---- */

bool Batch::run(Matcher &matcher, const RowShape &target_shape, bool keeps_new)
{
	StagedRows &rows = matcher.rows();
	bool const fits = load(matcher);
	if (fits) {
		match_target(matcher, target_shape);
		is_new = keeps_new && rows.count() > 0 && rows.unmatched() == rows.count();
		if (!is_new)
			matcher.emit_added();
	}
	rows.clear();
	return fits;
}

void Batch::tell_new(Matcher &matcher)
{
	load(matcher);
	matcher.emit_added();
	matcher.rows().clear();
	is_new = false;
}

/* Reads the staged rows; false when they do not fit and can still be divided. */
bool Batch::load(Matcher &matcher)
{
	StagedRows &rows = matcher.rows();
	if (rows.fit(staged.size(), staged_rows))
		staged.read_all(rows.append_all(staged.size(), staged_rows));
	else if (bits_used + most_batch_bits <= hash_bits)
		return false;
	else if (load_one_by_one(matcher))
		return true;
	matcher.build_table();
	return true;
}

/*
 * Rows that cannot be divided have one hash, so they are duplicates as a rule: then the call will
 * end in an error, and the rest of them is not worth memory. Are there duplicates, and the table is
 * built?
 */
bool Batch::load_one_by_one(Matcher &matcher)
{
	StagedRows &rows = matcher.rows();
	bool probed = false;
	bool ended = false;
	read_staged(
		staged,
		[&](std::size_t length) {
			if (!probed && rows.is_full_for(length)) {
				probed = true;
				ended = has_duplicates(matcher);
			}
			return rows.reserve(length);
		},
		[&](StagedRow *row, uint64 position) {
			if (!ended)
				rows.append(row, row->hash, position);
		});
	return ended;
}

void Batch::match_target(Matcher &matcher, const RowShape &shape)
{
	read_target(
		target, &shape, [&](std::size_t length) { return matcher.space_for(length); },
		[&](const TargetRow &row) { matcher.add(row); });
	matcher.end();
}

} // namespace bulk_sync
