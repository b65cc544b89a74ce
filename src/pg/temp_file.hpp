/*
 * A temporary file of bytes, written once and then read once from the start.
 */
#pragma once

#include <cstddef>

#include "pg/guard.hpp"

extern "C" {
#include "storage/buffile.h"
}

namespace bulk_sync::pg {

/* Memory that an open temporary file takes for its buffer, in bytes. */
inline constexpr std::size_t temp_file_buffer_bytes = BLCKSZ;

/*
 * Made at the first write, in the temporary tablespaces, in the memory context that was current
 * when the object was made, owned by the current resource owner. All functions raise: 53400 beyond
 * temp_file_limit, 53100 on a full disk.
 */
class TempFile {
  public:
	PG_RAISES void write(const void *bytes, std::size_t length);
	PG_RAISES void rewind();
	/* False at the end of the file; raises when it ends within the piece. */
	PG_RAISES bool read(void *bytes, std::size_t length);
	/* Raises at the end of the file too. */
	PG_RAISES void read_exactly(void *bytes, std::size_t length);
	PG_RAISES void close();

	bool exists() const noexcept { return file_ != nullptr; }

  private:
	MemoryContext context_ = CurrentMemoryContext;
	BufFile *file_ = nullptr;
};

} // namespace bulk_sync::pg
