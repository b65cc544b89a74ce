#include "pg/memory.hpp"

#include <cstdint>

#include <sys/mman.h>

namespace bulk_sync::pg {

void advise_huge_pages(void *memory, std::size_t length) noexcept
{
#ifdef MADV_HUGEPAGE
	constexpr std::size_t huge_page = 2 * 1024 * 1024; /* bytes */
	if (length < 2 * huge_page)
		return;
	auto const begin = TYPEALIGN(huge_page, reinterpret_cast<std::uintptr_t>(memory));
	auto const end = TYPEALIGN_DOWN(huge_page, reinterpret_cast<std::uintptr_t>(memory) + length);
	madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

} // namespace bulk_sync::pg
