#include "pg/statement.hpp"

#include "pg/compat_query.hpp"
#include "pg/error_context.hpp"
#include "pg/expression.hpp"
#include "pg/fail.hpp"
#include "pg/foreign_plan.hpp"
#include "pg/page_scan.hpp"
#include "pg/pruning.hpp"
#include "pg/receiver_adapter.hpp"
#include "pg/stored_plan.hpp"

extern "C" {
#include "access/xact.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
}

namespace bulk_sync::pg {

namespace {

/* The statement's text, or the position of the error in it; what SPI's callback adds. */
PG_RAISES void add_statement_context(const char *text)
{
	int const position = geterrposition();
	if (position > 0) {
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
	} else {
		errcontext("SQL statement \"%s\"", text);
	}
}

/* The relation that a statement writes, or else the first that it reads. */
Oid main_relation(const Query *query)
{
	int const index = query->resultRelation != 0 ? query->resultRelation : 1;
	if (index > list_length(query->rtable))
		return InvalidOid;
	auto *const entry = rt_fetch(index, query->rtable);
	return entry->rtekind == RTE_SUBQUERY ? main_relation(entry->subquery) : entry->relid;
}

PG_RAISES void check_relation(const Query *query, Oid relation)
{
	if (main_relation(query) != relation)
		raise({.sqlstate = ERRCODE_T_R_SERIALIZATION_FAILURE,
			   .message =
				   psprintf("relation \"%s\" was renamed during bulk_sync", get_rel_name(relation)),
			   .hint = "Try the call again."});
}

/* What the rewriter makes of a statement, which must still be that statement: a trigger may have
 * made a rule since the target was looked at. */
PG_RAISES Query *rewrite(Query *analyzed, Oid relation)
{
	CmdType const command = analyzed->commandType;
	List *const rewritten = QueryRewrite(analyzed);
	auto *const query = static_cast<Query *>(rewritten == NIL ? nullptr : linitial(rewritten));
	if (list_length(rewritten) != 1 || query->commandType != command ||
		(command != CMD_SELECT && main_relation(query) != relation))
		raise({.sqlstate = ERRCODE_OBJECT_IN_USE,
			   .message =
				   psprintf("cannot write to \"%s\" because of its rules", get_rel_name(relation)),
			   .detail = "A rule was made while the table was being synced."});
	return query;
}

/* Each row of an INSERT evaluates the default for itself, and only where it needs it. */
PG_RAISES void add_null_defaults(Query *insert, const Vector<NullDefault> &defaults)
{
	for (const NullDefault &null_default : defaults) {
		if (null_default.expression == nullptr)
			continue;
		TargetEntry *const entry = get_tle_by_resno(insert->targetList, null_default.column);
		entry->expr = value_or_default(entry->expr, null_default.expression);
	}
}

/* Stops at a relation whose policies apply to the current user, not to the owner of a view. */
PG_RAISES bool visit_policies(Node *node, void *query)
{
	if (node == nullptr)
		return false;
	if (IsA(node, Query))
		return compat::walk_query(reinterpret_cast<Query *>(node), visit_policies, node,
								  QTW_EXAMINE_RTES_BEFORE);
	if (!IsA(node, RangeTblEntry))
		return compat::walk_expression(node, visit_policies, query);
	auto *const entry = reinterpret_cast<RangeTblEntry *>(node);
	if (entry->rtekind != RTE_RELATION)
		return false;
	Oid const user = compat::checked_user(static_cast<Query *>(query), entry);
	return (user == InvalidOid || user == GetUserId()) &&
		   check_enable_rls(entry->relid, user, true) == RLS_ENABLED;
}

/*
 * The flag hasRowSecurity of a query says only that policies were thought of, and before PostgreSQL
 * 15.9, 16.5 and 17.1 it says nothing of those below views and other queries within.
 */
PG_RAISES bool policies_apply(Query *query)
{
	return visit_policies(reinterpret_cast<Node *>(query), nullptr);
}

/*
 * Plans a write by row ids. The ids come in the order of the pages, and the diff has just read
 * those pages: a page that is fetched for a row costs what the next page of a scan costs, not four
 * times as much.
 */
PG_RAISES PlannedStmt *plan_write(Query *query, const char *text, ParamListInfo parameters)
{
	int const level = NewGUCNestLevel();
	set_config_option("random_page_cost", GetConfigOption("seq_page_cost", false, false),
					  PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	PlannedStmt *const plan = compat::plan_query(query, text, 0, parameters);
	AtEOXact_GUC(true, level);
	return plan;
}

/* The types of the columns that a statement gives, as a list of OIDs. */
PG_RAISES List *column_types(const Query *query)
{
	List *const columns =
		query->commandType == CMD_SELECT ? query->targetList : query->returningList;
	List *types = NIL;
	for (int i = 0; i < list_length(columns); i++) {
		auto *const entry = list_nth_node(TargetEntry, columns, i);
		if (!entry->resjunk)
			types = lappend_oid(types, exprType(reinterpret_cast<Node *>(entry->expr)));
	}
	return types;
}

/* A receiver takes its columns by position. */
PG_RAISES void check_columns(TupleDesc given, const List *expected)
{
	bool same = given->natts == list_length(expected);
	for (int i = 0; same && i < given->natts; i++)
		same = TupleDescAttr(given, i)->atttypid == list_nth_oid(expected, i);
	if (!same)
		raise({.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
			   .message = "cannot read the rows of a plan that another extension has made",
			   .detail = "Its columns are not those of the query."});
}

} // namespace

int Parameters::add(Oid type, Datum value, bool is_null)
{
	types.push_back(type);
	values.push_back(value);
	nulls.push_back(is_null);
	return static_cast<int>(types.size());
}

void Statement::bind(const Vector<const RowStore *> &stores, const Parameters *parameters)
{
	environment_ = create_queryEnv();
	for (const RowStore *store : stores)
		store->register_in(environment_);
	if (parameters == nullptr || parameters->types.empty())
		return;
	parameters_ = makeParamList(static_cast<int>(parameters->types.size()));
	for (int i = 0; i < parameters_->numParams; i++) {
		ParamExternData &parameter = parameters_->params[i];
		parameter.value = parameters->values[i];
		parameter.isnull = parameters->nulls[i];
		parameter.pflags = PARAM_FLAG_CONST;
		parameter.ptype = parameters->types[i];
	}
}

Statement Statement::plan(const String &sql, Snapshot snapshot, Oid relation,
						  const Vector<const RowStore *> &stores, const Parameters &parameters,
						  Parallel parallel, Node *condition)
{
	return pg_call([&] {
		Statement statement(pstrdup(sql.c_str()), snapshot);
		statement.bind(stores, &parameters);

		PushActiveSnapshot(snapshot);
		with_error_context(
			[&] { add_statement_context(statement.text_); },
			[&] { statement.analyze_and_plan(relation, parameters, parallel, condition); });
		PopActiveSnapshot();
		return statement;
	});
}

void Statement::analyze_and_plan(Oid relation, const Parameters &parameters, Parallel parallel,
								 Node *condition)
{
	auto *const parsed = linitial_node(RawStmt, raw_parser(text_, RAW_PARSE_DEFAULT));
	Query *const analyzed =
		parse_analyze_fixedparams(parsed, text_, parameters.types.data(),
								  static_cast<int>(parameters.types.size()), environment_);
	check_relation(analyzed, relation);
	add_null_defaults(analyzed, parameters.null_defaults);
	if (condition != nullptr)
		add_condition(analyzed, condition);
	auto *const query = rewrite(analyzed, relation);
	has_policies_ = policies_apply(query);
	column_types_ = column_types(query);
	if (query->commandType == CMD_SELECT) {
		plan_ = compat::plan_query(
			query, text_, parallel == Parallel::allowed ? CURSOR_OPT_PARALLEL_OK : 0, parameters_);
	} else {
		written_ = relation;
		plan_ = plan_write(query, text_, parameters_);
	}
}

Statement Statement::plan_query(Query *query, const char *description, Snapshot snapshot,
								const Vector<const RowStore *> &stores)
{
	return pg_call([&] {
		Statement statement(description, snapshot);
		statement.bind(stores, nullptr);

		PushActiveSnapshot(snapshot);
		auto *const rewritten = linitial_node(Query, QueryRewrite(query));
		statement.column_types_ = column_types(rewritten);
		statement.has_sub_selects_ = rewritten->hasSubLinks;
		statement.targets_ = static_cast<List *>(copyObjectImpl(rewritten->targetList));
		statement.plan_ = compat::plan_query(rewritten, description, 0, nullptr);
		PopActiveSnapshot();
		return statement;
	});
}

bool Statement::gives_stored_tuples(const Relation &relation,
									const Vector<AttrNumber> &columns) const
{
	return pg_call([&] { return reads_stored_tuples(plan_, relation, columns); });
}

void Statement::require_row_ids(const Relation &target) const
{
	pg_call([&] { refuse_foreign_reader(plan_, target); });
}

double Statement::planned_rows() const noexcept
{
	return plan_->planTree->plan_rows;
}

double Statement::planned_cost() const noexcept
{
	return plan_->planTree->total_cost;
}

double Statement::planned_width() const noexcept
{
	return plan_->planTree->plan_width;
}

void Statement::read(RowReceiver &receiver)
{
	ReceiverAdapter adapter = adapter_for(&receiver);
	pg_call([&] {
		with_error_context([&] { add_statement_context(text_); },
						   [&] { execute(&adapter.base, false, compat::run_executor); });
	});
}

void Statement::read_stored(const Relation &relation, StoredReceiver &receiver)
{
	auto const scan = [&](QueryDesc *query) {
		pg_entry([&] { scan_stored(query, relation, receiver); });
	};
	pg_call([&] {
		with_error_context([&] { add_statement_context(text_); },
						   [&] { execute(None_Receiver, false, scan); });
	});
}

uint64 Statement::write(WriteObserver &observer, RowReceiver *returned)
{
	AppliedRows counter(observer);
	ReceiverAdapter adapter = adapter_for(returned);
	return pg_call([&] {
		return with_error_context([&] { add_statement_context(text_); },
								  [&] {
									  return execute(returned == nullptr ? None_Receiver
																		 : &adapter.base,
													 true, compat::run_executor);
								  });
	});
}

QueryDesc *Statement::start()
{
	PushActiveSnapshot(snapshot_);
	QueryDesc *const query = CreateQueryDesc(plan_, text_, snapshot_, InvalidSnapshot,
											 None_Receiver, parameters_, environment_, 0);
	ExecutorStart(query, 0);
	check_columns(query->tupDesc, column_types_);
	PopActiveSnapshot();
	return query;
}

template <typename Run> uint64 Statement::execute(DestReceiver *receiver, bool writes, Run &&run)
{
	if (writes) {
		/* The snapshot stays the same throughout; what we have written since shows. */
		PushCopiedSnapshot(snapshot_);
		CommandCounterIncrement();
		UpdateActiveSnapshotCommandId();
	} else {
		PushActiveSnapshot(snapshot_);
	}

	QueryDesc *const query = CreateQueryDesc(plan_, text_, GetActiveSnapshot(), InvalidSnapshot,
											 receiver, parameters_, environment_, 0);
	ExecutorStart(query, writes ? EXEC_FLAG_SKIP_TRIGGERS : 0);
	if (writes) {
		wrapped_ = is_wrapped(query->planstate);
		AppliedRows::count_rows_of(query->planstate, written_);
	}
	if (!writes || column_types_ != NIL)
		check_columns(query->tupDesc, column_types_);
	run(query);
	uint64 const processed = query->estate->es_processed;
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);

	PopActiveSnapshot();
	if (writes)
		CommandCounterIncrement();
	return processed;
}

} // namespace bulk_sync::pg
