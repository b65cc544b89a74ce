/*
 * Subtransactions and snapshots, as the retry after a conflict uses them.
 */
#include "raised.hpp"

#include "pg/concurrency.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace bulk_sync::unit {

using pg::pg_call;
using pg::Subtransaction;

namespace {

/* Runs one statement; the number that it gives, or else that of its rows. */
int64 execute(const char *sql)
{
	return pg_call([&] {
		int64 result = 0;
		SPI_connect();
		if (SPI_execute(sql, false, 0) == SPI_OK_SELECT && SPI_processed == 1) {
			bool is_null;
			result = DatumGetInt64(
				SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
		}
		SPI_finish();
		return result;
	});
}

int64 rows_of_test_table()
{
	return execute("SELECT count(*) FROM unit_rows");
}

/* What a subtransaction has to give back as it was. */
struct Surroundings {
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int level = GetCurrentTransactionNestLevel();
	GuardState guard;

	bool are_back() const noexcept
	{
		return CurrentMemoryContext == context && CurrentResourceOwner == owner &&
			   GetCurrentTransactionNestLevel() == level && guard.is_unchanged();
	}
};

/* A new, empty table for the rows that come and go. */
void make_test_table()
{
	execute("DROP TABLE IF EXISTS unit_rows");
	execute("CREATE TEMPORARY TABLE unit_rows (id int PRIMARY KEY)");
}

} // namespace

UNIT_TEST(committed, "subtransaction: commit keeps the work, and restores context and owner")
{
	make_test_table();
	Surroundings const before;
	Subtransaction subtransaction = Subtransaction::begin();
	CHECK(CurrentMemoryContext == before.context);
	CHECK(CurrentResourceOwner != before.owner);
	CHECK(GetCurrentTransactionNestLevel() == before.level + 1);
	execute("INSERT INTO unit_rows VALUES (1), (2)");
	subtransaction.commit();
	CHECK(before.are_back());
	CHECK(rows_of_test_table() == 2);
}

UNIT_TEST(rolled_back, "subtransaction: rollback undoes the work, and keeps the memory")
{
	make_test_table();
	Surroundings const before;
	Subtransaction subtransaction = Subtransaction::begin();
	pg::Vector<int> kept;
	execute("INSERT INTO unit_rows VALUES (1), (2)");
	for (int i = 0; i < 10000; i++)
		kept.push_back(i);
	subtransaction.roll_back();
	CHECK(before.are_back());
	CHECK(rows_of_test_table() == 0);
	CHECK(kept.size() == 10000 && kept.back() == 9999);
}

UNIT_TEST(failed, "subtransaction: rollback after an error, whose data stays, and then once more")
{
	make_test_table();
	Surroundings const before;
	int failed = 0;
	for (int i = 0; i < 20; i++) {
		Subtransaction subtransaction = Subtransaction::begin();
		try {
			execute("INSERT INTO unit_rows VALUES (7)");
			execute("INSERT INTO unit_rows VALUES (8), (7)");
			CHECK(false);
		} catch (const pg::Error &error) {
			CurrentMemoryContext = TopTransactionContext; /* an error may leave it anywhere */
			subtransaction.roll_back();
			CHECK(error.sqlstate() == ERRCODE_UNIQUE_VIOLATION);
			CHECK_TEXT(error.data()->table_name, "unit_rows");
			CHECK_TEXT(error.data()->constraint_name, "unit_rows_pkey");
			CHECK_TEXT(error.data()->detail, "Key (id)=(7) already exists.");
			failed++;
		}
		CHECK(before.are_back());
	}
	CHECK(failed == 20);
	CHECK(rows_of_test_table() == 0);
	execute("INSERT INTO unit_rows VALUES (7)");
	CHECK(rows_of_test_table() == 1);
}

UNIT_TEST(within, "subtransaction: one in another, each with its own end")
{
	make_test_table();
	Surroundings const before;
	Subtransaction outer = Subtransaction::begin();
	Surroundings const between;
	execute("INSERT INTO unit_rows VALUES (1)");
	Subtransaction lost = Subtransaction::begin();
	execute("INSERT INTO unit_rows VALUES (2)");
	lost.roll_back();
	CHECK(between.are_back());
	Subtransaction kept = Subtransaction::begin();
	execute("INSERT INTO unit_rows VALUES (3)");
	kept.commit();
	CHECK(between.are_back());
	CHECK(rows_of_test_table() == 2);
	outer.roll_back();
	CHECK(before.are_back());
	CHECK(rows_of_test_table() == 0);
}

UNIT_TEST(snapshots, "subtransaction: a registered snapshot outlives one, and is released")
{
	make_test_table();
	Surroundings const before;
	pg::ReadSnapshot snapshot = pg::ReadSnapshot::fresh();
	pg::ReadSnapshot latest = pg::ReadSnapshot::latest();
	Subtransaction subtransaction = Subtransaction::begin();
	execute("INSERT INTO unit_rows VALUES (1)");
	subtransaction.roll_back();
	CHECK(snapshot.get() != nullptr && snapshot.get()->regd_count > 0);
	latest.release();
	snapshot.release();
	CHECK(snapshot.get() == nullptr);
	CHECK(before.are_back());
}

} // namespace bulk_sync::unit
