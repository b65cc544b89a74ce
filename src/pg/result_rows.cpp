#include "pg/result_rows.hpp"

#include <algorithm>

#include "pg/compat_table.hpp"

namespace bulk_sync::pg {

void ResultRows::put(const Datum *values, const bool *nulls)
{
	if (!has_leading_) {
		compat::put_values(result_->setResult, result_->setDesc, values, nulls);
		return;
	}
	int const columns = result_->setDesc->natts;
	Datum all[most_columns] = {};
	bool all_nulls[most_columns] = {true};
	Assert(columns <= most_columns);
	std::copy_n(values, columns - 1, all + 1);
	std::copy_n(nulls, columns - 1, all_nulls + 1);
	compat::put_values(result_->setResult, result_->setDesc, all, all_nulls);
}

void ResultRows::put_leading(Datum value)
{
	Datum all[most_columns] = {value};
	bool all_nulls[most_columns];
	std::fill_n(all_nulls, most_columns, true);
	all_nulls[0] = false;
	pg_call([&] { compat::put_values(result_->setResult, result_->setDesc, all, all_nulls); });
}

void ResultRows::clear()
{
	pg_call([&] { tuplestore_clear(result_->setResult); });
}

} // namespace bulk_sync::pg
