#include "pg/sql.hpp"

#include <iterator>

#include "pg/compat.hpp"
#include "pg/receiver_adapter.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace bulk_sync::pg {

namespace {

/* SPI wants a letter for each NULL. */
PG_RAISES char *null_letters(const Vector<bool> &nulls)
{
	auto *const letters = static_cast<char *>(palloc(nulls.size() + 1));
	std::size_t i = 0;
	for (bool const is_null : nulls)
		letters[i++] = is_null ? 'n' : ' ';
	letters[i] = '\0';
	return letters;
}

/* The values of all rows, one row after another, in `context`. */
PG_RAISES const char **copy_rows(MemoryContext context)
{
	int const columns = SPI_tuptable->tupdesc->natts;
	auto **const values = static_cast<const char **>(MemoryContextAllocExtended(
		context, sizeof(char *) * Max(SPI_processed * columns, 1), MCXT_ALLOC_HUGE));
	for (uint64 row = 0; row < SPI_processed; row++)
		for (int i = 0; i < columns; i++) {
			const char *const text =
				SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, i + 1);
			values[row * columns + i] =
				text == nullptr ? nullptr : MemoryContextStrdup(context, text);
		}
	return values;
}

struct Copied {
	const char **values;
	uint64 rows;
	int columns;
};

/* Runs the function between the start and the end of SPI, and copies what it gives. */
template <typename Execute> PG_RAISES Copied execute(Execute &&execute)
{
	MemoryContext const caller = CurrentMemoryContext;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	int const code = execute();
	if (code < 0)
		elog(ERROR, "execution by SPI failed: %s", SPI_result_code_string(code));
	Copied copied = {nullptr, 0, 0};
	if (SPI_tuptable != nullptr)
		copied = {copy_rows(caller), SPI_processed, SPI_tuptable->tupdesc->natts};
	SPI_finish();
	return copied;
}

/* The plans of this session, by the address of their text. */
struct SavedPlan {
	const char *sql;
	SPIPlanPtr plan;
};
SavedPlan saved_plans[16];

PG_RAISES SPIPlanPtr saved_plan(const char *sql, const Parameters &parameters)
{
	SavedPlan *at = saved_plans;
	while (at->sql != nullptr && at->sql != sql)
		if (++at == std::end(saved_plans))
			elog(ERROR, "too many statements are asked often");
	if (at->sql == nullptr) {
		SPIPlanPtr const plan = SPI_prepare(sql, static_cast<int>(parameters.types.size()),
											const_cast<Oid *>(parameters.types.data()));
		if (plan == nullptr || SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		*at = {sql, plan};
	}
	return at->plan;
}

PG_RAISES ParamListInfo list_of(const Parameters &parameters)
{
	int const count = static_cast<int>(parameters.types.size());
	ParamListInfo const list = makeParamList(count);
	for (int i = 0; i < count; i++)
		list->params[i] = {parameters.values[i], parameters.nulls[i], PARAM_FLAG_CONST,
						   parameters.types[i]};
	return list;
}

/* A type by its name, and a modifier in it. */
struct NamedType {
	Oid oid;
	int32 typmod;
};

PG_RAISES NamedType parse_type(const char *name)
{
	NamedType type;
	compat::parse_type(name, &type.oid, &type.typmod);
	return type;
}

} // namespace

int64 SqlRows::number(uint64 row, std::size_t column) const
{
	const char *const digits = text(row, column);
	return pg_call([&] {
		if (digits == nullptr)
			elog(ERROR, "a number is NULL");
		return DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(digits)));
	});
}

SqlRows run_sql(const char *sql, const Parameters &parameters)
{
	Copied const copied = pg_call([&] {
		return execute([&] {
			return SPI_execute_with_args(sql, static_cast<int>(parameters.types.size()),
										 const_cast<Oid *>(parameters.types.data()),
										 const_cast<Datum *>(parameters.values.data()),
										 null_letters(parameters.nulls), false, 0);
		});
	});
	return SqlRows(copied.values, copied.rows, copied.columns);
}

SqlRows run_saved(const char *sql, const Parameters &parameters)
{
	Copied const copied = pg_call([&] {
		return execute([&] {
			return SPI_execute_plan(saved_plan(sql, parameters),
									const_cast<Datum *>(parameters.values.data()),
									null_letters(parameters.nulls), false, 0);
		});
	});
	return SqlRows(copied.values, copied.rows, copied.columns);
}

void run_sql(const String &sql, const Parameters &parameters, RowReceiver &receiver)
{
	ReceiverAdapter adapter = adapter_for(&receiver);
	pg_call([&] {
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		SPIExecuteOptions options = {};
		options.params = list_of(parameters);
		options.dest = &adapter.base;
		int const code = SPI_execute_extended(sql.c_str(), &options);
		if (code < 0)
			elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(code));
		SPI_finish();
	});
}

const char *literal(const char *text)
{
	return pg_call([&] { return quote_literal_cstr(text); });
}

const char *text_of(const char *type, Datum value)
{
	return pg_call([&] {
		Oid output;
		bool is_varlena;
		getTypeOutputInfo(parse_type(type).oid, &output, &is_varlena);
		return OidOutputFunctionCall(output, value);
	});
}

NullableDatum value_of(const char *type, const char *text)
{
	if (text == nullptr)
		return {0, true};
	return pg_call([&] {
		NamedType const named = parse_type(type);
		Oid input;
		Oid parameter;
		getTypeInputInfo(named.oid, &input, &parameter);
		return NullableDatum{
			OidInputFunctionCall(input, const_cast<char *>(text), parameter, named.typmod), false};
	});
}

ColumnType type_named(const char *type)
{
	return pg_call([&] {
		NamedType const named = parse_type(type);
		ColumnType column;
		column.oid = named.oid;
		column.typmod = named.typmod;
		column.collation = get_typcollation(named.oid);
		get_typlenbyval(named.oid, &column.length, &column.by_value);
		return column;
	});
}

const char *full_name(const ColumnType &type)
{
	return pg_call([&] {
		return format_type_extended(type.oid, type.typmod,
									FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
	});
}

} // namespace bulk_sync::pg
