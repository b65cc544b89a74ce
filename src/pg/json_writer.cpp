#include "pg/json_writer.hpp"

extern "C" {
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
}

namespace bulk_sync::pg {

namespace {

/* to_json() asks its call expression for the type of its argument. */
FmgrInfo *to_json_of(const ColumnType &type)
{
	auto *const function = static_cast<FmgrInfo *>(palloc(sizeof(FmgrInfo)));
	fmgr_info_cxt(F_TO_JSON, function, CurrentMemoryContext);
	auto *const argument = makeNullConst(type.oid, type.typmod, type.collation);
	fmgr_info_set_expr(
		reinterpret_cast<Node *>(makeFuncExpr(F_TO_JSON, JSONOID, list_make1(argument), InvalidOid,
											  InvalidOid, COERCE_EXPLICIT_CALL)),
		function);
	return function;
}

} // namespace

JsonColumn::JsonColumn(const char *name, const ColumnType &type)
	: name_(name), function_(pg_call([&] { return to_json_of(type); }))
{
}

void JsonColumn::append(StringInfo text, Datum value, bool is_null) const
{
	if (is_null) {
		appendStringInfoString(text, "null");
		return;
	}
	struct varlena *const json = PG_DETOAST_DATUM_PACKED(FunctionCall1(function_, value));
	appendBinaryStringInfo(text, VARDATA_ANY(json), static_cast<int>(VARSIZE_ANY_EXHDR(json)));
}

void JsonObjectWriter::start()
{
	initStringInfo(&text_);
	appendStringInfoChar(&text_, '{');
}

void JsonObjectWriter::add_name(const char *name)
{
	if (text_.len > 1)
		appendStringInfoString(&text_, ", ");
	escape_json(&text_, name);
	appendStringInfoString(&text_, ": ");
}

void JsonObjectWriter::add(const JsonColumn &column, Datum value, bool is_null)
{
	add_name(column.name());
	column.append(&text_, value, is_null);
}

void JsonObjectWriter::add_change(const JsonColumn &column, Datum old_value, bool old_null,
								  Datum new_value, bool new_null)
{
	add_name(column.name());
	appendStringInfoString(&text_, "{\"old\": ");
	column.append(&text_, old_value, old_null);
	appendStringInfoString(&text_, ", \"new\": ");
	column.append(&text_, new_value, new_null);
	appendStringInfoChar(&text_, '}');
}

Datum JsonObjectWriter::finish()
{
	appendStringInfoChar(&text_, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text_.data));
}

} // namespace bulk_sync::pg
