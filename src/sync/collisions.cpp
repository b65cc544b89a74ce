#include "sync/collisions.hpp"

#include "sync/statements.hpp"

namespace bulk_sync {

namespace {

using pg::Collision;
using pg::pg_call;
using pg::RowStore;

/* Goes to the row of a store that has the row id of a tuple; false when there is none. Raises. */
bool find_row(RowStore &store, HeapTuple tuple, TupleTableSlot *slot)
{
	store.rewind();
	while (store.next(slot)) {
		CHECK_FOR_INTERRUPTS();
		slot_getsomeattrs(slot, row_id_columns);
		if (DatumGetObjectId(slot->tts_values[0]) == tuple->t_tableOid &&
			ItemPointerEquals(reinterpret_cast<ItemPointer>(DatumGetPointer(slot->tts_values[1])),
							  &tuple->t_self))
			return true;
	}
	return false;
}

int image_position(const ColumnMap &map, AttrNumber column)
{
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (map.image[i].target == column)
			return static_cast<int>(i);
	return -1;
}

/* Does the update of a row change what the index has of it? Raises. */
bool changes_index_columns(const Collision &collision, const ColumnMap &map,
						   const pg::Relation &target, HeapTuple tuple, TupleTableSlot *update)
{
	for (int i = 0; i < list_length(collision.columns); i++) {
		const char *const name = static_cast<char *>(list_nth(collision.columns, i));
		const pg::Attribute *const column = target.find(name);
		if (column == nullptr || column->generated)
			return true;
		int const position = image_position(map, column->number);
		if (position < 0)
			continue;
		bool old_null;
		bool new_null;
		Datum const old_value =
			heap_getattr(tuple, get_attnum(collision.table, name), collision.desc, &old_null);
		Datum const new_value = slot_getattr(update, row_id_columns + position + 1, &new_null);
		if (old_null != new_null ||
			(!old_null && !pg::same_image(column->type, old_value, new_value)))
			return true;
	}
	return false;
}

/* Which of the rows that the snapshot shows were to make way, and is there one that was not? */
struct Fates {
	bool any_moves = false; /* an update takes its key away */
	bool any_stays = false;
};

/* Raises. */
Fates fates_of(const Collision &collision, const ColumnMap &map, ChangeSet &changes,
			   const pg::Relation &target)
{
	Fates fates;
	TupleTableSlot *const deleted =
		MakeSingleTupleTableSlot(changes.deletes().tuple_desc(), &TTSOpsMinimalTuple);
	TupleTableSlot *const updated =
		MakeSingleTupleTableSlot(changes.updates().tuple_desc(), &TTSOpsMinimalTuple);
	for (int i = 0; !fates.any_stays && i < list_length(collision.seen); i++) {
		auto *const tuple = static_cast<HeapTuple>(list_nth(collision.seen, i));
		if (!map.mark && find_row(changes.deletes(), tuple, deleted))
			continue;
		if (find_row(changes.updates(), tuple, updated) &&
			changes_index_columns(collision, map, target, tuple, updated))
			fates.any_moves = true;
		else
			fates.any_stays = true;
	}
	ExecDropSingleTupleTableSlot(deleted);
	ExecDropSingleTupleTableSlot(updated);
	return fates;
}

} // namespace

Violation judge_violation(const pg::Error &error, const ColumnMap &map, ChangeSet &changes,
						  const pg::Relation &target, Snapshot snapshot, TransactionId writer)
{
	Collision const collision = pg::find_collision(error.data(), target, snapshot, writer);
	if (!OidIsValid(collision.table))
		return Violation::of_another_table;
	Fates const fates = pg_call([&] { return fates_of(collision, map, changes, target); });
	if (collision.with_own || fates.any_stays)
		return Violation::error;
	if (collision.with_others)
		return Violation::conflict;
	return collision.is_immediate_constraint && fates.any_moves ? Violation::swap
																: Violation::error;
}

} // namespace bulk_sync
