#include "diff/diff_side.hpp"

#include <new>
#include <utility>

#include "pg/scratch.hpp"

namespace bulk_sync {

using pg::pg_call;

DiffSide::DiffSide(const ColumnMap &map, RowShape &&of, bool forms)
	: shape(std::move(of)), hash(map, shape)
{
	if (forms)
		builder.emplace(shape.desc(), shape.sources());
}

std::size_t DiffSide::most_bytes(const Datum *values, const bool *nulls) const
{
	std::size_t const bytes = builder->most_bytes(values, nulls);
	/* The server forms no larger rows either, and lengths count on it. */
	if (bytes > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("row is too large for bulk_sync: %zu bytes, maximum %zu", bytes,
							   MaxAllocSize)));
	return bytes;
}

TargetSide::TargetSide(const ColumnMap &map, const RowShape &staged, RowShape &&of, bool forms)
	: DiffSide(map, std::move(of), forms), comparison(map, staged, shape)
{
}

TargetSides::TargetSides(const ColumnMap &map)
	: map_(map), context_(pg_call([] {
		  return AllocSetContextCreateInternal(CurrentMemoryContext, "bulk_sync target",
											   ALLOCSET_SMALL_SIZES);
	  }))
{
}

/* The context frees it. */
template <typename MakeShape>
TargetSide *TargetSides::add(const RowShape &staged, bool forms, MakeShape &&make_shape)
{
	TargetSide *const side = pg::in_context(context_, [&] {
		return new (pg::Allocator<TargetSide>().allocate(1))
			TargetSide(map_, staged, make_shape(), forms);
	});
	sides_.push_back(side);
	return side;
}

TargetSide *TargetSides::formed(const RowShape &staged, TupleDesc target)
{
	return add(staged, true, [&] { return RowShape::formed_target(map_, target, staged); });
}

TargetSide *TargetSides::stored(const RowShape &staged, TupleDesc desc, Oid table,
								const AttrNumber *columns, bool keeps)
{
	locate_columns(columns);
	TargetSide *side = alike(desc);
	if (side == nullptr) {
		if (!keeps && !sides_.empty()) {
			sides_.clear();
			MemoryContextReset(context_);
		}
		side = add(staged, false, [&] { return RowShape::of_target(desc, attributes_); });
	}
	if (keeps)
		tables_.push_back({table, side});
	return side;
}

void TargetSides::locate_columns(const AttrNumber *columns)
{
	attributes_.clear();
	for (const Column &column : map_.image)
		attributes_.push_back(columns[column.target - 1] - 1);
	for (AttrNumber const column : map_.carried)
		attributes_.push_back(columns[column - 1] - 1);
}

/* A side for tuples that are laid out like those of `desc`; the one before is the likeliest. */
TargetSide *TargetSides::alike(TupleDesc desc) const
{
	return pg_call([&]() -> TargetSide * {
		for (std::size_t i = sides_.size(); i > 0; i--)
			if (sides_[i - 1]->shape.is_of(desc, attributes_))
				return sides_[i - 1];
		return nullptr;
	});
}

TargetSide *TargetSides::of(Oid table) noexcept
{
	for (std::size_t i = 0; i < tables_.size(); i++) {
		if (tables_[last_].oid == table)
			return tables_[last_].side;
		last_ = last_ + 1 < tables_.size() ? last_ + 1 : 0;
	}
	return sides_.front();
}

} // namespace bulk_sync
