/*
 * What may be done with values while the executor has workers running.
 *
 * Rows are received in the leader, so that functions which are PARALLEL RESTRICTED may be called
 * for them. One that is PARALLEL UNSAFE may not: it might start a subtransaction, which fails then.
 * The functions of a type call those of the types in it, and the input function of a domain its
 * CHECKs, which the marks of the outer function say nothing about.
 */
#pragma once

#include "pg/pg.hpp"

namespace bulk_sync::pg {

/* May text be read as a value of the type: input functions, CHECKs of domains, and what puts the
 * bounds of ranges in order? Raises. */
PG_RAISES bool may_read_in_parallel(Oid type);

/* May values of the type be written as text? Raises. */
PG_RAISES bool may_write_in_parallel(Oid type);

/* May values of the type be hashed, and compared by its default equality? Raises. */
PG_RAISES bool may_compare_in_parallel(Oid type);

/* May a planned expression be evaluated? Raises. */
PG_RAISES bool may_evaluate_in_parallel(Node *expression);

} // namespace bulk_sync::pg
