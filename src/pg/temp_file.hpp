/*
 * A temporary file of bytes, written once and then read from the start, in large pieces: at a
 * page a call, as BufFile does it, the calls cost as much as the copying.
 */
#pragma once

#include <cstddef>
#include <cstring>

#include "pg/guard.hpp"

extern "C" {
#include "storage/fd.h"
}

namespace bulk_sync::pg {

/* Bytes of a piece: what is worth a call, and what more would not gain. */
inline constexpr std::size_t smallest_piece = BLCKSZ;
inline constexpr std::size_t largest_piece = 64 * 1024;

/*
 * Made when the first piece is full, in the temporary tablespaces, with its memory in the context
 * that was current when the object was made, owned by the current resource owner. All functions
 * raise: 53400 beyond temp_file_limit, 53100 on a full disk.
 */
class TempFile {
  public:
	explicit TempFile(std::size_t piece = smallest_piece) noexcept
		: context_(CurrentMemoryContext), piece_(piece)
	{
	}

	PG_RAISES void write(const void *bytes, std::size_t length)
	{
		size_ += length;
		if (length <= end_ - used_) {
			memcpy(buffer_ + used_, bytes, length);
			used_ += length;
		} else {
			write_on(static_cast<const char *>(bytes), length);
		}
	}

	/* All has been written; frees the memory of a piece. */
	PG_RAISES void end_writing();

	/* From here on it is read, from the start, in pieces of so many bytes. */
	PG_RAISES void rewind(std::size_t piece = largest_piece);

	/* False at the end of the file; raises when it ends within the bytes. */
	PG_RAISES bool read(void *bytes, std::size_t length)
	{
		if (length > end_ - used_)
			return read_on(static_cast<char *>(bytes), length);
		memcpy(bytes, buffer_ + used_, length);
		used_ += length;
		return true;
	}
	/* Raises at the end of the file too. */
	PG_RAISES void read_exactly(void *bytes, std::size_t length);

	/* The whole file at once, after end_writing(), straight into memory for size() bytes. */
	PG_RAISES void read_all(char *memory);

	PG_RAISES void close();

	/* What has been written, in bytes. */
	std::size_t size() const noexcept { return size_; }
	bool exists() const noexcept { return size_ > 0; }

  private:
	PG_RAISES void write_on(const char *bytes, std::size_t length);
	PG_RAISES void write_out(const char *bytes, std::size_t length);
	PG_RAISES bool read_on(char *bytes, std::size_t length);
	PG_RAISES std::size_t read_in(char *bytes, std::size_t length);
	PG_RAISES void make_buffer();
	PG_RAISES void free_buffer();

	MemoryContext context_;
	std::size_t piece_;
	File file_ = -1;
	std::size_t size_ = 0;
	std::size_t offset_ = 0; /* in the file, of the next piece */
	char *buffer_ = nullptr; /* for a piece */
	std::size_t used_ = 0;	 /* of the buffer: written, or read */
	std::size_t end_ = 0;	 /* of the buffer */
	bool is_read_ = false;	 /* all has been written */
};

} // namespace bulk_sync::pg
