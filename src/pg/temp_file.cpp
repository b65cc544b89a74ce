#include "pg/temp_file.hpp"

#include <algorithm>

extern "C" {
#include "commands/tablespace.h"
#include "executor/instrument.h"
#include "utils/wait_event.h"
}

namespace bulk_sync::pg {

namespace {

[[noreturn]] PG_RAISES void refuse_short_read(std::size_t got, std::size_t length)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("could not read from bulk_sync temporary file: read only %zu of %zu bytes", got,
					length)));
	pg_unreachable();
}

/* As BufFile counts, in pages. */
int64 pages_of(std::size_t bytes)
{
	return static_cast<int64>((bytes + BLCKSZ - 1) / BLCKSZ);
}

} // namespace

void TempFile::make_buffer()
{
	if (buffer_ == nullptr)
		buffer_ = static_cast<char *>(MemoryContextAlloc(context_, piece_));
}

void TempFile::free_buffer()
{
	if (buffer_ != nullptr)
		pfree(buffer_);
	buffer_ = nullptr;
	used_ = 0;
	end_ = 0;
}

/* ---- writing ---- */

void TempFile::write_on(const char *bytes, std::size_t length)
{
	make_buffer();
	end_ = piece_;
	while (length > 0) {
		std::size_t const part = std::min(length, end_ - used_);
		memcpy(buffer_ + used_, bytes, part);
		used_ += part;
		bytes += part;
		length -= part;
		if (used_ < end_)
			continue;
		write_out(buffer_, used_);
		used_ = 0;
	}
}

void TempFile::write_out(const char *bytes, std::size_t length)
{
	if (file_ < 0) {
		PrepareTempTablespaces();
		file_ = OpenTemporaryFile(false);
	}
	pgBufferUsage.temp_blks_written += pages_of(length);
	while (length > 0) {
		auto const written = FileWrite(file_, const_cast<char *>(bytes), static_cast<int>(length),
									   static_cast<off_t>(offset_), WAIT_EVENT_BUFFILE_WRITE);
		if (written <= 0)
			ereport(ERROR, (errcode_for_file_access(),
							errmsg("could not write to file \"%s\": %m", FilePathName(file_))));
		offset_ += written;
		bytes += written;
		length -= written;
	}
}

void TempFile::end_writing()
{
	if (used_ > 0)
		write_out(buffer_, used_);
	free_buffer();
}

/* ---- reading ---- */

void TempFile::rewind(std::size_t piece)
{
	if (!is_read_)
		end_writing();
	is_read_ = true;
	free_buffer();
	piece_ = piece;
	offset_ = 0;
}

/* Up to so many bytes of the file, fewer at its end. */
std::size_t TempFile::read_in(char *bytes, std::size_t length)
{
	std::size_t got = 0;
	length = std::min(length, size_ - offset_);
	while (got < length) {
		auto const count = FileRead(file_, bytes + got,
									static_cast<int>(std::min(length - got, std::size_t{1} << 30)),
									static_cast<off_t>(offset_), WAIT_EVENT_BUFFILE_READ);
		if (count < 0)
			ereport(ERROR, (errcode_for_file_access(),
							errmsg("could not read file \"%s\": %m", FilePathName(file_))));
		if (count == 0)
			refuse_short_read(got, length);
		got += count;
		offset_ += count;
	}
	pgBufferUsage.temp_blks_read += pages_of(got);
	return got;
}

bool TempFile::read_on(char *bytes, std::size_t length)
{
	std::size_t got = end_ - used_;
	if (got + size_ - offset_ < length) {
		if (got + size_ - offset_ > 0)
			refuse_short_read(got + size_ - offset_, length);
		return false;
	}
	if (got > 0)
		memcpy(bytes, buffer_ + used_, got);
	while (got < length) {
		/* What is longer than a piece need not go through the buffer. */
		if (length - got >= piece_) {
			got += read_in(bytes + got, length - got);
			used_ = end_ = 0;
			continue;
		}
		make_buffer();
		end_ = read_in(buffer_, piece_);
		used_ = std::min(end_, length - got);
		memcpy(bytes + got, buffer_, used_);
		got += used_;
	}
	return true;
}

void TempFile::read_exactly(void *bytes, std::size_t length)
{
	if (!read(bytes, length))
		refuse_short_read(0, length);
}

void TempFile::read_all(char *memory)
{
	rewind();
	read_in(memory, size_);
}

void TempFile::close()
{
	free_buffer();
	if (file_ >= 0)
		FileClose(file_);
	file_ = -1;
	size_ = 0;
	offset_ = 0;
	is_read_ = false;
}

} // namespace bulk_sync::pg
