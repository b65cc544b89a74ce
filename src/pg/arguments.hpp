/*
 * The arguments of an SQL function, with errors that name them.
 */
#pragma once

#include "pg/name_list.hpp"

namespace bulk_sync::pg {

/* Reads arguments by position, from 0. All functions throw Error. */
class Arguments {
  public:
	explicit Arguments(FunctionCallInfo call) noexcept : call_(call) {}

	bool is_null(int position) const noexcept { return call_->args[position].isnull; }

	/* For arguments that must not be NULL: error 22004 names the argument. */
	Oid relation(int position, const char *name) const;
	bool boolean(int position, const char *name) const;
	const char *string(int position, const char *name) const;

	Datum value(int position, const char *name) const;

	/* nullptr for NULL. */
	const char *optional_string(int position) const;
	Datum datum(int position) const noexcept { return call_->args[position].value; }

	/* The elements of a one-dimensional text array: none NULL (22004), none twice (22023). */
	NameList names(int position, const char *name) const;

  private:
	void require(int position, const char *name) const;

	FunctionCallInfo call_;
};

} // namespace bulk_sync::pg
