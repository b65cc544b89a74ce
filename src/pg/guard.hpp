/*
 * The two doors between PostgreSQL's errors (longjmp) and C++ exceptions.
 *
 *   pg_call(f)   C++ calls PostgreSQL: a PostgreSQL error becomes an exception.
 *   pg_entry(f)  PostgreSQL calls C++: an exception becomes a PostgreSQL error.
 *
 * A longjmp skips destructors, and an exception must not cross PostgreSQL's frames. So inside f of
 * pg_call, and in everything that it calls, only trivially destructible locals may be alive where
 * PostgreSQL can raise. Functions documented as "raises" do so by longjmp, are called from there,
 * and say so to the machine with PG_RAISES; functions documented as "throws" have a guard of their
 * own. test/raising holds the code to it: whatever calls the server is inside of a pg_call or
 * declared PG_RAISES, and nothing of that kind has a destructor to skip.
 */
#pragma once

#include <exception>
#include <new>
#include <type_traits>

#include "pg/pg.hpp"

namespace bulk_sync::pg {

/* A PostgreSQL error under way as a C++ exception; the data lives in the memory context that was
 * current when the guard was entered, so it holds as long as that context does. */
class Error {
  public:
	explicit Error(ErrorData *data) noexcept : data_(data) {}

	ErrorData *data() const noexcept { return data_; }
	int sqlstate() const noexcept { return data_->sqlerrcode; }

  private:
	ErrorData *data_;
};

/* What PostgreSQL's error handling has to find as it was. */
class ErrorState {
  public:
	ErrorState() noexcept
		: handler_(PG_exception_stack), callbacks_(error_context_stack),
		  context_(CurrentMemoryContext)
	{
	}
	void restore_handlers() const noexcept
	{
		PG_exception_stack = handler_;
		error_context_stack = callbacks_;
	}
	void restore() const noexcept
	{
		restore_handlers();
		MemoryContextSwitchTo(context_);
	}

  private:
	sigjmp_buf *handler_;
	ErrorContextCallback *callbacks_;
	MemoryContext context_;
};

/* Throws the error that PostgreSQL has just raised, after copying it into the current memory
 * context: Error, or std::bad_alloc when there is no memory for the copy. */
[[noreturn]] PG_NEVER_RAISES void throw_raised_error();

/* What an entry point caught, in a form that survives the longjmp which raises it. */
struct Caught {
	ErrorData *error = nullptr;
	bool out_of_memory = false;
	char what[256]; /* set when it is neither; not cleared: that would cost more than a row */
};

void catch_current(Caught &caught) noexcept;
[[noreturn]] PG_RAISES void raise_caught(const Caught &caught);

/*
 * Calls f, which may raise PostgreSQL errors; throws Error instead. C++ exceptions of f pass. The
 * result must be trivially destructible, as must every local of f. The signal mask is not saved:
 * errors are never raised from signal handlers, and saving it costs a system call.
 */
template <typename Function>
PG_NEVER_RAISES auto pg_call(Function &&function) -> decltype(function())
{
	using Result = decltype(function());
	ErrorState const outer;
	sigjmp_buf handler;

	if (sigsetjmp(handler, 0) == 0) {
		PG_exception_stack = &handler;
		try {
			if constexpr (std::is_void_v<Result>) {
				function();
				outer.restore_handlers();
				return;
			} else {
				static_assert(std::is_trivially_destructible_v<Result>);
				Result result = function();
				outer.restore_handlers();
				return result;
			}
		} catch (...) {
			outer.restore();
			throw;
		}
	}
	outer.restore();
	throw_raised_error();
}

/*
 * Runs the body of a function that PostgreSQL calls. What the body throws is raised as a
 * PostgreSQL error after the handlers are left: Error with all its fields, std::bad_alloc as
 * 53200, any other exception as an internal error. So it raises.
 */
template <typename Body> auto pg_entry(Body &&body) -> decltype(body())
{
	Caught caught;
	ErrorState const outer;

	try {
		return body();
	} catch (...) {
		outer.restore_handlers();
		catch_current(caught);
	}
	raise_caught(caught);
}

} // namespace bulk_sync::pg
