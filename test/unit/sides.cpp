#include "sides.hpp"

#include <algorithm>

namespace bulk_sync::unit {

using pg::pg_call;

namespace {

uint64 index_of(const RowId &id)
{
	return id.table - 1;
}

/* The row that samples has formed. */
TargetRow target_row(SampleRows &samples, const SampleRow &row, std::size_t index)
{
	TargetRow target;
	target.tuple = samples.row()->view();
	target.side = samples.side();
	target.hash = hash_of(row.key);
	target.id.table = static_cast<Oid>(index + 1);
	target.marked = row.marked;
	return target;
}

} // namespace

Sides Sides::of_all_kinds(int unchanged)
{
	Sides sides;
	int key = 0;
	auto const length = [&] { return static_cast<int>(hash_of(key) % 200); };
	for (int i = 0; i < unchanged; i++, key++) {
		sides.staged.push_back({key, length()});
		sides.target.push_back({key, length()});
	}
	for (int i = 0; i < 100; i++, key += 3) {
		sides.staged.push_back({key, 10});
		sides.target.push_back({key, 11});
		sides.staged.push_back({key + 1, 10});
		sides.target.push_back({key + 2, 10});
	}
	std::reverse(sides.target.begin(), sides.target.end());
	return sides;
}

pg::Vector<Found> expected(const Sides &sides)
{
	pg::Vector<Found> found;
	auto const same_key = [](const pg::Vector<SampleRow> &rows, int key) {
		return std::find_if(rows.begin(), rows.end(),
							[&](const SampleRow &row) { return row.key == key; });
	};
	for (uint64 i = 0; i < sides.target.size(); i++) {
		int const key = sides.target[i].key;
		auto const staged = same_key(sides.staged, key);
		if (staged == sides.staged.end())
			found.push_back({Found::removed, key, i});
		else
			found.push_back(
				{staged->length == sides.target[i].length ? Found::unchanged : Found::updated, key,
				 i});
	}
	for (uint64 i = 0; i < sides.staged.size(); i++)
		if (same_key(sides.target, sides.staged[i].key) == sides.target.end())
			found.push_back({Found::added, sides.staged[i].key, i});
	std::sort(found.begin(), found.end());
	return found;
}

/* ---- the sink ---- */

void FoundRows::add(Found::Kind kind, const TupleView &tuple, uint64 number)
{
	all_.push_back({kind, *samples_.key_of(tuple), number});
}

void FoundRows::added(const AddedRow &row)
{
	add(Found::added, row.row->view(), row.position);
}

void FoundRows::updated(const ChangedRow &row)
{
	add(Found::updated, row.target.tuple, index_of(row.target.id));
	auto const length = [](Datum text) { return VARSIZE_ANY_EXHDR(DatumGetPointer(text)); };
	Datum values[2];
	bool nulls[2];
	samples_.shape().take_apart(row.staged->view(), values, nulls);
	wrong_ = wrong_ || row.changed[0] || !row.changed[1] ||
			 row.old_values.values[0] != row.new_values.values[0] ||
			 length(row.old_values.values[1]) == length(row.new_values.values[1]) ||
			 length(row.new_values.values[1]) != length(values[1]);
}

void FoundRows::removed(const TargetRow &row)
{
	add(Found::removed, row.tuple, index_of(row.id));
}

void FoundRows::unchanged(const TargetRow &row, StagedRow *staged)
{
	add(Found::unchanged, row.tuple, index_of(row.id));
	wrong_ = wrong_ || minimal_length(row.tuple) != staged->length;
}

pg::Vector<Found> FoundRows::sorted() const
{
	pg::Vector<Found> sorted = all_;
	std::sort(sorted.begin(), sorted.end());
	return sorted;
}

/* ---- feeding ---- */

void fill(SampleRows &samples, const Sides &sides, StagedRows &rows)
{
	for (const SampleRow &row : sides.staged)
		samples.append(rows, hash_of(row.key), row.key, row.length);
}

void match(SampleRows &samples, const Sides &sides, Matcher &matcher, std::size_t from,
		   std::size_t to)
{
	for (std::size_t i = from; i < to; i++) {
		const SampleRow &row = sides.target[i];
		samples.form(row.key, row.length);
		TargetRow target = target_row(samples, row, i);
		pg_call([&] {
			char *const memory = matcher.space_for(samples.row()->length);
			memcpy(memory, samples.row(), samples.row()->length);
			target.tuple = TupleView::of(reinterpret_cast<MinimalTuple>(memory));
			matcher.add(target);
		});
	}
}

template <typename Destination>
void put_sides(SampleRows &samples, const Sides &sides, Destination &destination)
{
	for (uint64 i = 0; i < sides.staged.size(); i++) {
		const SampleRow &row = sides.staged[i];
		samples.form(row.key, row.length);
		samples.row()->start(hash_of(row.key));
		pg_call([&] { destination.put(samples.row(), i); });
	}
	for (std::size_t i = 0; i < sides.target.size(); i++) {
		samples.form(sides.target[i].key, sides.target[i].length);
		TargetRow const target = target_row(samples, sides.target[i], i);
		pg_call([&] { destination.put(target); });
	}
	pg_call([&] { destination.end(); });
}

template void put_sides(SampleRows &, const Sides &, Batch &);
template void put_sides(SampleRows &, const Sides &, Spill &);

} // namespace bulk_sync::unit
