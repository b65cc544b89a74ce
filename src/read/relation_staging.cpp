#include "read/relation_staging.hpp"

#include "pg/fail.hpp"

#include <algorithm>

#include "pg/access.hpp"
#include "pg/statement.hpp"
#include "plan/rights.hpp"
#include "plan/read_statements.hpp"
#include "read/staging_receiver.hpp"

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

/* The columns that select_staging() selects. */
Vector<AttrNumber> selected(const ColumnMap &map)
{
	Vector<AttrNumber> columns;
	for (std::size_t i = 0; i < map.image.size() + map.extra.size(); i++)
		if (!map.column_at(i).is_mark())
			columns.push_back(map.column_at(i).staging);
	return columns;
}

/* May the tuples of staging be taken whole? They are kept in memory, so most of them has to be of
 * use. */
bool may_take_stored_tuples(const ColumnMap &map, const pg::Relation &staging)
{
	return holds_rows(staging) && needs_no_conversion(map) && staging.is_mostly(selected(map));
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
		tell_of_staging(diff_, before, observer_);
	}

  private:
	Diff &diff_;
	Observer &observer_;
};

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
	RelationStaging staging = open(oid, nullptr);
	staging.description_ = pg::format("staging relation \"%s\"", staging.relation_.name());
	return staging;
}

RelationStaging RelationStaging::open(Oid oid, const char *description)
{
	pg::Relation const relation = pg::Relation::open(oid, AccessShareLock);
	check_staging(relation);
	return {relation, description};
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
										 relation_.oid(), {}, {}, parallel_for_staging(plan.map));
	if (statement.has_policies())
		refuse_policies(*this);
	diff.expect_staged(statement.planned_rows(), statement.planned_width());
	observer.expect(statement.planned_rows());
	if (may_take_stored && statement.gives_stored_tuples(relation_, selected(plan.map))) {
		StoredStagingReceiver receiver(diff, observer);
		diff.take_stored_staging(RelationGetDescr(relation_.get()));
		statement.read_stored(relation_, receiver);
	} else {
		StagingReceiver receiver({plan.map, description_, holds_rows(relation_)}, diff, observer);
		diff.form_staging(plan.target.tuple_desc());
		statement.read(receiver);
	}
}

} // namespace bulk_sync
