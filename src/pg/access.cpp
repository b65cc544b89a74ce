#include "pg/access.hpp"

namespace bulk_sync::pg {

namespace {

void require_relation(Oid relation)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", relation)));
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

} // namespace bulk_sync::pg
