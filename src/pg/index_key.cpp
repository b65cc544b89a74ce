#include "pg/index_key.hpp"

#include "pg/scratch.hpp"

extern "C" {
#include "access/genam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/rel.h"
}

namespace bulk_sync::pg {

IndexKeyReader::IndexKeyReader(::Relation table, ::Relation index)
	: table_(table), index_(index), info_(BuildIndexInfo(index)), state_(CreateExecutorState())
{
	/* A temporal key is unique by operators of an exclusion constraint (18). */
	if (info_->ii_ExclusionProcs != nullptr) {
		keep_operators(info_->ii_ExclusionProcs, info_->ii_ExclusionStrats);
	} else if (index->rd_index->indisunique && index->rd_rel->relam == BTREE_AM_OID) {
		BuildSpeculativeIndexInfo(index, info_);
		keep_operators(info_->ii_UniqueProcs, info_->ii_UniqueStrats);
	}
	if (info_->ii_Predicate != NIL)
		predicate_ = ExecPrepareQual(info_->ii_Predicate, state_);
	for (int i = 0; i < info_->ii_NumIndexKeyAttrs; i++)
		if (info_->ii_IndexAttrNumbers[i] != 0)
			columns_ = bms_add_member(columns_, info_->ii_IndexAttrNumbers[i] -
													FirstLowInvalidHeapAttributeNumber);
	pull_varattnos(reinterpret_cast<Node *>(info_->ii_Expressions), 1, &columns_);
	pull_varattnos(reinterpret_cast<Node *>(info_->ii_Predicate), 1, &columns_);
}

void IndexKeyReader::keep_operators(const Oid *functions, const uint16 *strategies)
{
	strategies_ = strategies;
	operators_ = static_cast<FmgrInfo *>(palloc0(sizeof(FmgrInfo) * info_->ii_NumIndexKeyAttrs));
	for (int i = 0; i < info_->ii_NumIndexKeyAttrs; i++)
		fmgr_info(functions[i], &operators_[i]);
}

void IndexKeyReader::finish()
{
	FreeExecutorState(state_);
}

bool IndexKeyReader::read(TupleTableSlot *slot, IndexKey &key)
{
	ExprContext *const context = GetPerTupleExprContext(state_);
	ResetExprContext(context);
	context->ecxt_scantuple = slot;
	if (predicate_ != nullptr && !ExecQual(predicate_, context))
		return false;
	FormIndexDatum(info_, slot, state_, key.values, key.nulls);
	return true;
}

IndexKey *IndexKeyReader::copy(const IndexKey &key) const
{
	auto *const result = static_cast<IndexKey *>(palloc(sizeof(IndexKey)));
	*result = key;
	ListCell *expression = list_head(info_->ii_Expressions);
	for (int i = 0; i < info_->ii_NumIndexKeyAttrs; i++) {
		AttrNumber const number = info_->ii_IndexAttrNumbers[i];
		int16 length;
		bool by_value;
		if (number != 0) {
			Form_pg_attribute const column = TupleDescAttr(RelationGetDescr(table_), number - 1);
			length = column->attlen;
			by_value = column->attbyval;
		} else {
			get_typlenbyval(exprType(static_cast<Node *>(lfirst(expression))), &length, &by_value);
			expression = lnext(info_->ii_Expressions, expression);
		}
		if (!key.nulls[i])
			result->values[i] = datumCopy(key.values[i], by_value, length);
	}
	return result;
}

bool IndexKeyReader::can_be_refused(const IndexKey &key) const
{
	bool has_null = false;
	for (int i = 0; i < info_->ii_NumIndexKeyAttrs; i++)
		has_null = has_null || key.nulls[i];
	return operators_ != nullptr && (!has_null || info_->ii_NullsNotDistinct);
}

bool IndexKeyReader::collide(const IndexKey &existing, const IndexKey &added) const
{
	return in_context(GetPerTupleMemoryContext(state_), [&] {
		bool result = operators_ != nullptr;
		for (int i = 0; result && i < info_->ii_NumIndexKeyAttrs; i++) {
			if (existing.nulls[i] || added.nulls[i])
				result = existing.nulls[i] && added.nulls[i] && info_->ii_NullsNotDistinct;
			else
				result = DatumGetBool(FunctionCall2Coll(&operators_[i], index_->rd_indcollation[i],
														existing.values[i], added.values[i]));
		}
		return result;
	});
}

int IndexKeyReader::conditions(const IndexKey &key, ScanKeyData *result) const
{
	if (operators_ == nullptr)
		return 0;
	for (int i = 0; i < info_->ii_NumIndexKeyAttrs; i++) {
		if (key.nulls[i])
			return 0;
		ScanKeyEntryInitialize(&result[i], 0, static_cast<AttrNumber>(i + 1), strategies_[i],
							   InvalidOid, index_->rd_indcollation[i], operators_[i].fn_oid,
							   key.values[i]);
	}
	return info_->ii_NumIndexKeyAttrs;
}

bool IndexKeyReader::is_named(const IndexKey &key, const char *detail) const
{
	if (detail == nullptr)
		return false;
	IndexKey named = key;
	const char *const text = in_context(GetPerTupleMemoryContext(state_), [&] {
		return BuildIndexValueDescription(index_, named.values, named.nulls);
	});
	return text != nullptr && strstr(detail, text) != nullptr;
}

} // namespace bulk_sync::pg
