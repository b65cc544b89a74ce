#include "pg/parallel_safety.hpp"

#include "pg/compat_query.hpp"
#include "pg/type_parts.hpp"

extern "C" {
#include "catalog/pg_proc.h"
#include "nodes/execnodes.h"
#include "utils/typcache.h"
}

namespace bulk_sync::pg {

namespace {

/* Domains whose CHECKs have been looked at, or are: a CHECK may name its own domain. */
struct Search {
	List *domains = NIL;
};

bool reads_unsafely(Oid type, Search &search);
bool writes_unsafely(Oid type);

/* No type of the server's own has an unsafe function. */
bool is_built_in(Oid type)
{
	return type < FirstUnpinnedObjectId;
}

PG_RAISES bool is_unsafe(Oid function)
{
	return OidIsValid(function) && func_parallel(function) == PROPARALLEL_UNSAFE;
}

PG_RAISES bool is_unsafe_function(Oid function, void *)
{
	return is_unsafe(function);
}

PG_RAISES TypeCacheEntry *range_of(Oid type)
{
	return get_typtype(type) == TYPTYPE_RANGE ? lookup_type_cache(type, TYPECACHE_RANGE_INFO)
											  : nullptr;
}

/* Whatever makes a range compares its bounds, and gives it its canonical form. */
PG_RAISES bool makes_range_unsafely(Oid type)
{
	TypeCacheEntry *const range = range_of(type);
	return range != nullptr && (is_unsafe(range->rng_cmp_proc_finfo.fn_oid) ||
								is_unsafe(range->rng_canonical_finfo.fn_oid));
}

/* Functions that make containers of their argument's parts, such as casts from a range to a
 * multirange. */
PG_RAISES bool makes_ranges_unsafely(Oid type)
{
	if (is_built_in(type))
		return false;
	for (const TypePart &part : parts_of_type(type, InvalidOid))
		if (makes_range_unsafely(part.type))
			return true;
	return false;
}

bool checks_unsafely(Oid domain, Search &search);

PG_RAISES bool visit_unsafe(Node *node, void *argument)
{
	if (node == nullptr)
		return false;
	auto &search = *static_cast<Search *>(argument);
	if (IsA(node, CoerceToDomain) &&
		checks_unsafely(reinterpret_cast<CoerceToDomain *>(node)->resulttype, search))
		return true;
	if (IsA(node, CoerceViaIO)) {
		auto *const cast = reinterpret_cast<CoerceViaIO *>(node);
		if (reads_unsafely(cast->resulttype, search) ||
			writes_unsafely(exprType(reinterpret_cast<Node *>(cast->arg))))
			return true;
	}
	if (IsA(node, FuncExpr) &&
		makes_ranges_unsafely(reinterpret_cast<FuncExpr *>(node)->funcresulttype))
		return true;
	return check_functions_in_node(node, is_unsafe_function, argument) ||
		   compat::walk_expression(node, visit_unsafe, argument);
}

/* The CHECKs of a domain and of those that it is over. */
PG_RAISES bool checks_unsafely(Oid domain, Search &search)
{
	if (list_member_oid(search.domains, domain))
		return false;
	search.domains = lappend_oid(search.domains, domain);
	auto *const checks = static_cast<DomainConstraintRef *>(palloc0(sizeof(DomainConstraintRef)));
	InitDomainConstraintRef(domain, checks, CurrentMemoryContext, false);
	for (int i = 0; i < list_length(checks->constraints); i++) {
		auto *const check = list_nth_node(DomainConstraintState, checks->constraints, i);
		if (visit_unsafe(reinterpret_cast<Node *>(check->check_expr), &search))
			return true;
	}
	return false;
}

PG_RAISES bool reads_unsafely(Oid type, Search &search)
{
	if (is_built_in(type))
		return false;
	for (const TypePart &part : parts_of_type(type, InvalidOid)) {
		Oid input;
		Oid parameter;
		getTypeInputInfo(part.type, &input, &parameter);
		if (is_unsafe(input) || makes_range_unsafely(part.type) ||
			(get_typtype(part.type) == TYPTYPE_DOMAIN && checks_unsafely(part.type, search)))
			return true;
	}
	return false;
}

PG_RAISES bool writes_unsafely(Oid type)
{
	if (is_built_in(type))
		return false;
	for (const TypePart &part : parts_of_type(type, InvalidOid)) {
		Oid output;
		bool is_varlena;
		getTypeOutputInfo(part.type, &output, &is_varlena);
		if (is_unsafe(output))
			return true;
	}
	return false;
}

PG_RAISES bool compares_unsafely(Oid type)
{
	TypeCacheEntry *const cache = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_HASH_PROC |
															  TYPECACHE_HASH_EXTENDED_PROC);
	TypeCacheEntry *const range = range_of(type);
	return (OidIsValid(cache->eq_opr) && is_unsafe(get_opcode(cache->eq_opr))) ||
		   is_unsafe(cache->hash_proc) || is_unsafe(cache->hash_extended_proc) ||
		   (range != nullptr && is_unsafe(range->rng_cmp_proc_finfo.fn_oid));
}

} // namespace

bool may_read_in_parallel(Oid type)
{
	Search search;
	return !reads_unsafely(type, search);
}

bool may_write_in_parallel(Oid type)
{
	return !writes_unsafely(type);
}

bool may_compare_in_parallel(Oid type)
{
	if (is_built_in(type))
		return true;
	for (const TypePart &part : parts_of_type(type, InvalidOid))
		if (compares_unsafely(part.type))
			return false;
	return true;
}

bool may_evaluate_in_parallel(Node *expression)
{
	Search search;
	return !visit_unsafe(expression, &search);
}

} // namespace bulk_sync::pg
