#include "pg/given_values.hpp"

#include "pg/fail.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
}

namespace bulk_sync::pg {

namespace {

/* The values outlive the row that is being inserted. */
PG_RAISES void note_value(GivenColumn &column, Datum value, bool is_null)
{
	const char *text = nullptr;
	if (!is_null) {
		Oid output;
		bool is_varlena;
		getTypeOutputInfo(column.type.oid, &output, &is_varlena);
		text = MemoryContextStrdup(column.values.get_allocator().context(),
								   OidOutputFunctionCall(output, value));
	}
	column.values.push_back(text);
}

PG_RAISES Datum give_value(GivenColumn &column, bool &is_null)
{
	if (column.next == column.values.size())
		raise({.sqlstate = ERRCODE_INTERNAL_ERROR,
			   .message =
				   psprintf("a copy has more new rows with defaults in \"%s\" than the first one",
							column.name)});
	const char *const text = column.values[column.next++];
	is_null = text == nullptr;
	if (is_null)
		return 0;
	Oid input;
	Oid parameter;
	getTypeInputInfo(column.type.oid, &input, &parameter);
	return OidInputFunctionCall(input, const_cast<char *>(text), parameter, column.type.typmod);
}

} // namespace

GivenValues::GivenValues(Oid function)
	: function_(pg_call([&] {
		  char *const schema = get_namespace_name(get_func_namespace(function));
		  Oid const types[] = {INTERNALOID, ANYOID};
		  return LookupFuncName(
			  list_make2(makeString(schema), makeString(pstrdup("bulk_sync_given_value"))), 2,
			  types, false);
	  }))
{
}

GivenColumn *GivenValues::add(const Attribute &attribute, bool is_given)
{
	auto *const column = new (Allocator<GivenColumn>().allocate(1)) GivenColumn;
	column->name = attribute.name;
	column->type = attribute.type;
	column->is_given = is_given;
	columns_.push_back(column);
	return column;
}

/* bulk_sync_given_value(column, expression), of the type of the column: a call that no parser could
 * make, and whose function has to return whatever the type says. */
Node *GivenValues::call(GivenColumn *column, Node *expression) const
{
	return pg_call([&] {
		Const *const state = makeConst(INTERNALOID, -1, InvalidOid, sizeof(Datum),
									   PointerGetDatum(column), false, true);
		FuncExpr *const call =
			makeFuncExpr(function_, column->type.oid, list_make2(state, expression),
						 column->type.collation, InvalidOid, COERCE_EXPLICIT_CALL);
		return reinterpret_cast<Node *>(call);
	});
}

Node *GivenValues::note(const Attribute &attribute, Node *expression)
{
	return call(add(attribute, false), expression);
}

Node *GivenValues::give(const Attribute &attribute, Vector<const char *> &&values)
{
	GivenColumn *const column = add(attribute, true);
	column->values = std::move(values);
	return call(column, pg_call([&] {
					return reinterpret_cast<Node *>(makeNullConst(
						column->type.oid, column->type.typmod, column->type.collation));
				}));
}

void GivenValues::restart() noexcept
{
	for (GivenColumn *const column : columns_) {
		column->next = 0;
		if (!column->is_given)
			column->values.clear();
	}
}

Datum GivenValues::value_for(FunctionCallInfo call)
{
	auto &column = *reinterpret_cast<GivenColumn *>(DatumGetPointer(call->args[0].value));
	if (column.is_given)
		return give_value(column, call->isnull);
	note_value(column, call->args[1].value, call->args[1].isnull);
	call->isnull = call->args[1].isnull;
	return call->args[1].value;
}

} // namespace bulk_sync::pg
