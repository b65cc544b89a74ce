/*
 * An error that has every field, and what is left of it on the other side of the wall.
 */
#pragma once

#include "unit.hpp"

namespace bulk_sync::unit {

/* Raises. */
[[noreturn]] void raise_full_error();

/* The same through some frames of C++ that have something to destroy. Throws Error. */
[[gnu::noinline]] void throw_full_error(int frames);

/* Are the fields all there? `context` is what the error context callbacks are to have said. */
void check_full_error(const pg::Error &error, const char *context);

/* Saves what a guard has to leave as it was. */
class GuardState {
  public:
	GuardState() noexcept
		: handler_(PG_exception_stack), callbacks_(error_context_stack),
		  context_(CurrentMemoryContext), alive_(Counted::alive())
	{
	}

	bool is_unchanged() const noexcept
	{
		return PG_exception_stack == handler_ && error_context_stack == callbacks_ &&
			   CurrentMemoryContext == context_ && Counted::alive() == alive_;
	}

  private:
	sigjmp_buf *handler_;
	ErrorContextCallback *callbacks_;
	MemoryContext context_;
	int alive_;
};

} // namespace bulk_sync::unit
