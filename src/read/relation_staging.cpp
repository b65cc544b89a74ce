#include "read/relation_staging.hpp"

#include "pg/error_context.hpp"
#include "pg/fail.hpp"
#include "pg/scratch.hpp"

#include <algorithm>

#include "pg/access.hpp"
#include "pg/statement.hpp"
#include "plan/rights.hpp"
#include "plan/read_statements.hpp"

namespace bulk_sync {

namespace {

using pg::pg_call;

/* Are the rows in this very relation, so that they stay while we hold it? What another access
 * method than heap does with them is not known. */
bool holds_rows(const pg::Relation &relation)
{
	return (relation.kind() == RELKIND_MATVIEW ||
			(relation.kind() == RELKIND_RELATION && !relation.has_children())) &&
		   relation.get()->rd_rel->relam == HEAP_TABLE_AM_OID;
}

/* Is every value of staging stored as it is? */
bool needs_no_conversion(const ColumnMap &map)
{
	if (map.mark)
		return false;
	auto const as_it_is = [](const Column &column) {
		return column.conversion.kind() == pg::Conversion::Kind::none;
	};
	return std::all_of(map.image.begin(), map.image.end(), as_it_is) &&
		   std::all_of(map.extra.begin(), map.extra.end(), as_it_is);
}

/* The columns that select_staging() selects. */
Vector<AttrNumber> selected(const ColumnMap &map)
{
	Vector<AttrNumber> columns;
	for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++)
		if (!map.column_at(i).is_mark())
			columns.push_back(map.column_at(i).staging);
	return columns;
}

/* May the tuples of staging be taken whole? They are kept in memory, and so most of them has to be of
 * use. */
bool may_take_stored_tuples(const ColumnMap &map, const pg::Relation &staging)
{
	return holds_rows(staging) && needs_no_conversion(map) && staging.is_mostly(selected(map));
}

/* Tells the observer when another so many rows have been read. */
void tell(const Diff &diff, uint64 before, Observer &observer) noexcept
{
	if (diff.counts().staged / Observer::told_rows != before / Observer::told_rows)
		observer.reading(diff.counts().staged);
}

/* Takes the tuples of staging as they are stored. */
class StoredStagingReceiver final : public pg::StoredReceiver {
  public:
	StoredStagingReceiver(Diff &diff, Observer &observer) : diff_(diff), observer_(observer) {}

	/* There is but one table. */
	void begin(::Relation, const AttrNumber *) override {}

	PG_RAISES void tuple(const HeapTupleData &tuple) override { page(&tuple, 1); }

	PG_RAISES void page(const HeapTupleData *tuples, int count) override
	{
		uint64 const before = diff_.counts().staged;
		diff_.add_staged_page(tuples, count);
		tell(diff_, before, observer_);
	}

  private:
	Diff &diff_;
	Observer &observer_;
};

/* Converts the rows of staging. Where it is in a row stays here, for the context of errors. */
class StagingReceiver final : public pg::RowReceiver {
  public:
	StagingReceiver(const ColumnMap &map, const RelationStaging &staging, Diff &diff,
					Observer &observer)
		: map_(map), staging_(staging), diff_(diff), observer_(observer),
		  keeps_pointers_(holds_rows(staging.relation())), converts_(!needs_no_conversion(map)),
		  row_(RowValues::with_room_for(static_cast<int>(map.image.size() + map.extra.size()))),
		  scratch_("bulk_sync conversion")
	{
		if (keeps_pointers_)
			return;
		for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++)
			if (map.column_at(i).type.is_varlena())
				varlenas_.push_back(static_cast<int>(i));
	}

	PG_RAISES void row(TupleTableSlot *slot) override
	{
		slot_getallattrs(slot);
		if (!converts_ && !has_pointer(slot))
			diff_.add_staged(slot->tts_values, slot->tts_isnull);
		else
			convert_and_add(slot);
		tell(diff_, diff_.counts().staged - 1, observer_);
	}

  private:
	/* Is a value elsewhere, where it is not known how long it stays? */
	bool has_pointer(TupleTableSlot *slot) const noexcept
	{
		for (int const column : varlenas_)
			if (!slot->tts_isnull[column] &&
				VARATT_IS_EXTERNAL(DatumGetPointer(slot->tts_values[column])))
				return true;
		return false;
	}

	PG_RAISES void convert_and_add(TupleTableSlot *slot)
	{
		slot_ = slot;
		scratch_.keep(
			[&] { pg::with_error_context([&] { add_context(); }, [&] { convert_row(); }); });
		diff_.add_staged(row_.values, row_.nulls);
		scratch_.reset();
	}

	PG_RAISES void convert_row()
	{
		position_ = 0;
		staged_ = 0;
		for (const Column &column : map_.image)
			convert(column);
		for (const Column &column : map_.extra)
			convert(column);
		fill_mark(map_, row_);
	}

	PG_RAISES void convert(const Column &column)
	{
		if (column.is_mark()) {
			position_++;
			return;
		}
		Datum value = slot_->tts_values[staged_];
		bool is_null = slot_->tts_isnull[staged_];
		/* A domain may forbid the NULL that stands for a default; the column is NOT NULL anyway. */
		bool const converts_null = column.conversion.converts_null() && !column.null_defaults;
		if (column.conversion.kind() != pg::Conversion::Kind::none && (!is_null || converts_null))
			value = column.conversion.apply(value, is_null);
		/* A pointer into a TOAST table outlives the scan only when we hold that table. */
		if (!is_null && !keeps_pointers_ && column.type.is_varlena())
			value = pg::without_toast_pointer(value);
		row_.values[position_] = value;
		row_.nulls[position_] = is_null;
		position_++;
		staged_++;
	}

