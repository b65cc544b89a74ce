#include "pg/conversion.hpp"

#include "pg/parallel_safety.hpp"

extern "C" {
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
}

namespace bulk_sync::pg {

namespace {

/*
 * The assignment cast over a placeholder that stands for the source value, as PL/pgSQL casts what
 * it assigns (get_cast_hashentry in pl_exec.c). COERCION_ASSIGNMENT makes the length coercion
 * raise where an explicit cast would cut. nullptr when there is no such cast.
 */
PG_RAISES Node *assignment_cast(const ColumnType &source, const ColumnType &target)
{
	auto *const placeholder = makeNode(CaseTestExpr);
	placeholder->typeId = source.oid;
	placeholder->typeMod = source.typmod;
	placeholder->collation = source.collation;
	return coerce_to_target_type(nullptr, reinterpret_cast<Node *>(placeholder), source.oid,
								 target.oid, target.typmod, COERCION_ASSIGNMENT,
								 COERCE_IMPLICIT_CAST, -1);
}

/* A cast that only relabels the type changes no value. */
bool is_relabel(Node *cast)
{
	while (IsA(cast, RelabelType))
		cast = reinterpret_cast<Node *>(reinterpret_cast<RelabelType *>(cast)->arg);
	return IsA(cast, CaseTestExpr);
}

} // namespace

Conversion Conversion::between(const ColumnType &source, const ColumnType &target)
{
	return pg_call([&] { return find(source, target); });
}

Conversion Conversion::find(const ColumnType &source, const ColumnType &target)
{
	Conversion conversion;
	conversion.typmod_ = target.typmod;
	conversion.is_domain_ = getBaseType(target.oid) != target.oid;
	/* The parser would find no cast either. */
	if (source.oid == target.oid && source.typmod == target.typmod)
		return conversion;

	/* From text to text an INSERT's cast is right; to other types some casts take other input than
	 * the type writes as output (regclass). */
	bool const reads_text = is_text_type(source.oid) && !is_text_type(target.oid);
	Node *const cast = reads_text ? nullptr : assignment_cast(source, target);
	if (cast != nullptr) {
		/* Functions such as citext's need a collation, as they would have in the INSERT. */
		assign_expr_collations(nullptr, cast);
		Expr *const planned = expression_planner(reinterpret_cast<Expr *>(cast));
		if (is_relabel(reinterpret_cast<Node *>(planned))) {
			conversion.parallel_safe_ =
				source.oid == target.oid || may_write_in_parallel(source.oid);
			return conversion;
		}
		conversion.kind_ = Kind::expression;
		conversion.parallel_safe_ = may_write_in_parallel(source.oid) &&
									may_evaluate_in_parallel(reinterpret_cast<Node *>(planned));
		conversion.expression_ = ExecInitExpr(planned, nullptr);
		conversion.evaluation_ = CreateStandaloneExprContext();
		return conversion;
	}
	if (!reads_text) {
		conversion.kind_ = Kind::impossible;
		return conversion;
	}
	Oid input;
	conversion.kind_ = Kind::input;
	conversion.is_padded_ = getBaseType(source.oid) == BPCHAROID;
	getTypeInputInfo(target.oid, &input, &conversion.input_parameter_);
	conversion.parallel_safe_ =
		may_write_in_parallel(source.oid) && may_read_in_parallel(target.oid);
	conversion.input_ = static_cast<FmgrInfo *>(palloc(sizeof(FmgrInfo)));
	fmgr_info(input, conversion.input_);
	return conversion;
}

Datum Conversion::apply(Datum value, bool &is_null) const
{
	switch (kind_) {
	case Kind::input:
		return apply_input(value, is_null);
	case Kind::expression:
		return apply_expression(value, is_null);
	default:
		return value;
	}
}

Datum Conversion::apply_input(Datum value, bool &is_null) const
{
	char *const written = is_null ? nullptr : TextDatumGetCString(value);
	if (is_padded_ && !is_null)
		written[bpchartruelen(written, static_cast<int>(strlen(written)))] = '\0';
	return InputFunctionCall(input_, written, input_parameter_, typmod_);
}

Datum Conversion::apply_expression(Datum value, bool &is_null) const
{
	evaluation_->caseValue_datum = value;
	evaluation_->caseValue_isNull = is_null;
	return ExecEvalExpr(expression_, evaluation_, &is_null);
}

} // namespace bulk_sync::pg
