#include "pg/access.hpp"

#include "pg/compat.hpp"
#include "pg/fail.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace_d.h"
#include "commands/defrem.h"
#include "utils/acl.h"
#include "utils/rls.h"
#include "utils/syscache.h"
}

namespace bulk_sync::pg {

namespace {

PG_RAISES void require_relation(Oid relation)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)))
		raise({.sqlstate = ERRCODE_UNDEFINED_TABLE,
			   .message = psprintf("relation with OID %u does not exist", relation)});
}

/* The names in one row of a catalog that TimescaleDB keeps of its own. */
PG_RAISES bool names_table(HeapTuple tuple, ::Relation catalog, const char *schema,
						   const char *name)
{
	Oid const oid = RelationGetRelid(catalog);
	bool no_schema;
	bool no_name;
	Datum const found_schema =
		heap_getattr(tuple, get_attnum(oid, "schema_name"), RelationGetDescr(catalog), &no_schema);
	Datum const found_name =
		heap_getattr(tuple, get_attnum(oid, "table_name"), RelationGetDescr(catalog), &no_name);
	return !no_schema && !no_name && strcmp(NameStr(*DatumGetName(found_schema)), schema) == 0 &&
		   strcmp(NameStr(*DatumGetName(found_name)), name) == 0;
}

PG_RAISES bool is_listed(Oid catalog, const char *schema, const char *name)
{
	::Relation const relation = table_open(catalog, AccessShareLock);
	SysScanDesc const scan = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
	bool found = false;
	HeapTuple tuple;
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = names_table(tuple, relation, schema, name);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

} // namespace

bool may_on_relation(Oid relation, AclMode right)
{
	return pg_call([&] {
		require_relation(relation);
		return pg_class_aclcheck(relation, GetUserId(), right) == ACLCHECK_OK;
	});
}

bool may_on_some_column(Oid relation, AclMode right)
{
	return pg_call([&] {
		require_relation(relation);
		return pg_attribute_aclcheck_all(relation, GetUserId(), right, ACLMASK_ANY) == ACLCHECK_OK;
	});
}

bool may_on_column(Oid relation, AttrNumber column, AclMode right)
{
	return pg_call(
		[&] { return pg_attribute_aclcheck(relation, column, GetUserId(), right) == ACLCHECK_OK; });
}

void require_schema(Oid relation)
{
	pg_call([&] {
		Oid const schema = get_rel_namespace(relation);
		if (OidIsValid(schema) && !isAnyTempNamespace(schema) &&
			!compat::may_use_schema(schema, GetUserId()))
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA, get_namespace_name(schema));
	});
}

void refuse_access(Oid relation)
{
	pg_call([&] {
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relation)),
					   get_rel_name(relation));
	});
	pg_unreachable();
}

bool row_security_applies(Oid relation)
{
	return pg_call([&] { return check_enable_rls(relation, InvalidOid, false) == RLS_ENABLED; });
}

bool is_system_relation(const Relation &relation)
{
	return pg_call([&] {
		Oid const schema = RelationGetNamespace(relation.get());
		return IsSystemRelation(relation.get()) ||
			   schema == get_namespace_oid("information_schema", true);
	});
}

char relation_kind(Oid relation)
{
	return pg_call([&] { return get_rel_relkind(relation); });
}

const char *other_access_method(Oid relation)
{
	return pg_call([&]() -> const char * {
		HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
		if (!HeapTupleIsValid(tuple))
			return nullptr;
		auto const form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
		bool const is_other =
			RELKIND_HAS_TABLE_AM(form->relkind) && form->relam != HEAP_TABLE_AM_OID;
		const char *const name = is_other ? get_am_name(form->relam) : nullptr;
		ReleaseSysCache(tuple);
		return name;
	});
}

bool is_of_hypertable(const Relation &table)
{
	Oid const schema = pg_call([] { return get_namespace_oid("_timescaledb_catalog", true); });
	if (!OidIsValid(schema))
		return false;
	if (!table.ancestors().empty())
		return true;
	return pg_call([&] {
		Oid const catalog = get_relname_relid("hypertable", schema);
		return OidIsValid(catalog) &&
			   is_listed(catalog, get_namespace_name(RelationGetNamespace(table.get())),
						 table.name());
	});
}

} // namespace bulk_sync::pg
