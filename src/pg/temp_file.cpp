#include "pg/temp_file.hpp"

#include "pg/compat.hpp"
#include "pg/fail.hpp"
#include "pg/scratch.hpp"

namespace bulk_sync::pg {

namespace {

[[noreturn]] PG_RAISES void refuse_short_read(std::size_t got, std::size_t length)
{
	raise({.sqlstate = ERRCODE_DATA_CORRUPTED,
		   .message =
			   psprintf("could not read from bulk_sync temporary file: read only %zu of %zu bytes",
						got, length)});
}

} // namespace

void TempFile::write(const void *bytes, std::size_t length)
{
	if (file_ == nullptr)
		file_ = in_context(context_, [] { return BufFileCreateTemp(false); });
	compat::write_file(file_, bytes, length);
}

void TempFile::rewind()
{
	if (file_ != nullptr && BufFileSeek(file_, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(), errmsg("could not rewind bulk_sync temporary file")));
}

bool TempFile::read(void *bytes, std::size_t length)
{
	if (file_ == nullptr)
		return false;
	std::size_t const got = compat::read_file(file_, bytes, length);
	if (got != 0 && got != length)
		refuse_short_read(got, length);
	return got == length;
}

void TempFile::read_exactly(void *bytes, std::size_t length)
{
	if (!read(bytes, length))
		refuse_short_read(0, length);
}

void TempFile::close()
{
	if (file_ != nullptr)
		BufFileClose(file_);
	file_ = nullptr;
}

} // namespace bulk_sync::pg
