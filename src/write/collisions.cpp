#include "write/collisions.hpp"

#include "pg/tuple.hpp"

namespace bulk_sync {

namespace {

using pg::Collision;
using pg::pg_call;
using pg::RowStore;

/* A row that the snapshot shows with a key which collides with the refused one's. */
struct SeenRow {
	HeapTuple tuple;
	bool makes_way;
};

int by_place(const void *left, const void *right)
{
	return ItemPointerCompare(&(*static_cast<const SeenRow *const *>(left))->tuple->t_self,
							  &(*static_cast<const SeenRow *const *>(right))->tuple->t_self);
}

/* The rows that the snapshot shows, sorted: one new row may have thousands in its way. */
struct SeenRows {
	SeenRow **rows;
	std::size_t count;
	Oid table;

	/* The row that one of a store has the row id of; nullptr when there is none. */
	PG_RAISES SeenRow *find(TupleTableSlot *slot) const
	{
		slot_getsomeattrs(slot, row_id_columns);
		if (DatumGetObjectId(slot->tts_values[0]) != table)
			return nullptr;
		HeapTupleData tuple;
		tuple.t_self = *reinterpret_cast<ItemPointer>(DatumGetPointer(slot->tts_values[1]));
		SeenRow wanted{&tuple, false};
		SeenRow *const key = &wanted;
		void *const found = bsearch(&key, rows, count, sizeof(SeenRow *), by_place);
		return found == nullptr ? nullptr : *static_cast<SeenRow **>(found);
	}
};

/* Raises. */
PG_RAISES SeenRows sort_seen(const Collision &collision)
{
	SeenRows seen{nullptr, static_cast<std::size_t>(list_length(collision.seen)), collision.table};
	seen.rows = static_cast<SeenRow **>(
		palloc_extended(Max(seen.count, 1) * sizeof(SeenRow *), MCXT_ALLOC_HUGE));
	for (std::size_t i = 0; i < seen.count; i++) {
		seen.rows[i] = static_cast<SeenRow *>(palloc(sizeof(SeenRow)));
		*seen.rows[i] = {static_cast<HeapTuple>(list_nth(collision.seen, static_cast<int>(i))),
						 false};
	}
	qsort(seen.rows, seen.count, sizeof(SeenRow *), by_place);
	/* A row is there twice when two rows that may be the refused one collide with it. */
	seen.count = qunique(seen.rows, seen.count, sizeof(SeenRow *), by_place);
	return seen;
}

/* Calls visit(seen row, slot) for the rows of a store that are among the seen ones. Raises. */
template <typename Visit> void each_seen(RowStore &store, const SeenRows &seen, Visit &&visit)
{
	TupleTableSlot *const slot = MakeSingleTupleTableSlot(store.tuple_desc(), &TTSOpsMinimalTuple);
	store.rewind();
	while (store.next(slot)) {
		CHECK_FOR_INTERRUPTS();
		if (SeenRow *const row = seen.find(slot))
			visit(*row, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
}

int image_position(const ColumnMap &map, AttrNumber column)
{
	for (std::size_t i = 0; i < map.image.size(); i++)
		if (map.image[i].target == column)
			return static_cast<int>(i);
	return -1;
}

/* Does the update of a row change what the index has of it? Raises. */
PG_RAISES bool changes_index_columns(const Collision &collision, const Plan &plan, HeapTuple tuple,
									 TupleTableSlot *update)
{
	for (int i = 0; i < list_length(collision.columns); i++) {
		const char *const name = static_cast<char *>(list_nth(collision.columns, i));
		const pg::Attribute *const column = plan.target.find(name);
		if (column == nullptr || column->generated)
			return true;
		int const position = image_position(plan.map, column->number);
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
PG_RAISES Fates fates_of(const Collision &collision, const Plan &plan, ChangeSet &changes)
{
	Fates fates;
	SeenRows const seen = sort_seen(collision);
	if (seen.count == 0)
		return fates;
	if (!plan.map.mark)
		each_seen(changes.deletes(), seen,
				  [](SeenRow &row, TupleTableSlot *) { row.makes_way = true; });
	each_seen(changes.updates(), seen, [&](SeenRow &row, TupleTableSlot *update) {
		if (changes_index_columns(collision, plan, row.tuple, update))
			row.makes_way = fates.any_moves = true;
	});
	for (std::size_t i = 0; i < seen.count; i++)
		fates.any_stays = fates.any_stays || !seen.rows[i]->makes_way;
	return fates;
}

} // namespace

Violation judge_violation(const pg::Error &error, const Plan &plan, ChangeSet &changes,
						  Snapshot snapshot, TransactionId writer)
{
	Collision const collision = pg::find_collision(error.data(), plan.target, snapshot, writer);
	if (!OidIsValid(collision.table))
		return Violation::of_another_table;
	Fates const fates = pg_call([&] { return fates_of(collision, plan, changes); });
	if (collision.with_own || fates.any_stays)
		return Violation::error;
	if (collision.with_others)
		return Violation::conflict;
	if (fates.any_moves)
		return collision.is_immediate_constraint ? Violation::swap : Violation::error;
	return collision.lost_refused ? Violation::unknown : Violation::error;
}

} // namespace bulk_sync
