#include "pg/collision.hpp"

#include <algorithm>

#include "pg/compat_table.hpp"
#include "pg/index_key.hpp"

extern "C" {
#include "access/subtrans.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "storage/bufmgr.h"
#include "storage/smgr.h"
}

namespace bulk_sync::pg {

namespace {

/* A row of ours that may be the one that was refused. */
struct Refused {
	IndexKey *key;
	ItemPointerData tid;
	bool met; /* a row of another transaction has the same key */
};

/* Rows of others are compared with each of ours where the error does not tell the key: up to this
 * many, so that an error does not take longer than the call. */
constexpr int most_unnamed = 1000;

/* A search in one table. Everything raises. */
struct Search {
	const char *detail; /* of the error, when it tells the key */
	::Relation table;
	::Relation index;
	IndexKeyReader keys;
	Snapshot snapshot;
	TransactionId writer;
	List *refused = NIL; /* Refused * */
	bool too_many = false;
	bool any_unreadable = false; /* a row of ours that may be the refused one */
};

PG_RAISES HeapTupleHeader header_of(TupleTableSlot *slot)
{
	return ExecFetchSlotHeapTuple(slot, false, nullptr)->t_data;
}

/* Written by the attempt, and not once more. What its rollback leaves of a row can be read. */
PG_RAISES bool is_own(const Search &search, TupleTableSlot *slot)
{
	HeapTupleHeader const header = header_of(slot);
	return HeapTupleHeaderGetXmin(header) == search.writer &&
		   (HeapTupleHeaderGetRawXmax(header) != search.writer ||
			HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask));
}

/* Written in a subtransaction of the attempt, as those of plpgsql's EXCEPTION are. Whether that was
 * rolled back before the attempt was, nothing tells any more. */
PG_RAISES bool is_of_subtransaction(const Search &search, TupleTableSlot *slot)
{
	TransactionId xid = HeapTupleHeaderGetXmin(header_of(slot));
	while (TransactionIdIsNormal(xid) && TransactionIdFollows(xid, search.writer))
		xid = SubTransGetParent(xid);
	return xid == search.writer;
}

/* Put there by another transaction that the snapshot does not see, and committed. */
PG_RAISES bool is_of_others(const Search &search, TupleTableSlot *slot)
{
	TransactionId const xmin = HeapTupleHeaderGetXmin(header_of(slot));
	return TransactionIdIsNormal(xmin) && XidInMVCCSnapshot(xmin, search.snapshot) &&
		   TransactionIdDidCommit(xmin);
}

/* Nobody keeps the TOAST rows of an attempt that was rolled back. */
PG_RAISES bool needs_toast(const Search &search, TupleTableSlot *slot)
{
	int member = -1;
	while ((member = bms_next_member(search.keys.columns(), member)) >= 0) {
		int const number = member + FirstLowInvalidHeapAttributeNumber;
		if (number <= 0)
			continue;
		bool is_null;
		Datum const value = slot_getattr(slot, number, &is_null);
		if (!is_null && TupleDescAttr(slot->tts_tupleDescriptor, number - 1)->attlen == -1 &&
			VARATT_IS_EXTERNAL(DatumGetPointer(value)))
			return true;
	}
	return false;
}

/* Visits all row versions of the table, whoever they are of. */
template <typename Visit> void each_version(const Search &search, Visit &&visit)
{
	TupleTableSlot *const slot = table_slot_create(search.table, nullptr);
	TableScanDesc const scan = compat::begin_scan(search.table, SnapshotAny);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
		CHECK_FOR_INTERRUPTS();
		visit(slot);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* Notes a row of ours that may be the refused one. */
PG_RAISES void consider(Search &search, TupleTableSlot *slot)
{
	const char *const detail = search.detail;
	IndexKey key;
	bool const is_ours =
		is_own(search, slot) || (detail != nullptr && is_of_subtransaction(search, slot));
	if (is_ours && needs_toast(search, slot)) {
		search.any_unreadable = true;
		return;
	}
	if (search.too_many || !is_ours || !search.keys.read(slot, key) ||
		!search.keys.can_be_refused(key) ||
		(detail != nullptr && !search.keys.is_named(key, detail)))
		return;
	if (list_length(search.refused) == most_unnamed) {
		search.too_many = true;
		return;
	}
	auto *const refused = static_cast<Refused *>(palloc(sizeof(Refused)));
	refused->key = search.keys.copy(key);
	refused->tid = slot->tts_tid;
	refused->met = false;
	search.refused = lappend(search.refused, refused);
}

/* The page that the last new row went to, as a rule the one that was refused. */
PG_RAISES void consider_last_page(Search &search)
{
	BlockNumber const page = RelationGetSmgr(search.table)->smgr_targblock;
	if (page == InvalidBlockNumber || page >= RelationGetNumberOfBlocks(search.table))
		return;
	TupleTableSlot *const slot = table_slot_create(search.table, nullptr);
	for (int number = FirstOffsetNumber; number <= MaxHeapTuplesPerPage; number++) {
		ItemPointerData tid;
		ItemPointerSet(&tid, page, static_cast<OffsetNumber>(number));
		if (table_tuple_fetch_row_version(search.table, &tid, SnapshotAny, slot))
			consider(search, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* Finds the row that was refused: by the key in the error's detail, or, where the caller may not
 * see the key, all rows that the attempt wrote. */
PG_RAISES void find_refused(Search &search)
{
	if (search.detail != nullptr)
		consider_last_page(search);
	if (search.refused == NIL)
		each_version(search, [&](TupleTableSlot *slot) { consider(search, slot); });
}

/* Visits the row versions whose key may collide with that of a refused row: by the index, where
 * these are all known. An old snapshot keeps what it does not see in the index too. */
template <typename Visit> void each_in_the_way(const Search &search, Visit &&visit)
{
	ScanKeyData conditions[INDEX_MAX_KEYS];
	bool by_index = search.refused != NIL && !search.too_many;
	for (int i = 0; by_index && i < list_length(search.refused); i++)
		by_index = search.keys.conditions(*static_cast<Refused *>(list_nth(search.refused, i))->key,
										  conditions) > 0;
	if (!by_index) {
		each_version(search, visit);
		return;
	}
	TupleTableSlot *const slot = table_slot_create(search.table, nullptr);
	for (int i = 0; i < list_length(search.refused); i++) {
		int const count = search.keys.conditions(
			*static_cast<Refused *>(list_nth(search.refused, i))->key, conditions);
		IndexScanDesc const scan =
			compat::begin_index_scan(search.table, search.index, SnapshotAny, count);
		index_rescan(scan, conditions, count, nullptr, 0);
		while (index_getnext_slot(scan, ForwardScanDirection, slot)) {
			CHECK_FOR_INTERRUPTS();
			visit(slot);
		}
		index_endscan(scan);
	}
	ExecDropSingleTupleTableSlot(slot);
}

PG_RAISES bool collides(const Search &search, const IndexKey &key, bool met_ones_alone,
						ItemPointer other_than)
{
	for (int i = 0; i < list_length(search.refused); i++) {
		const auto *const refused = static_cast<Refused *>(list_nth(search.refused, i));
		if ((refused->met || !met_ones_alone) &&
			(other_than == nullptr ||
			 !ItemPointerEquals(other_than, const_cast<ItemPointer>(&refused->tid))) &&
			search.keys.collide(key, *refused->key))
			return true;
	}
	return false;
}

PG_RAISES bool meets(Search &search, const IndexKey &key)
{
	bool found = search.too_many || search.keys.is_named(key, search.detail);
	for (int i = 0; i < list_length(search.refused); i++) {
		auto *const refused = static_cast<Refused *>(list_nth(search.refused, i));
		if (!refused->met && search.keys.collide(key, *refused->key))
			refused->met = true;
		found = found || refused->met;
	}
	return found;
}

PG_RAISES bool find_others(Search &search)
{
	bool found = false;
	IndexKey key;
	each_in_the_way(search, [&](TupleTableSlot *slot) {
		if (is_of_others(search, slot) && search.keys.read(slot, key) && meets(search, key))
			found = true;
	});
	return found;
}

/* Finds what would be in the way without any other transaction: rows that the snapshot shows, and
 * other rows of ours. Without the key, that can only be asked for rows that met one of others. */
PG_RAISES void find_rest(Search &search, Collision &collision)
{
	bool const met_ones_alone = search.detail == nullptr;
	IndexKey key;
	each_in_the_way(search, [&](TupleTableSlot *slot) {
		bool const own = is_own(search, slot);
		if (own ? needs_toast(search, slot)
				: !table_tuple_satisfies_snapshot(search.table, slot, search.snapshot))
			return;
		if (!search.keys.read(slot, key))
			return;
		if (own)
			collision.with_own =
				collision.with_own || collides(search, key, met_ones_alone, &slot->tts_tid);
		else if (search.refused == NIL ? search.keys.is_named(key, search.detail)
									   : collides(search, key, met_ones_alone, nullptr))
			collision.seen = lappend(collision.seen, ExecCopySlotHeapTuple(slot));
	});
}

PG_RAISES List *names_of(Bitmapset *columns, Oid table)
{
	List *names = NIL;
	int member = -1;
	while ((member = bms_next_member(columns, member)) >= 0)
		names =
			lappend(names, get_attname(table, member + FirstLowInvalidHeapAttributeNumber, true));
	return names;
}

/* Who may not see the key gets no detail, or, of an exclusion constraint, one without the key. */
const char *key_detail(const ErrorData *error)
{
	return error->detail != nullptr && strstr(error->detail, ")=(") != nullptr ? error->detail
																			   : nullptr;
}

/* A user's function may raise the same SQLSTATE with the same names, and its own words. */
bool is_of_index(const ErrorData *error)
{
	return error->message_id != nullptr &&
		   strstr(error->message_id, "key value violates") != nullptr;
}

PG_RAISES void search_table(const ErrorData *error, ::Relation table, ::Relation index,
							Snapshot snapshot, TransactionId writer, Collision &collision)
{
	Search search{key_detail(error), table, index, IndexKeyReader(table, index), snapshot, writer};
	collision.table = RelationGetRelid(table);
	collision.desc = CreateTupleDescCopyConstr(RelationGetDescr(table));
	collision.columns = names_of(search.keys.columns(), collision.table);
	collision.is_immediate_constraint =
		index->rd_index->indimmediate && OidIsValid(get_index_constraint(RelationGetRelid(index)));
	PushActiveSnapshot(snapshot);
	find_refused(search);
	collision.lost_refused = search.refused == NIL && !search.any_unreadable && is_of_index(error);
	collision.with_others = find_others(search);
	if (collision.with_others || collision.is_immediate_constraint)
		find_rest(search, collision);
	PopActiveSnapshot();
	search.keys.finish();
}

/* The relation that the error names; InvalidOid when there is none. */
PG_RAISES Oid table_of(const ErrorData *error)
{
	if (error->schema_name == nullptr || error->table_name == nullptr ||
		error->constraint_name == nullptr)
		return InvalidOid;
	Oid const schema = get_namespace_oid(error->schema_name, true);
	return OidIsValid(schema) ? get_relname_relid(error->table_name, schema) : InvalidOid;
}

PG_RAISES ::Relation open_index_of(::Relation table, const char *name)
{
	Oid const oid = get_relname_relid(name, RelationGetNamespace(table));
	if (!OidIsValid(oid) || !list_member_oid(RelationGetIndexList(table), oid))
		return nullptr;
	return index_open(oid, AccessShareLock);
}

bool is_in_tree(Oid relation, const Relation &target)
{
	if (relation == target.oid() || !target.has_children())
		return relation == target.oid();
	Vector<Oid> const ancestors = ancestors_of(relation);
	return std::find(ancestors.begin(), ancestors.end(), target.oid()) != ancestors.end();
}

} // namespace

Collision find_collision(const ErrorData *error, const Relation &target, Snapshot snapshot,
						 TransactionId writer)
{
	Collision collision;
	if ((error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION &&
		 error->sqlerrcode != ERRCODE_EXCLUSION_VIOLATION) ||
		!TransactionIdIsValid(writer))
		return collision;
	Oid const oid = pg_call([&] { return table_of(error); });
	if (!OidIsValid(oid) || !is_in_tree(oid, target))
		return collision;
	pg_call([&] {
		::Relation const table = table_open(oid, AccessShareLock);
		if (::Relation const index = open_index_of(table, error->constraint_name)) {
			search_table(error, table, index, snapshot, writer, collision);
			index_close(index, NoLock);
		}
		table_close(table, NoLock);
	});
	return collision;
}

} // namespace bulk_sync::pg
