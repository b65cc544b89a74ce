#include "pg/guard.hpp"

#include <cstring>

namespace bulk_sync::pg {

void throw_raised_error()
{
	ErrorState const outer;
	sigjmp_buf handler;

	/* Copying needs memory and can fail in its turn, perhaps for the very reason of the first
	 * error; that must not jump past the C++ frames above. */
	if (sigsetjmp(handler, 0) == 0) {
		PG_exception_stack = &handler;
		error_context_stack = nullptr;
		ErrorData *const data = CopyErrorData();
		FlushErrorState();
		outer.restore();
		throw Error(data);
	}
	outer.restore();
	FlushErrorState();
	throw std::bad_alloc();
}

void catch_current(Caught &caught) noexcept
{
	try {
		throw;
	} catch (const Error &error) {
		caught.error = error.data();
	} catch (const std::bad_alloc &) {
		caught.out_of_memory = true;
	} catch (const std::exception &error) {
		strlcpy(caught.what, error.what(), sizeof(caught.what));
	} catch (...) {
		strlcpy(caught.what, "unknown C++ exception", sizeof(caught.what));
	}
}

void raise_caught(const Caught &caught)
{
	if (caught.error != nullptr)
		ReThrowError(caught.error);
	if (caught.out_of_memory)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
						errdetail("Failed while working on bulk_sync.")));
	ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
					errmsg("unexpected exception in bulk_sync: %s", caught.what)));
}

} // namespace bulk_sync::pg
