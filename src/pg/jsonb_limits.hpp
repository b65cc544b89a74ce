/*
 * What jsonb cannot hold of what json can.
 */
#pragma once

#include "pg/pg.hpp"

namespace bulk_sync::pg {

/*
 * Can the JSON text, which is valid, be converted to jsonb? No: with \u0000 or half of a surrogate
 * pair in it, a number beyond the range of numeric, thousands of levels, or too much for 255 MB. In
 * doubt false: with a code point in an escape that is not ASCII, when the database is not in UTF-8.
 * Raises nothing.
 */
bool fits_into_jsonb(const char *json) noexcept;

} // namespace bulk_sync::pg
