#include "pg/row_store.hpp"

#include "pg/compat_table.hpp"

namespace bulk_sync::pg {

RowStore RowStore::create(const char *name, TupleDesc desc)
{
	Tuplestorestate *const store =
		pg_call([] { return tuplestore_begin_heap(false, false, work_mem); });
	return RowStore(name, desc, store);
}

void RowStore::put(const Datum *values, const bool *nulls)
{
	compat::put_values(store_, desc_, values, nulls);
	count_++;
}

void RowStore::replace(const Datum *values, const bool *nulls)
{
	tuplestore_clear(store_);
	count_ = 0;
	put(values, nulls);
}

void RowStore::rewind()
{
	tuplestore_rescan(store_);
}

bool RowStore::next(TupleTableSlot *slot)
{
	return tuplestore_gettupleslot(store_, true, false, slot);
}

void RowStore::register_in(QueryEnvironment *environment) const
{
	auto *const relation =
		static_cast<EphemeralNamedRelation>(palloc0(sizeof(EphemeralNamedRelationData)));
	relation->md.name = const_cast<char *>(name_);
	relation->md.reliddesc = InvalidOid;
	relation->md.tupdesc = desc_;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = static_cast<double>(Max(count_, expected_));
	relation->reldata = store_;
	register_ENR(environment, relation);
}

void RowStore::finish()
{
	pg_call([&] { tuplestore_end(store_); });
	store_ = nullptr;
}

} // namespace bulk_sync::pg
