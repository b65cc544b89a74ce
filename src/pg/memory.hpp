/*
 * Memory: one allocator for C++ containers, on PostgreSQL's memory contexts.
 */
#pragma once

#include <cstddef>
#include <new>

#include <boost/container/string.hpp>
#include <boost/container/vector.hpp>

#include "pg/guard.hpp"

namespace bulk_sync::pg {

/*
 * An allocator on a memory context, the current one unless told otherwise. Throws std::bad_alloc,
 * never raises. Single pieces are not given back, as in an arena: the context frees all of it, in
 * whatever order containers and contexts end, also when an error skips a destructor.
 */
template <typename T> class Allocator {
	static_assert(alignof(T) <= MAXIMUM_ALIGNOF);

  public:
	using value_type = T;
	/* Containers take their memory along when they move. */
	using propagate_on_container_move_assignment = std::true_type;
	using propagate_on_container_swap = std::true_type;

	Allocator() noexcept : context_(CurrentMemoryContext) {}
	explicit Allocator(MemoryContext context) noexcept : context_(context) {}
	template <typename U>
	Allocator(const Allocator<U> &other) noexcept : context_(other.context()) // NOLINT
	{
	}

	/* The server raises upon sizes that are too large for it; those are sorted out before. */
	PG_NEVER_RAISES T *allocate(std::size_t count)
	{
		if (count > MaxAllocHugeSize / sizeof(T))
			throw std::bad_alloc();
		void *memory = MemoryContextAllocExtended(context_, count * sizeof(T),
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
		if (memory == nullptr)
			throw std::bad_alloc();
		return static_cast<T *>(memory);
	}

	void deallocate(T *, std::size_t) noexcept {}

	MemoryContext context() const noexcept { return context_; }

	template <typename U> bool operator==(const Allocator<U> &other) const noexcept
	{
		return context_ == other.context();
	}

  private:
	MemoryContext context_;
};

template <typename T> using Vector = boost::container::vector<T, Allocator<T>>;
using String = boost::container::basic_string<char, std::char_traits<char>, Allocator<char>>;

/* Of nearly every machine; they begin at multiples of it. */
inline constexpr std::size_t huge_page = std::size_t{2} * 1024 * 1024; /* bytes */

/*
 * A large piece of memory that begins with a huge page, so that a system which gives huge pages by
 * itself can do so. They are not asked for (MADV_HUGEPAGE): where free memory is mostly cache of
 * files, the system would move pages about until there are some, which takes longer than they save.
 * Smaller pieces are allocated as others are. It is freed with the context alone. Raises.
 */
PG_RAISES char *allocate_aligned(MemoryContext context, std::size_t length);

/*
 * Has the system bring pages in that are going to be written, many at a time: a fault for each
 * costs half as much again. Worth it for some tens of kB or more. Best effort; never raises.
 */
void populate(void *memory, std::size_t length) noexcept;

/*
 * A memory context that is current while the object lives. It is declared before whatever has its
 * memory from it: destructors of containers look at their elements, so on success the context is
 * deleted at the end of the scope, when all of them have ended. On failure the abort of the
 * transaction deletes it with its parent: a destructor must not call PostgreSQL while unwinding.
 */
class WorkContext {
  public:
	/* A child of the current context. Throws Error. */
	explicit WorkContext(const char *name)
		: outer_(CurrentMemoryContext), context_(pg_call([&] {
			  return AllocSetContextCreateInternal(CurrentMemoryContext, name,
												   ALLOCSET_DEFAULT_SIZES);
		  }))
	{
		MemoryContextSwitchTo(context_);
	}
	WorkContext(const WorkContext &) = delete;
	WorkContext &operator=(const WorkContext &) = delete;
	~WorkContext()
	{
		MemoryContextSwitchTo(outer_);
		if (finished_)
			MemoryContextDelete(context_); /* raises nothing: no callback of ours does */
	}

	MemoryContext get() const noexcept { return context_; }

	/* Success: nothing throws from here to the end of the scope. */
	void finish() noexcept
	{
		MemoryContextSwitchTo(outer_);
		finished_ = true;
	}

  private:
	MemoryContext outer_;
	MemoryContext context_;
	bool finished_ = false;
};

} // namespace bulk_sync::pg
