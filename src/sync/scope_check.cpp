#include "sync/scope_check.hpp"

#include <algorithm>

#include "pg/statement.hpp"
#include "sync/statements.hpp"

namespace bulk_sync {

namespace {

using pg::ColumnSource;
using pg::pg_call;

/* Keeps the first failing keys as text, and counts. */
class FailingKeys final : public pg::RowReceiver {
  public:
	FailingKeys(const ColumnMap &map, KeyList &keys)
		: map_(map), keys_(keys), context_(CurrentMemoryContext)
	{
	}

	void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		MemoryContext const caller = MemoryContextSwitchTo(context_);
		keys_.add(map_.key_desc, slot->tts_values, slot->tts_isnull);
		MemoryContextSwitchTo(caller);
	}

  private:
	const ColumnMap &map_;
	KeyList &keys_;
	MemoryContext context_;
};

void refuse_unknown_default(const pg::Relation &target, const char *column)
{
	pg_call([&] {
		ereport(
			ERROR,
			(errcode(ERRCODE_WITH_CHECK_OPTION_VIOLATION),
			 errmsg("cannot check whether new rows of \"%s\" are in the scope of the filter",
					target.name()),
			 errdetail("The filter uses column \"%s\", whose volatile default is not known "
					   "before the row is stored.",
					   column),
			 errhint("Stage the column, give it in insert_defaults, or switch the check off with "
					 "allow_out_of_scope => true.")));
	});
}

/* The default of a column that a new row gets no value for. */
Node *stored_default(const Scope &scope, const pg::Relation &target, AttrNumber column)
{
	Node *const expression = pg::column_default(target, column);
	bool const used =
		std::find(scope.columns.begin(), scope.columns.end(), column) != scope.columns.end();
	if (expression != nullptr && used && pg::is_volatile(expression))
		refuse_unknown_default(target, target.find(column)->name);
	return used ? expression : nullptr;
}

/* Every column of the target, with no source yet but the expressions of generated columns. */
Vector<ColumnSource> sources_of(const pg::Relation &target)
{
	Vector<ColumnSource> sources;
	for (const pg::Attribute &attribute : target.attributes()) {
		ColumnSource source;
		source.column = attribute.number;
		if (attribute.generated)
			source.expression = pg::generation_expression(target, attribute.number);
		sources.push_back(source);
	}
	return sources;
}

ColumnSource &source_of(Vector<ColumnSource> &sources, AttrNumber column)
{
	return *std::find_if(sources.begin(), sources.end(),
						 [&](const ColumnSource &source) { return source.column == column; });
}

/* Updated rows: the image as it will be, and of other columns what the row has. */
Vector<ColumnSource> sources_of_updates(const ColumnMap &map, const pg::Relation &target)
{
	Vector<ColumnSource> sources = sources_of(target);
	int position = row_id_columns;
	for (const Column &column : map.image)
		source_of(sources, column.target).store_column = ++position;
	for (AttrNumber const column : map.carried)
		source_of(sources, column).store_column = ++position;
	return sources;
}

/* New rows: the staged values, and defaults of other columns and in place of some NULLs. */
Vector<ColumnSource> sources_of_inserts(const Scope &scope, const ColumnMap &map,
										const ChangeSet &changes, const pg::Relation &target)
{
	Vector<ColumnSource> sources = sources_of(target);
	int position = 0;
	auto const take = [&](const Column &column) {
		Defaulted const defaulted = changes.defaulted(position++);
		if (!column.inserted || defaulted == Defaulted::everywhere)
			return;
		ColumnSource &source = source_of(sources, column.target);
		source.store_column = position;
		if (defaulted == Defaulted::somewhere)
			source.expression = stored_default(scope, target, column.target);
	};
	for (const Column &column : map.image)
		take(column);
	for (const Column &column : map.extra)
		take(column);
	for (const InsertDefault &value : map.insert_defaults)
		source_of(sources, value.column).expression =
			pg::constant(value.type, value.value, value.is_null);
	for (ColumnSource &source : sources)
		if (source.store_column == 0 && source.expression == nullptr)
			source.expression = stored_default(scope, target, source.column);
	return sources;
}

Vector<int> key_columns(const ColumnMap &map, int first)
{
	Vector<int> columns;
	for (int i = 0; i < map.key_count(); i++)
		columns.push_back(first + i);
	return columns;
}

/* A column that the filter uses and for which new rows have no value but its default; nullptr when there
 * is none that they could be given. */
const char *defaulted_column(const Scope &scope, const ColumnMap &map, const pg::Relation &target)
{
	auto const has = [](const auto &columns, auto &&is) {
		return std::any_of(columns.begin(), columns.end(), is);
	};
	for (AttrNumber const number : scope.columns) {
		auto const is_column = [&](const Column &column) { return column.target == number; };
		auto const is_default = [&](const InsertDefault &value) { return value.column == number; };
		if (!has(map.image, is_column) && !has(map.extra, is_column) &&
			!has(map.insert_defaults, is_default))
			return target.find(number)->name;
	}
	return nullptr;
}

/* `defaulted` may be nullptr. */
void refuse_rows(const KeyList &keys, const pg::Relation &target, const char *defaulted)
{
	pg_call([&] {
		const char *const about_default =
			defaulted == nullptr
				? ""
				: psprintf(" New rows have the default of column \"%s\", which the filter uses, "
						   "unless staging or insert_defaults gives a value.",
						   defaulted);
		ereport(ERROR,
				(errcode(ERRCODE_WITH_CHECK_OPTION_VIOLATION),
				 errmsg("rows of staging are outside of the scope of the filter"),
				 errdetail("%s", keys.text()),
				 errhint("Each row must satisfy the filter as it is stored in \"%s\", or the next "
						 "call would insert it again.%s allow_out_of_scope => true switches the "
						 "check off.",
						 target.name(), about_default)));
	});
}

} // namespace

void check_scope(const Scope &scope, const ColumnMap &map, ChangeSet &changes,
				 const pg::Relation &target, Snapshot snapshot)
{
	if (scope.is_whole_table())
		return;
	KeyList failing;
	FailingKeys receiver(map, failing);
	auto const check = [&](const pg::RowStore &store, const Vector<ColumnSource> &sources,
						   int first_key) {
		Query *const query = pg::select_failing_rows(scope.filter, target, store, sources,
													 key_columns(map, first_key));
		pg::Statement::from_query(query, "bulk_sync check of the scope", snapshot, {&store})
			.read(receiver);
	};
	if (changes.updates().count() > 0)
		check(changes.updates(), sources_of_updates(map, target), row_id_columns + 1);
	uint64 const failing_updates = failing.count;
	if (changes.inserts().count() > 0)
		check(changes.inserts(), sources_of_inserts(scope, map, changes, target), 1);
	if (failing.count > 0)
		refuse_rows(failing, target,
					failing.count > failing_updates ? defaulted_column(scope, map, target)
													: nullptr);
}

} // namespace bulk_sync
