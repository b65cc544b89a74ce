/*
 * Values of variable length that are compressed or stored out of line, compared without being put
 * together: the same stored bytes are the same value, so that equal ones need not be decompressed,
 * and of values out of line the chunks are compared where they lie.
 */
#pragma once

#include "pg/pg.hpp"

namespace bulk_sync::pg {

/* Are two varlenas, in whatever form, the same bytes once they are put together? As
 * datum_image_eq(). Raises. */
PG_RAISES bool same_varlena(Datum left, Datum right);

} // namespace bulk_sync::pg
