/*
 * Lines that an error gets from the frames it comes through (CONTEXT).
 *
 *   pg::with_error_context([&] { errcontext("column \"%s\"", name); },
 *                          [&] { value = convert(value); });
 */
#pragma once

#include <type_traits>

#include "pg/guard.hpp"

namespace bulk_sync::pg {

/*
 * Runs the function; raises and throws what it does. When an error or a notice is made meanwhile,
 * the server calls `describe` to add to it, in ErrorContext; it may raise, and must not throw. No
 * destructor has to put the callbacks back, so this may be used in functions that raise: after an
 * error the guards restore them.
 */
template <typename Describe, typename Function>
auto with_error_context(Describe &&describe, Function &&function) -> decltype(function())
{
	using Description = std::remove_reference_t<Describe>;
	ErrorContextCallback frame;
	frame.previous = error_context_stack;
	frame.callback = [](void *description) { (*static_cast<Description *>(description))(); };
	frame.arg = const_cast<void *>(static_cast<const void *>(&describe));
	error_context_stack = &frame;
	if constexpr (std::is_void_v<decltype(function())>) {
		function();
		error_context_stack = frame.previous;
	} else {
		auto const result = function();
		static_assert(std::is_trivially_destructible_v<decltype(result)>);
		error_context_stack = frame.previous;
		return result;
	}
}

} // namespace bulk_sync::pg
