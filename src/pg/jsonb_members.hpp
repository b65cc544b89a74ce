/*
 * Arrays and objects of jsonb, read where they are stored: utils/jsonb.h describes the format.
 */
#pragma once

#include "pg/pg.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace bulk_sync::pg {

/*
 * The children of an array or object, one after another: the elements of an array; the keys of an
 * object, in the order in which jsonb keeps them, and behind them the values in the same order.
 * Values point into the container. Raises nothing.
 */
class JsonbChildren {
  public:
	explicit JsonbChildren(JsonbContainer *container) noexcept
		: entry_(container->children), data_(data_of(container))
	{
	}

	/* The values of an object whose keys take `key_bytes`. */
	static JsonbChildren values(JsonbContainer *object, uint32 key_bytes) noexcept
	{
		JsonbChildren children(object);
		children.entry_ += JsonContainerSize(object);
		children.offset_ = key_bytes;
		return children;
	}

	/* There has to be one more. */
	JsonbValue next() noexcept
	{
		JEntry const entry = *entry_++;
		uint32 const start = offset_;
		JBE_ADVANCE_OFFSET(offset_, entry);
		JsonbValue value;
		if (JBE_ISSTRING(entry)) {
			value.type = jbvString;
			value.val.string.len = static_cast<int>(offset_ - start);
			value.val.string.val = data_ + start;
		} else if (JBE_ISNUMERIC(entry)) {
			value.type = jbvNumeric;
			value.val.numeric = reinterpret_cast<Numeric>(data_ + INTALIGN(start));
		} else if (JBE_ISCONTAINER(entry)) {
			value.type = jbvBinary;
			value.val.binary.len = static_cast<int>(offset_ - INTALIGN(start));
			value.val.binary.data = reinterpret_cast<JsonbContainer *>(data_ + INTALIGN(start));
		} else if (JBE_ISBOOL(entry)) {
			value.type = jbvBool;
			value.val.boolean = JBE_ISBOOL_TRUE(entry);
		} else {
			value.type = jbvNull;
		}
		return value;
	}

	/* Bytes from the start of the container's data to the next child. */
	uint32 offset() const noexcept { return offset_; }

	static char *data_of(JsonbContainer *container) noexcept
	{
		uint32 const entries = JsonContainerSize(container);
		return reinterpret_cast<char *>(
			&container->children[JsonContainerIsObject(container) ? 2 * entries : entries]);
	}

  private:
	const JEntry *entry_;
	char *data_;
	uint32 offset_ = 0;
};

/* The keys of an object, to be recognized in the next one: who makes many objects makes them alike
 * as a rule, and the same keys are the same bytes. Raises nothing. */
class JsonbKeys {
  public:
	/* Has the object the keys of the one that was remembered last? */
	bool are_those_of(JsonbContainer *object) const noexcept
	{
		return object_ != nullptr && object->header == object_->header &&
			   memcmp(object->children, object_->children, sizeof(JEntry) * count()) == 0 &&
			   memcmp(JsonbChildren::data_of(object), JsonbChildren::data_of(object_), bytes_) == 0;
	}

	/* The object has to live until another one is remembered. */
	void remember(JsonbContainer *object) noexcept
	{
		object_ = object;
		JsonbChildren children(object);
		for (uint32 i = 0; i < count(); i++)
			children.next();
		bytes_ = children.offset();
	}

	uint32 count() const noexcept { return JsonContainerSize(object_); }
	/* What all keys together take. */
	uint32 bytes() const noexcept { return bytes_; }

  private:
	JsonbContainer *object_ = nullptr;
	uint32 bytes_ = 0;
};

} // namespace bulk_sync::pg
