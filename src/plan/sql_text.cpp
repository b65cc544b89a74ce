#include "plan/sql_text.hpp"

namespace bulk_sync {

pg::String &append_number(pg::String &text, std::size_t number)
{
	char digits[24];
	auto length = sizeof(digits);
	do
		digits[--length] = static_cast<char>('0' + number % 10);
	while ((number /= 10) != 0);
	return text.append(digits + length, sizeof(digits) - length);
}

pg::String &append_column(pg::String &text, const char *relation, std::size_t position)
{
	return append_number(text.append(relation).append(".c"), position);
}

pg::String &append_row_id_join(pg::String &text)
{
	return text.append("t.tableoid OPERATOR(pg_catalog.=) d.c1"
					   " AND t.ctid OPERATOR(pg_catalog.=) d.c2"
					   " AND t.xmin OPERATOR(pg_catalog.=) d.c3");
}

} // namespace bulk_sync