	/* column "age" of staging relation "import", value "x1", key (name)=(Bob) */
	PG_RAISES void add_context()
	{
		TupleTableSlot *const slot = slot_;
		if (slot == nullptr)
			return;
		/* Printing a value may raise, which must not bring us here again. After a notice the
		 * conversion goes on, with the slot put back. */
		slot_ = nullptr;
		/* A Gather has no names for its columns. */
		TupleDesc const desc = CreateTupleDescCopy(slot->tts_tupleDescriptor);
		for (int i = 0; i < map_.key_count(); i++)
			namestrcpy(&TupleDescAttr(desc, i)->attname, map_.image[i].name);
		const char *const key =
			pg::describe_values(desc, slot->tts_values, slot->tts_isnull, map_.key_count());
		const char *const value =
			pg::describe_value(desc, slot->tts_values, slot->tts_isnull, staged_);
		errcontext("column \"%s\" of %s, value %s, key %s", map_.column_at(position_).name,
				   staging_.description(), value, key);
		slot_ = slot;
	}

	const ColumnMap &map_;
	const RelationStaging &staging_;
	Diff &diff_;
	Observer &observer_;
	bool keeps_pointers_;
	bool converts_;
	Vector<int> varlenas_; /* columns that may point elsewhere; none when pointers are kept */
	RowValues row_;
	pg::Scratch scratch_;
	TupleTableSlot *slot_ = nullptr;
	int position_ = 0; /* in the row of the diff */
	int staged_ = 0;   /* in the row of staging, which has no mark */
};

/* Rows are converted and hashed as they come, which is while workers run. */
pg::Parallel parallel_for(const ColumnMap &map)
{
	auto const is_safe = [](const Column &column) { return column.conversion.is_parallel_safe(); };
	return map.keys_are_parallel_safe() &&
				   std::all_of(map.image.begin(), map.image.end(), is_safe) &&
				   std::all_of(map.extra.begin(), map.extra.end(), is_safe)
			   ? pg::Parallel::allowed
			   : pg::Parallel::forbidden;
}

void refuse_policies(const Staging &staging)
{
	pg::fail(
		{.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
		 .message = pg::format("row-level security policies apply to %s", staging.description()),
		 .detail = "Rows that a policy hides would be missing in staging, and their "
				   "counterparts in the target deleted.",
		 .hint = "Copy the rows that are meant into a temporary table and use that as "
				 "staging."});
}

void check_staging(const pg::Relation &relation)
{
	check_readable(relation);
	if (relation.is_temporary_of_other_session())
		pg::fail({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
				  .message = pg::format("cannot use \"%s\" as staging", relation.name()),
				  .detail = "It is a temporary table of another session."});
}

} // namespace

RelationStaging RelationStaging::open(Oid oid)
{
	pg::Relation const relation = pg::Relation::open(oid, AccessShareLock);
	check_staging(relation);
	return {relation, pg::format("staging relation \"%s\"", relation.name())};
}

/* The analysis locks what a view reads, the planner partitions and children. */
void RelationStaging::lock_sources(const Plan &plan, Snapshot snapshot) const
{
	if (!holds_rows(relation_))
		pg::Statement::plan(select_staging(plan.map, relation_), snapshot, relation_.oid(), {}, {});
}

void RelationStaging::scan(const Plan &plan, Snapshot snapshot, Diff &diff,
						   Observer &observer) const
{
	bool const may_take_stored = may_take_stored_tuples(plan.map, relation_);
	std::optional<pg::WholeTable> const whole =
		may_take_stored ? pg::without_plan(relation_, snapshot) : std::nullopt;
	if (whole)
		scan_without_plan(plan, *whole, snapshot, diff, observer);
	else
		scan_by_plan(plan, snapshot, may_take_stored, diff, observer);
	pg_call([&] { diff.end_staged(); });
}

void RelationStaging::scan_without_plan(const Plan &plan, const pg::WholeTable &whole,
										Snapshot snapshot, Diff &diff, Observer &observer) const
{
	if (pg::row_security_applies(relation_.oid()))
		refuse_policies(*this);
	Vector<AttrNumber> const columns = selected(plan.map);
	diff.expect_staged(whole.rows, static_cast<double>(relation_.width(columns)));
	observer.expect(whole.rows);
	StoredStagingReceiver receiver(diff, observer);
	diff.take_stored_staging(RelationGetDescr(relation_.get()));
	pg::read_whole_table(relation_, whole, columns, snapshot, receiver);
}

void RelationStaging::scan_by_plan(const Plan &plan, Snapshot snapshot, bool may_take_stored,
								   Diff &diff, Observer &observer) const
{
	auto statement = pg::Statement::plan(select_staging(plan.map, relation_), snapshot,
										 relation_.oid(), {}, {}, parallel_for(plan.map));
	if (statement.has_policies())
		refuse_policies(*this);
	diff.expect_staged(statement.planned_rows(), statement.planned_width());
	observer.expect(statement.planned_rows());
	if (may_take_stored && statement.gives_stored_tuples(relation_, selected(plan.map))) {
		StoredStagingReceiver receiver(diff, observer);
		diff.take_stored_staging(RelationGetDescr(relation_.get()));
		statement.read_stored(relation_, receiver);
	} else {
		StagingReceiver receiver(plan.map, *this, diff, observer);
		diff.form_staging(plan.target.tuple_desc());
		statement.read(receiver);
	}
}

} // namespace bulk_sync
