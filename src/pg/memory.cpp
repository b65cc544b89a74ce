#include "pg/memory.hpp"

#include <cstdint>

#include <sys/mman.h>

namespace bulk_sync::pg {

char *allocate_aligned(MemoryContext context, std::size_t length)
{
	if (length < 2 * huge_page)
		return static_cast<char *>(MemoryContextAllocHuge(context, length));
	auto *const memory = static_cast<char *>(MemoryContextAllocHuge(context, length + huge_page));
	return reinterpret_cast<char *>(TYPEALIGN(huge_page, reinterpret_cast<std::uintptr_t>(memory)));
}

/* Linux before 5.14 refuses, and the pages come one by one. */
void populate(void *memory, std::size_t length) noexcept
{
#ifdef MADV_POPULATE_WRITE
	constexpr std::size_t page = 4096; /* bytes; where pages are larger, a refusal does no harm */
	auto const begin = TYPEALIGN_DOWN(page, reinterpret_cast<std::uintptr_t>(memory));
	auto const end = TYPEALIGN(page, reinterpret_cast<std::uintptr_t>(memory) + length);
	madvise(reinterpret_cast<void *>(begin), end - begin, MADV_POPULATE_WRITE);
#endif
}

} // namespace bulk_sync::pg
