/*
 * What all of the project sees of PostgreSQL: its basic types, error reports, memory contexts,
 * text, and what the catalogs tell of an OID. The one way in: whoever includes another of the
 * server's headers, as src/pg alone does, includes this one before it, and C++ and Boost before
 * this one.
 */
#pragma once

#include "pg/raises.hpp"

/* A server without translations makes gettext and its like macros in c.h, which breaks the header
 * that declares them, when a C++ header brings it in later. */
#if __has_include(<libintl.h>)
#include <libintl.h>
#endif

extern "C" {
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class_d.h"
#include "catalog/pg_type_d.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lockdefs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapshot.h"
#include "utils/varlena.h"
}

/* port.h turns the printf family into macros, which breaks C++ headers that are included later. */
#undef snprintf
#undef vsnprintf
#undef sprintf
#undef vsprintf
#undef printf
#undef fprintf
#undef vprintf
#undef vfprintf
#undef strerror
#undef strerror_r
