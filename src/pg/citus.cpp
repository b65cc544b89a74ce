#include "pg/citus.hpp"

#include "pg/compat.hpp"
#include "pg/fail.hpp"

extern "C" {
#include "access/parallel.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace_d.h"
#include "catalog/pg_proc.h"
#include "nodes/extensible.h"
#include "catalog/pg_type.h"
#include "utils/guc.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace bulk_sync::pg {

/* The one thing that its library registers under a name of its own before it does anything. Asked
 * this way, a name that is missing is no error. */
bool citus_is_loaded() noexcept
{
	return GetCustomScanMethods("Citus Adaptive", true) != nullptr;
}

bool has_citus()
{
	return citus_is_loaded() && OidIsValid(pg_call([] {
			   return get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE);
		   }));
}

/* IsCitusInternalBackend() of Citus, which a library of another extension cannot call. */
bool is_started_by_citus() noexcept
{
	constexpr const char *prefix = "citus_internal gpid=";
	return application_name != nullptr && strncmp(application_name, prefix, strlen(prefix)) == 0;
}

const char *schema_of_function(Oid function)
{
	return pg_call(
		[&] { return quote_identifier(get_namespace_name(get_func_namespace(function))); });
}

Oid relation_named(const char *name)
{
	return pg_call([&] {
		RangeVar *const range = makeRangeVarFromNameList(compat::qualified_name(name));
		return RangeVarGetRelid(range, AccessShareLock, true);
	});
}

void drop_with_extension_of(Oid function, Oid table)
{
	pg_call([&] {
		Oid const extension = getExtensionOfObject(ProcedureRelationId, function);
		if (!OidIsValid(extension))
			return;
		ObjectAddress dependent;
		ObjectAddress referenced;
		ObjectAddressSet(dependent, RelationRelationId, table);
		ObjectAddressSet(referenced, ExtensionRelationId, extension);
		recordDependencyOn(&dependent, &referenced, DEPENDENCY_AUTO_EXTENSION);
	});
}

PlaceHash PlaceHash::of(const ColumnType &type)
{
	PlaceHash hash;
	hash.collation_ = type.collation;
	hash.function_ = pg_call([&] {
		TypeCacheEntry *const cache = lookup_type_cache(type.oid, TYPECACHE_HASH_PROC_FINFO);
		auto *const function = static_cast<FmgrInfo *>(palloc(sizeof(FmgrInfo)));
		fmgr_info_cxt(cache->hash_proc_finfo.fn_oid, function, CurrentMemoryContext);
		return function;
	});
	return hash;
}

int32 PlaceHash::of_value(Datum value) const
{
	return DatumGetInt32(FunctionCall1Coll(function_, collation_, value));
}

bool is_the_same_on_all_nodes(Oid type)
{
	return type < FirstNormalObjectId && pg_call([&] {
			   HeapTuple const tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
			   if (!HeapTupleIsValid(tuple))
				   return false;
			   auto const form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
			   bool const same = OidIsValid(form->typsend) && OidIsValid(form->typreceive) &&
								 form->typtype != TYPTYPE_PSEUDO &&
								 form->typtype != TYPTYPE_COMPOSITE &&
								 (form->typcategory != TYPCATEGORY_NUMERIC ||
								  strncmp(NameStr(form->typname), "reg", strlen("reg")) != 0);
			   ReleaseSysCache(tuple);
			   return same;
		   });
}

const char *collation_name(Oid collation)
{
	return pg_call([&] { return generate_collation_name(collation); });
}

const char *transaction_time()
{
	return pg_call([] { return psprintf(INT64_FORMAT, GetCurrentTransactionStartTimestamp()); });
}

/* The server has a function for this, which it uses in workers of a parallel query, and which
 * assertions keep to those. */
void set_transaction_time(const char *time)
{
	pg_call([&] {
		TimestampTz const began = DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(time)));
		int const worker = ParallelWorkerNumber;
		ParallelWorkerNumber = 0;
		SetParallelStartTimestamps(began, GetCurrentStatementStartTimestamp());
		ParallelWorkerNumber = worker;
	});
}

LocalSettings::LocalSettings() : level_(pg_call([] { return NewGUCNestLevel(); })) {}

void LocalSettings::set(const char *name, const char *value) const
{
	pg_call([&] {
		set_config_option(name, value, superuser() ? PGC_SUSET : PGC_USERSET, PGC_S_SESSION,
						  GUC_ACTION_SAVE, true, 0, false);
	});
}

void LocalSettings::end() const
{
	pg_call([&] { AtEOXact_GUC(true, level_); });
}

const char *LocalSettings::value_of(const char *name)
{
	return pg_call([&]() -> const char * {
		const char *const value = GetConfigOption(name, true, false);
		return value == nullptr ? nullptr : pstrdup(value);
	});
}

} // namespace bulk_sync::pg
