/*
 * Two sides to diff, and what a diff of them finds.
 */
#pragma once

#include "diff/spill.hpp"
#include "rows.hpp"

namespace bulk_sync::unit {

struct SampleRow {
	int key;
	int length; /* of the text */
	bool marked = false;
};

struct Sides {
	pg::Vector<SampleRow> staged; /* a row's position is its index */
	pg::Vector<SampleRow> target; /* the row's id is made of its index */

	/* Rows of all kinds: new, changed, removed, and unchanged, of which there are `unchanged`. All
	 * keys are different. */
	static Sides of_all_kinds(int unchanged);
};

/* One row that a sink was told of. */
struct Found {
	enum Kind { added, updated, removed, unchanged };
	Kind kind;
	int key;
	uint64 number; /* of an added row its position, else the index of the row of the target */

	bool operator==(const Found &) const = default;
	auto operator<=>(const Found &) const = default;
};

class FoundRows final : public DiffSink {
  public:
	explicit FoundRows(const SampleRows &samples) : samples_(samples) {}

	void added(const AddedRow &row) override;
	void updated(const ChangedRow &row) override;
	void removed(const TargetRow &row) override;
	void unchanged(const TargetRow &row, StagedRow *staged) override;
	void held_back(const ChangedRow &) override {}

	/* In the order they were told of, or sorted. */
	const pg::Vector<Found> &all() const noexcept { return all_; }
	pg::Vector<Found> sorted() const;

	/* Were values told that are not those of the rows? */
	bool is_wrong() const noexcept { return wrong_; }

  private:
	void add(Found::Kind kind, const TupleView &tuple, uint64 number);

	const SampleRows &samples_;
	pg::Vector<Found> all_;
	bool wrong_ = false;
};

/* What has to be found, from the keys and lengths alone; sorted. */
pg::Vector<Found> expected(const Sides &sides);

/* Puts the rows of a side where they belong. */
void fill(SampleRows &samples, const Sides &sides, StagedRows &rows);
void match(SampleRows &samples, const Sides &sides, Matcher &matcher, std::size_t from,
		   std::size_t to);

/* Puts both sides into a batch or a spill. */
template <typename Destination>
void put_sides(SampleRows &samples, const Sides &sides, Destination &destination);

extern template void put_sides(SampleRows &, const Sides &, Batch &);
extern template void put_sides(SampleRows &, const Sides &, Spill &);

} // namespace bulk_sync::unit
