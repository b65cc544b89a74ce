#include "raised.hpp"

namespace bulk_sync::unit {

void raise_full_error()
{
	ereport(ERROR,
			(errcode(ERRCODE_EXCLUSION_VIOLATION), errmsg("message with 100%% and \"%s\"", "é"),
			 errdetail("A detail."), errdetail_log("A detail for the log."), errhint("A hint."),
			 errcontext("a context"), errposition(7), internalerrposition(9),
			 internalerrquery("a query"), errhidestmt(true),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, "a schema"),
			 err_generic_string(PG_DIAG_TABLE_NAME, "a table"),
			 err_generic_string(PG_DIAG_COLUMN_NAME, "a column"),
			 err_generic_string(PG_DIAG_DATATYPE_NAME, "a type"),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "a constraint")));
}

void throw_full_error(int frames)
{
	Counted counted;
	pg::Vector<int> const memory(static_cast<std::size_t>(frames) + 1);
	if (frames > 1)
		throw_full_error(frames - 1);
	pg::pg_call([&] {
		if (!memory.empty()) /* always, but the compiler need not know */
			raise_full_error();
	});
}

void check_full_error(const pg::Error &error, const char *context)
{
	const ErrorData &data = *error.data();
	CHECK(error.sqlstate() == ERRCODE_EXCLUSION_VIOLATION);
	CHECK(data.elevel == ERROR);
	CHECK(data.cursorpos == 7);
	CHECK(data.internalpos == 9);
	CHECK(data.hide_stmt);
	CHECK(data.lineno > 0);
	CHECK(data.filename != nullptr && strstr(data.filename, "raised.cpp") != nullptr);
	CHECK_TEXT(data.funcname, "raise_full_error");
	CHECK_TEXT(data.message, "message with 100% and \"é\"");
	CHECK_TEXT(data.detail, "A detail.");
	CHECK_TEXT(data.detail_log, "A detail for the log.");
	CHECK_TEXT(data.hint, "A hint.");
	CHECK_TEXT(data.context, context);
	CHECK_TEXT(data.internalquery, "a query");
	CHECK_TEXT(data.schema_name, "a schema");
	CHECK_TEXT(data.table_name, "a table");
	CHECK_TEXT(data.column_name, "a column");
	CHECK_TEXT(data.datatype_name, "a type");
	CHECK_TEXT(data.constraint_name, "a constraint");
}

} // namespace bulk_sync::unit
