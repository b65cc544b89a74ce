#include "write/stored_values.hpp"

#include <algorithm>

#include "pg/fail.hpp"
#include "pg/statement.hpp"
#include "plan/column_sources.hpp"
#include "plan/stores.hpp"

namespace bulk_sync {

namespace {

using pg::ColumnSource;
using pg::Generation;
using pg::pg_call;

/* Keeps the first failing keys as text, and counts. */
class FailingKeys final : public pg::RowReceiver {
  public:
	FailingKeys(const ColumnMap &map, KeyList &keys) : map_(map), keys_(keys) {}

	PG_RAISES void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		keys_.add(map_.key_desc, slot->tts_values, slot->tts_isnull);
	}

  private:
	const ColumnMap &map_;
	KeyList &keys_;
};

void refuse_unknown_default(const pg::Relation &target, const char *column, const CheckWords &words)
{
	pg::fail({.sqlstate = ERRCODE_WITH_CHECK_OPTION_VIOLATION,
			  .message = pg::format("cannot check whether new rows of \"%s\" %s", target.name(),
									words.question),
			  .detail =
				  pg::format("%s column \"%s\", whose volatile default is not known before the row "
							 "is stored.",
							 words.user, column),
			  .hint = pg::format("Stage the column, give it in insert_defaults, or %s.",
								 words.way_round)});
}

void refuse_unknown_column(const pg::Relation &target, const char *column, Oid table,
						   const CheckWords &words)
{
	pg::fail({.sqlstate = ERRCODE_WITH_CHECK_OPTION_VIOLATION,
			  .message = pg::format("cannot check whether updated rows of \"%s\" %s",
									pg::relation_name(table), words.question),
			  .detail = pg::format("%s column \"%s\", which \"%s\" generates from columns that "
								   "\"%s\" does not have.",
								   words.user, column, pg::relation_name(table), target.name())});
}

/* Rows that stay in a child which computes a column from more than is known of them, and in which
 * one of the columns changes that it computes it from. */
void refuse_unknown_columns(const PlannedWrites &writes, const Generation &generation,
							const CheckWords &words)
{
	for (int i = 0; i < list_length(generation.unknown); i++) {
		Oid const table = list_nth_oid(generation.unknown, i);
		for (const pg::Attribute &attribute : writes.plan.target.attributes())
			if (generation.is_unknown_from(attribute.number) &&
				writes.changes.changes_in(table, attribute.number))
				refuse_unknown_column(writes.plan.target,
									  writes.plan.target.find(generation.column)->name, table,
									  words);
	}
}

/* Updated rows: the image as it will be, the time of the call, and of other columns what the row
 * has. */
Vector<ColumnSource> sources_of_updates(const PlannedWrites &writes, const UsedColumns &used)
{
	Vector<ColumnSource> sources = sources_of(writes.plan.target, used);
	source_of(sources, TableOidAttributeNumber).store_column = 1;
	int position = row_id_columns;
	for (const Column &column : writes.plan.map.image)
		source_of(sources, column.target).store_column = ++position;
	for (AttrNumber const column : writes.plan.map.carried)
		source_of(sources, column).store_column = ++position;
	touch(sources, writes.plan.map);
	return sources;
}

/* The default of a column that a new row gets no value for. */
Node *stored_default(const pg::Relation &target, AttrNumber column, const UsedColumns &used,
					 const CheckWords &words)
{
	if (std::find(used.columns.begin(), used.columns.end(), column) == used.columns.end())
		return nullptr;
	Node *const expression = pg::column_default(target, column);
	if (expression != nullptr && pg::is_volatile(expression))
		refuse_unknown_default(target, target.find(column)->name, words);
	return expression;
}

/* New rows: the staged values, and defaults of other columns and in place of some NULLs. A row that
 * no partition takes goes into the target itself. */
Vector<ColumnSource> sources_of_inserts(const PlannedWrites &writes, const UsedColumns &used,
										const CheckWords &words)
{
	const ColumnMap &map = writes.plan.map;
	InsertStore const store = writes.changes.insert_store();
	Vector<ColumnSource> sources = sources_of(writes.plan.target, used);
	source_of(sources, TableOidAttributeNumber).expression =
		pg::constant(source_of(sources, TableOidAttributeNumber).type,
					 ObjectIdGetDatum(writes.plan.target.oid()), false);
	int position = 0;
	auto const take = [&](const Column &column) {
		Defaulted const defaulted = store.defaulted[position++];
		if (!column.inserted || defaulted == Defaulted::everywhere)
			return;
		ColumnSource &source = source_of(sources, column.target);
		source.store_column = position;
		if (defaulted == Defaulted::somewhere)
			source.expression = stored_default(writes.plan.target, column.target, used, words);
	};
	for (const Column &column : map.image)
		take(column);
	for (const Column &column : map.extra)
		take(column);
	for (const InsertDefault &value : map.insert_defaults)
		source_of(sources, value.column).expression =
			pg::constant(value.type, value.value, value.is_null);
	touch(sources, map);
	for (ColumnSource &source : sources)
		if (source.store_column == 0 && source.expression == nullptr)
			source.expression = stored_default(writes.plan.target, source.column, used, words);
	return sources;
}

/* Reads the rows of one store that fail. */
void find_failing_rows(const PlannedWrites &writes, const pg::RowStore &store, int first_key,
					   const Vector<ColumnSource> &sources, const FailingRowsQuery &query,
					   KeyList &failing)
{
	Vector<int> keys;
	for (int i = 0; i < writes.plan.map.key_count(); i++)
		keys.push_back(first_key + i);
	Query *const rows = query.build(store, sources, first_key, keys);
	if (rows == nullptr)
		return;
	FailingKeys receiver(writes.plan.map, failing);
	pg::Statement::plan_query(rows, "bulk_sync check of rows to write", writes.snapshot, {&store})
		.read(receiver);
}

} // namespace

bool updates_keep(const PlannedWrites &writes, const UsedColumns &used)
{
	if (!used.generated.empty())
		return false;
	const Vector<bool> &changed = writes.changes.changed_columns();
	Vector<ColumnSource> sources = sources_of_updates(writes, used);
	return std::all_of(used.columns.begin(), used.columns.end(), [&](AttrNumber column) {
		const ColumnSource &source = source_of(sources, column);
		int const position = source.store_column - row_id_columns - 1;
		bool const is_carried = position >= static_cast<int>(changed.size());
		return source.expression == nullptr && position >= 0 && (is_carried || !changed[position]);
	});
}

void find_failing_updates(const PlannedWrites &writes, const UsedColumns &used,
						  const CheckWords &words, const FailingRowsQuery &query, KeyList &failing)
{
	const pg::RowStore &updates = writes.changes.updates();
	if (updates.count() == 0)
		return;
	for (const Generation &generation : used.generated)
		refuse_unknown_columns(writes, generation, words);
	find_failing_rows(writes, updates, row_id_columns + 1, sources_of_updates(writes, used), query,
					  failing);
}

void find_failing_inserts(const PlannedWrites &writes, const UsedColumns &used,
						  const CheckWords &words, const FailingRowsQuery &query, KeyList &failing)
{
	const pg::RowStore &inserts = writes.changes.inserts();
	if (inserts.count() > 0)
		find_failing_rows(writes, inserts, 1, sources_of_inserts(writes, used, words), query,
						  failing);
}

} // namespace bulk_sync
