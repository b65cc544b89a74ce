/*
 * How a staging value becomes a value of the target column: as an INSERT would do it, or, from a
 * column of text, through the input function of the target's type.
 */
#pragma once

#include "pg/type.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace bulk_sync::pg {

class Conversion {
  public:
	Conversion() = default;

	/* Finds the conversion and keeps its state in the current memory context. Throws Error; a pair
	 * of types without an assignment cast gives kind() == Kind::impossible. */
	static Conversion between(const ColumnType &source, const ColumnType &target);

	enum class Kind {
		none,		/* same type and length: the value as it is */
		input,		/* text, through the target type's input function */
		expression, /* an assignment cast with its length coercion */
		impossible,
	};
	Kind kind() const noexcept { return kind_; }

	/* Must NULLs be converted too? So it is for domains, which may forbid them. */
	bool converts_null() const noexcept { return is_domain_ && kind_ != Kind::none; }

	/* May it run while the executor is in parallel mode, as the receiver of a parallel plan's rows
	 * does, and may a message show the source value then? */
	bool is_parallel_safe() const noexcept { return parallel_safe_; }

	/* Converts one value; the result may point into `value` or lives in the current context.
	 * Raises what the conversion raises. */
	PG_RAISES Datum apply(Datum value, bool &is_null) const;

  private:
	PG_RAISES static Conversion find(const ColumnType &source, const ColumnType &target);
	PG_RAISES Datum apply_input(Datum value, bool &is_null) const;
	PG_RAISES Datum apply_expression(Datum value, bool &is_null) const;

	Kind kind_ = Kind::none;
	bool is_domain_ = false;
	bool parallel_safe_ = true;
	bool is_padded_ = false; /* from char(n), whose blanks at the end are no data */
	int32 typmod_ = -1;
	Oid input_parameter_ = InvalidOid;
	FmgrInfo *input_ = nullptr;
	ExprState *expression_ = nullptr;
	ExprContext *evaluation_ = nullptr;
};

} // namespace bulk_sync::pg
