#include "diff/key_hash.hpp"

#include <algorithm>

namespace bulk_sync {

KeyHash::KeyHash(const ColumnMap &map, const RowShape &shape) : shape_(shape)
{
	for (int i = 0; i < map.key_count(); i++) {
		int const attribute = shape.attribute(i);
		Form_pg_attribute const form = TupleDescAttr(shape.desc(), attribute);
		int32 const offset = shape.layout().fixed_offset(attribute);
		bool const follows = i > 0 && keys_.back().attribute + 1 == attribute;
		const pg::KeyEquality &equality = map.keys[i];
		bool const as_stored = equality.by_image() || equality.is_numeric();
		keys_.push_back({&equality, attribute, offset,
						 as_stored ? pg::value_kind(form) : pg::ValueKind::cstring,
						 static_cast<uint8>(shape.layout().alignment(attribute)), form->attlen,
						 equality.is_numeric()});
		needed_ = std::max(needed_, attribute + 1);
		are_known_ = are_known_ && (offset >= 0 || follows);
	}
	starts_ = pg::Allocator<uint32>().allocate(needed_);
}

uint32 KeyHash::of_located(const TupleView &tuple) const
{
	bool const is_short = tuple.columns() < needed_;
	if (!is_short)
		shape_.layout().locate(tuple, needed_, starts_);
	uint64 hash = pg::hash_start;
	int i = 0;
	for (const Key &key : keys_) {
		uint64 word = hash_of_null;
		if (is_short) {
			bool is_null;
			Datum const value = shape_.value(tuple, i, is_null);
			if (!is_null)
				word = key.equality->hash(value);
		} else if (!tuple.is_null(key.attribute)) {
			const char *end;
			word = hash_of_stored(key, tuple.data() + starts_[key.attribute], end);
		}
		hash = pg::hash_word(hash, word);
		i++;
	}
	return finish(hash);
}

} // namespace bulk_sync
