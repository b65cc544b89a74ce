#include "shards/returned_rows.hpp"

#include "pg/ordered_rows.hpp"
#include "pg/sql.hpp"
#include "pg/tuple.hpp"

namespace bulk_sync::shards {

namespace {

using pg::Vector;

/* Of a row as it comes: the answer, the action, and JSON. */
constexpr int columns = 6;

pg::RowStore make_store(const char *name)
{
	Vector<pg::ColumnType> types;
	for (int i = 0; i < columns - 1; i++)
		types.push_back(pg::type_named(i == 0 ? "pg_catalog.text" : "pg_catalog.jsonb"));
	return pg::RowStore::create(name, pg::describe(types));
}

bool is_action(Datum value, const char *name)
{
	const auto *const value_text = reinterpret_cast<const text *>(DatumGetPointer(value));
	return VARSIZE_ANY_EXHDR(value_text) == strlen(name) &&
		   memcmp(VARDATA_ANY(value_text), name, strlen(name)) == 0;
}

} // namespace

void RowsAsTheyCome::row(TupleTableSlot *slot)
{
	result_.put(slot->tts_values + 1, slot->tts_isnull + 1);
}

ReturnedRows::ReturnedRows(pg::ResultRows &result)
	: result_(result), updated_(make_store("bulk_sync updated")),
	  created_(make_store("bulk_sync created"))
{
}

void ReturnedRows::row(TupleTableSlot *slot)
{
	const Datum *const values = slot->tts_values + 1;
	const bool *const nulls = slot->tts_isnull + 1;
	if (is_action(values[0], "created"))
		created_.put(values, nulls);
	else if (is_action(values[0], "updated"))
		updated_.put(values, nulls);
	else
		result_.put(values, nulls);
}

void ReturnedRows::finish()
{
	class Put final : public pg::RowReceiver {
	  public:
		explicit Put(pg::ResultRows &result) noexcept : result_(result) {}
		PG_RAISES void row(TupleTableSlot *slot) override
		{
			slot_getallattrs(slot);
			result_.put(slot->tts_values, slot->tts_isnull);
		}

	  private:
		pg::ResultRows &result_;
	} put(result_);
	pg::read_rows(updated_, 0, put);
	pg::read_rows(created_, 0, put);
	updated_.finish();
	created_.finish();
}

} // namespace bulk_sync::shards
