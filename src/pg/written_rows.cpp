#include "pg/written_rows.hpp"

#include <algorithm>

#include "pg/fail.hpp"
#include "pg/scratch.hpp"

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
}

namespace bulk_sync::pg {

namespace {

StoredRow room_for(const Relation &relation)
{
	return pg_call([&] {
		std::size_t const columns = relation.tuple_desc()->natts;
		StoredRow row;
		row.values = static_cast<Datum *>(palloc0(sizeof(Datum) * (columns + 1)));
		row.nulls = static_cast<bool *>(palloc(sizeof(bool) * (columns + 1)));
		std::fill_n(row.nulls, columns, true);
		return row;
	});
}

} // namespace

StoredRow stored_row(TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	return {slot->tts_tableOid, slot->tts_values, slot->tts_isnull};
}

RowVersions::RowVersions(const Relation &relation, Snapshot snapshot)
	: relation_(relation), snapshot_(snapshot), context_(CurrentMemoryContext),
	  row_(room_for(relation))
{
}

StoredRow RowVersions::fetch(Oid table, ItemPointer tid)
{
	const Member &from = member(table);
	if (!table_tuple_fetch_row_version(from.table, tid, snapshot_, from.slot))
		raise({.sqlstate = ERRCODE_INTERNAL_ERROR,
			   .message = psprintf("could not read a row of \"%s\" as it was",
								   RelationGetRelationName(from.table))});
	StoredRow const stored = stored_row(from.slot);
	if (from.numbers == nullptr)
		return stored;
	row_.table = table;
	for (const Attribute &attribute : relation_.attributes()) {
		int const at = attribute.number - 1;
		row_.values[at] = stored.values[from.numbers[at] - 1];
		row_.nulls[at] = stored.nulls[from.numbers[at] - 1];
	}
	return row_;
}

/* Rows of one table mostly come one after the other. */
RowVersions::Member &RowVersions::member(Oid table)
{
	if (current_ < members_.size()) {
		Member &last = members_[current_];
		if (last.oid == table)
			return last;
		ExecClearTuple(last.slot); /* lets go of its page */
	}
	auto const place =
		std::lower_bound(members_.begin(), members_.end(), table,
						 [](const Member &member, Oid oid) { return member.oid < oid; });
	current_ = place - members_.begin();
	if (place == members_.end() || place->oid != table)
		members_.insert(place, in_context(context_, [&] { return open(table); }));
	return members_[current_];
}

RowVersions::Member RowVersions::open(Oid table) const
{
	Member opened = {};
	opened.oid = table;
	opened.table = table_open(table, NoLock);
	opened.slot = table_slot_create(opened.table, nullptr);
	if (table == relation_.oid())
		return opened;
	opened.numbers =
		static_cast<AttrNumber *>(palloc0(sizeof(AttrNumber) * relation_.tuple_desc()->natts));
	for (const Attribute &attribute : relation_.attributes())
		opened.numbers[attribute.number - 1] = get_attnum(table, attribute.name);
	return opened;
}

void RowVersions::finish()
{
	for (const Member &member : members_) {
		ExecDropSingleTupleTableSlot(member.slot);
		table_close(member.table, NoLock);
	}
	members_.clear();
}

ReturnedRows::ReturnedRows(const Relation &relation, CmdType command, Snapshot snapshot,
						   WrittenRows &rows)
	: relation_(relation), command_(command), rows_(rows), versions_(relation, snapshot),
	  new_row_(room_for(relation))
{
}

void ReturnedRows::row(TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	int at = 0;
	StoredRow old_row;
	if (command_ != CMD_INSERT) {
		old_row =
			versions_.fetch(DatumGetObjectId(slot->tts_values[0]),
							reinterpret_cast<ItemPointer>(DatumGetPointer(slot->tts_values[1])));
		at = 2;
	}
	if (command_ != CMD_DELETE) {
		new_row_.table = DatumGetObjectId(slot->tts_values[at++]);
		for (const Attribute &attribute : relation_.attributes()) {
			new_row_.values[attribute.number - 1] = slot->tts_values[at];
			new_row_.nulls[attribute.number - 1] = slot->tts_isnull[at];
			at++;
		}
	}
	rows_.written(command_ == CMD_INSERT ? nullptr : &old_row,
				  command_ == CMD_DELETE ? nullptr : &new_row_);
}

void ReturnedRows::finish()
{
	pg_call([&] { versions_.finish(); });
}

} // namespace bulk_sync::pg
