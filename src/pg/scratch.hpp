/*
 * Memory for what a row or a batch needs: made once, emptied after each.
 *
 *   scratch.run([&] { diff.add(convert(slot)); });
 *
 * No destructor has to put anything back, so all of this may be used in functions that raise: after
 * an error the guards restore the current context, and the parent frees the memory.
 */
#pragma once

#include "pg/guard.hpp"

namespace bulk_sync::pg {

/* Runs the function with `context` as the current one; raises and throws what the function does. */
template <typename Function>
auto in_context(MemoryContext context, Function &&function) -> decltype(function())
{
	MemoryContext const caller = MemoryContextSwitchTo(context);
	if constexpr (std::is_void_v<decltype(function())>) {
		function();
		MemoryContextSwitchTo(caller);
	} else {
		auto const result = function();
		static_assert(std::is_trivially_destructible_v<decltype(result)>);
		MemoryContextSwitchTo(caller);
		return result;
	}
}

/* Empties a memory context, at no cost when there is nothing in it. Raises nothing: no callback of
 * ours is registered with it. */
inline void reset_used(MemoryContext context) noexcept
{
	if (!context->isReset || context->firstchild != nullptr)
		MemoryContextReset(context);
}

class Scratch {
  public:
	/* A child of the current context, which owns it. The name is kept, not copied. Throws Error. */
	explicit Scratch(const char *name)
		: context_(pg_call([&] {
			  return AllocSetContextCreateInternal(CurrentMemoryContext, name,
												   ALLOCSET_DEFAULT_SIZES);
		  }))
	{
	}

	/* Runs the function in this memory and empties it. A result must not point into it. */
	template <typename Function> auto run(Function &&function) const -> decltype(function())
	{
		if constexpr (std::is_void_v<decltype(function())>) {
			in_context(context_, function);
			reset();
		} else {
			auto const result = in_context(context_, function);
			reset();
			return result;
		}
	}

	/* Runs the function in this memory, which keeps what it leaves there until it is emptied. */
	template <typename Function> auto keep(Function &&function) const -> decltype(function())
	{
		return in_context(context_, function);
	}

	/* Empties it. Raises nothing: no callback of ours is registered with it. */
	void reset() const noexcept { MemoryContextReset(context_); }

  private:
	MemoryContext context_;
};

} // namespace bulk_sync::pg
