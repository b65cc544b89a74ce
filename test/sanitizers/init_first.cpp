/*
 * Makes AddressSanitizer start before anything else does; to be preloaded behind its library, and
 * linked with -z initfirst.
 *
 * By itself it starts with the first call of malloc, which may come from bindtextdomain in the
 * constructor of a library that the server is linked with (libgpg-error is one). The lock held
 * there is wanted by dlerror, which the sanitizer calls as it starts; it is left broken, and the
 * server waits for ever in its own call of bindtextdomain.
 */
#include <cstdlib>

namespace {

void *volatile piece;

__attribute__((constructor)) void start()
{
	piece = std::malloc(1);
	std::free(piece);
}

} // namespace
