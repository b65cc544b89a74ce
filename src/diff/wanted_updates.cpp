#include "diff/wanted_updates.hpp"

#include "pg/error_context.hpp"

namespace bulk_sync {

WantedUpdates::WantedUpdates(const Plan &plan, Snapshot snapshot, DiffSink &next)
	: plan_(plan), next_(next), test_(update_test(plan)), store_(update_test_store(test_)),
	  statement_(plan_update_test(plan, test_, store_, snapshot)), row_test_(statement_, store_),
	  row_(RowValues::with_room_for(test_.desc->natts))
{
}

void WantedUpdates::updated(const ChangedRow &row)
{
	auto const describe = [&] {
		errcontext("bulk_sync update_when, row of \"%s\" with key %s", plan_.target.name(),
				   pg::describe_values(plan_.map.key_desc, row.old_values.values,
									   row.old_values.nulls, plan_.map.key_count()));
	};
	if (pg::with_error_context(describe, [&] { return is_wanted(row); }))
		next_.updated(row);
	else
		next_.held_back(row);
}

bool WantedUpdates::is_wanted(const ChangedRow &row)
{
	for (const pg::Generation &generation : plan_.update_when.new_columns.generated)
		refuse_unknown(generation, row);
	row_.values[0] = ObjectIdGetDatum(row.target.id.table);
	row_.nulls[0] = false;
	int at = 1;
	for (const TestedColumn &column : test_.columns) {
		const RowValues &from = column.of_new_row ? row.new_values : row.old_values;
		row_.values[at] = from.values[column.position];
		row_.nulls[at] = from.nulls[column.position];
		at++;
	}
	return row_test_.is_true(row_.values, row_.nulls);
}

/* A child may compute a column from columns that are not known here; what the row has there holds
 * unless one of them changes. */
void WantedUpdates::refuse_unknown(const pg::Generation &generation, const ChangedRow &row) const
{
	if (!list_member_oid(generation.unknown, row.target.id.table))
		return;
	for (std::size_t i = 0; i < plan_.map.image.size(); i++)
		if (row.changed[i] && generation.is_unknown_from(plan_.map.image[i].target))
			pg::refuse_unknown_column(plan_.target, generation.column, row.target.id.table);
	for (const TouchedColumn &column : plan_.map.touched)
		if (generation.is_unknown_from(column.column))
			pg::refuse_unknown_column(plan_.target, generation.column, row.target.id.table);
}

void WantedUpdates::finish()
{
	row_test_.finish();
	store_.finish();
}

} // namespace bulk_sync
