#include "pg/result_rows.hpp"

#include "pg/compat.hpp"

namespace bulk_sync::pg {

void ResultRows::put(const Datum *values, const bool *nulls)
{
	compat::put_values(result_->setResult, result_->setDesc, values, nulls);
}

void ResultRows::clear()
{
	pg_call([&] { tuplestore_clear(result_->setResult); });
}

} // namespace bulk_sync::pg
