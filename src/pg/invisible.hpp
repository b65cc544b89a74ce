/*
 * Characters in names that cannot be seen, such as the byte-order mark at the start of a file.
 */
#pragma once

namespace bulk_sync::pg {

/*
 * Which there are in the name and where, for a message: "the invisible character U+FEFF at its
 * start". Blanks count at either end alone. nullptr when there are none. In an encoding other than
 * UTF-8, or text that is none in a database without an encoding, only control characters and blanks
 * of ASCII are known. In the current memory context. Throws Error.
 */
const char *describe_invisible(const char *name);

/* Would the two names look the same? Throws Error. */
bool look_the_same(const char *left, const char *right);

} // namespace bulk_sync::pg
