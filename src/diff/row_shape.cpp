#include "diff/row_shape.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace bulk_sync {

namespace {

/* A copy that still knows which columns older rows lack, and what these have there. */
TupleDesc kept(TupleDesc desc)
{
	return pg::pg_call([&] { return CreateTupleDescCopyConstr(desc); });
}

/* The columns of the image, ordered by what rank(column) gives. */
template <typename Rank> Vector<int> image_by(const ColumnMap &map, Rank &&rank)
{
	Vector<int> order(map.image.size());
	std::iota(order.begin(), order.end(), 0);
	std::stable_sort(order.begin(), order.end(),
					 [&](int left, int right) { return rank(left) < rank(right); });
	return order;
}

} // namespace

RowValues RowValues::with_room_for(int columns)
{
	return pg::pg_call([&] {
		RowValues row;
		row.values = static_cast<Datum *>(palloc0(sizeof(Datum) * std::max(columns, 1)));
		row.nulls = static_cast<bool *>(palloc0(sizeof(bool) * std::max(columns, 1)));
		return row;
	});
}

RowShape::RowShape(TupleDesc desc, Vector<int> attributes)
	: desc_(desc), layout_(desc), attributes_(std::move(attributes)),
	  whole_(RowValues::with_room_for(desc->natts))
{
}

RowShape RowShape::of_staging(const ColumnMap &map, TupleDesc desc)
{
	Vector<int> attributes;
	for (const Column &column : map.image)
		attributes.push_back(column.staging - 1);
	for (const Column &column : map.extra)
		attributes.push_back(column.staging - 1);
	return {kept(desc), std::move(attributes)};
}

RowShape RowShape::of_target(TupleDesc desc, const Vector<int> &attributes)
{
	Vector<int> copy;
	copy.assign(attributes.begin(), attributes.end());
	return {kept(desc), std::move(copy)};
}

RowShape RowShape::formed(const ColumnMap &map, TupleDesc desc, const Vector<int> &order,
						  const Vector<AttrNumber> &behind)
{
	Vector<AttrNumber> numbers;
	Vector<int> attributes(order.size() + behind.size());
	for (int const column : order) {
		attributes[column] = static_cast<int>(numbers.size());
		numbers.push_back(map.image[column].target);
	}
	for (AttrNumber const number : behind) {
		attributes[numbers.size()] = static_cast<int>(numbers.size());
		numbers.push_back(number);
	}
	return {pg::project(desc, numbers), std::move(attributes)};
}

RowShape RowShape::formed_staging(const ColumnMap &map, TupleDesc desc)
{
	Vector<AttrNumber> extra;
	for (const Column &column : map.extra)
		extra.push_back(column.target);
	return formed(map, desc, image_by(map, [&](int column) { return map.image[column].target; }),
				  extra);
}

RowShape RowShape::formed_target(const ColumnMap &map, TupleDesc desc, const RowShape &staged)
{
	return formed(map, desc, image_by(map, [&](int column) { return staged.attribute(column); }),
				  map.carried);
}

bool RowShape::is_of(TupleDesc desc, const Vector<int> &attributes) const
{
	return std::equal(attributes_.begin(), attributes_.end(), attributes.begin(),
					  attributes.end()) &&
		   pg::TupleLayout::same(desc_, desc);
}

Vector<int> RowShape::sources() const
{
	Vector<int> sources(attributes_.size());
	for (int column = 0; column < columns(); column++)
		sources[attributes_[column]] = column;
	return sources;
}

void RowShape::take_apart(const TupleView &tuple, Datum *values, bool *nulls) const
{
	HeapTupleData whole = tuple.heap_tuple();
	heap_deform_tuple(&whole, desc_, whole_.values, whole_.nulls);
	int column = 0;
	for (int const attribute : attributes_) {
		values[column] = whole_.values[attribute];
		nulls[column] = whole_.nulls[attribute];
		column++;
	}
}

Datum RowShape::value(const TupleView &tuple, int column, bool &is_null) const
{
	HeapTupleData whole = tuple.heap_tuple();
	return heap_getattr(&whole, attributes_[column] + 1, desc_, &is_null);
}

} // namespace bulk_sync
