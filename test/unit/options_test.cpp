/*
 * The table of options, told in the words of pg_get_function_arguments(), to be compared with the
 * SQL declarations.
 */
#include "pg/relation.hpp"
#include "plan/options.hpp"
#include "unit.hpp"

UNIT_FUNCTION(unit_arguments);

namespace {

using bulk_sync::Function;
using bulk_sync::Option;
namespace pg = bulk_sync::pg;

struct Named {
	const char *name;
	Function function;
};

constexpr Named functions[] = {
	{"bulk_sync", Function::bulk_sync},
	{"bulk_sync_json", Function::bulk_sync_json},
	{"bulk_compare", Function::bulk_compare},
	{"bulk_sync_returning", Function::bulk_sync_returning},
	{"bulk_sync_json_returning", Function::bulk_sync_json_returning},
};

/* target regclass, staging regclass, keys text[], filter text DEFAULT NULL::text, .. */
pg::String arguments_of(Function function)
{
	pg::String text;
	bulk_sync::each_option(function, [&](const Option &option, int position) {
		text.append(position == 0 ? "" : ", ")
			.append(pg::quoted(option.name))
			.append(" ")
			.append(option.type);
		if (option.default_sql != nullptr)
			text.append(" DEFAULT ").append(option.default_sql);
	});
	return text;
}

} // namespace

/* A function per line: its name, a blank, and its arguments. */
Datum unit_arguments(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	return pg::pg_entry([] {
		pg::String lines;
		for (const Named &named : functions)
			lines.append(lines.empty() ? "" : "\n")
				.append(named.name)
				.append(" ")
				.append(arguments_of(named.function));
		return pg::pg_call([&] { return CStringGetTextDatum(lines.c_str()); });
	});
}
