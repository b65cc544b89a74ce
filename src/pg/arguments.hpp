/*
 * An argument of an SQL function, with errors that name it.
 */
#pragma once

#include "pg/name_list.hpp"

namespace bulk_sync::pg {

/* All functions throw Error. */
class Argument {
  public:
	/* `position` from 0; `name` is kept, not copied. */
	Argument(FunctionCallInfo call, int position, const char *name) noexcept
		: value_(call->args[position]), name_(name)
	{
	}

	Argument(NullableDatum value, const char *name) noexcept : value_(value), name_(name) {}

	const char *name() const noexcept { return name_; }
	bool is_null() const noexcept { return value_.isnull; }

	/* NULL is error 22004. */
	Oid relation() const { return DatumGetObjectId(value()); }
	bool boolean() const { return DatumGetBool(value()); }
	int64 bigint() const { return DatumGetInt64(value()); }
	double float8() const { return DatumGetFloat8(value()); }
	const char *string() const;
	Datum value() const;
	/* The elements of a one-dimensional text array: none NULL (22004), none twice (22023). */
	NameList names() const;

  private:
	NullableDatum value_;
	const char *name_;
};

} // namespace bulk_sync::pg
