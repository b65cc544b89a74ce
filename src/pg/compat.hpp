/*
 * The one place for differences between the versions of PostgreSQL is this file with its two
 * siblings: compat_query.hpp has what concerns queries and plans, compat_table.hpp tables and their
 * rows, and this one the rest. The newest version comes first in each item.
 */
#pragma once

#include "pg/guard.hpp"

extern "C" {
#include "catalog/pg_namespace_d.h"
#include "parser/parse_type.h"
#include "storage/buffile.h"
#include "utils/acl.h"
#include "utils/regproc.h"
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#include "storage/procnumber.h"
#else
#include "storage/backendid.h"
#endif
}

#if PG_VERSION_NUM < 150000
#error "bulk_sync needs PostgreSQL 15 or newer"
#endif

namespace bulk_sync::pg::compat {

/* Before 17, hashbpcharextended() hashes the blanks at the end under a nondeterministic collation,
 * though bpchareq() ignores them, as hashbpchar() does. Seen on 15; 16 was not tried. */
inline constexpr bool bpchar_hash_sees_padding = PG_VERSION_NUM < 170000;

/* Has the user USAGE on the schema? 16 asks so of all kinds of objects (c727f511bd7). */
PG_RAISES inline bool may_use_schema(Oid schema, Oid user)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, user, ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, user, ACL_USAGE) == ACLCHECK_OK;
#endif
}

/* A type by its name. 16 takes a place for soft errors (858e776c84f). */
PG_RAISES inline void parse_type(const char *name, Oid *type, int32 *typmod)
{
#if PG_VERSION_NUM >= 160000
	parseTypeString(name, type, typmod, nullptr);
#else
	parseTypeString(name, type, typmod, false);
#endif
}

/* A name with dots and quotes, as a list. 16 takes a place for soft errors (858e776c84f). */
PG_RAISES inline List *qualified_name(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return stringToQualifiedNameList(name, nullptr);
#else
	return stringToQualifiedNameList(name);
#endif
}

/* 16 takes const, reads exactly, and reports what is missing itself (20428d344a2). */
PG_RAISES inline void write_file(BufFile *file, const void *bytes, std::size_t length)
{
#if PG_VERSION_NUM >= 160000
	BufFileWrite(file, bytes, length);
#else
	BufFileWrite(file, const_cast<void *>(bytes), length);
#endif
}

PG_RAISES inline std::size_t read_file(BufFile *file, void *bytes, std::size_t length)
{
#if PG_VERSION_NUM >= 160000
	return BufFileReadMaybeEOF(file, bytes, length, true);
#else
	return BufFileRead(file, bytes, length);
#endif
}

/* A number below backend_slots() for this backend, or -1. 17 renamed it and counts from 0. */
inline int my_backend_slot()
{
#if PG_VERSION_NUM >= 170000
	return MyProcNumber;
#else
	return MyBackendId - 1;
#endif
}

/* One more than the largest my_backend_slot(). */
inline int backend_slots()
{
	return MaxBackends;
}

#if PG_VERSION_NUM >= 170000
/* Shared memory by name, made by whoever comes first; since 17. 19 hands an argument on. */
inline void *named_memory(const char *name, std::size_t size, void (*init)(void *))
{
	bool found;
#if PG_VERSION_NUM >= 190000
	return GetNamedDSMSegment(
		name, size,
		[](void *memory, void *function) { reinterpret_cast<void (*)(void *)>(function)(memory); },
		&found, reinterpret_cast<void *>(init));
#else
	return GetNamedDSMSegment(name, size, init, &found);
#endif
}
#endif

} // namespace bulk_sync::pg::compat
