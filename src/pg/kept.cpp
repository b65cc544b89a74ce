#include "pg/kept.hpp"

namespace bulk_sync::pg {

struct KeptList {
	static Kept *last;

	static void forget(const Kept *kept) noexcept
	{
		for (Kept **at = &last; *at != nullptr; at = &(*at)->previous_)
			if (*at == kept) {
				*at = kept->previous_;
				return;
			}
	}

	static void forget_all_of(SubTransactionId subtransaction) noexcept
	{
		for (Kept **at = &last; *at != nullptr;)
			if ((*at)->made_in_ == subtransaction)
				*at = (*at)->previous_;
			else
				at = &(*at)->previous_;
	}

	static void end_all_of(SubTransactionId subtransaction)
	{
		for (Kept *kept = last; kept != nullptr;) {
			Kept *const previous = kept->previous_;
			if (kept->made_in_ == subtransaction)
				kept->end();
			kept = previous;
		}
	}

	PG_RAISES static void at_end_of_subtransaction(SubXactEvent event, SubTransactionId own,
												   SubTransactionId, void *)
	{
		if (event == SUBXACT_EVENT_ABORT_SUB)
			forget_all_of(own);
		else if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
			pg_entry([&] { end_all_of(own); });
	}

	PG_RAISES static void at_end_of_transaction(XactEvent event, void *)
	{
		if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
			last = nullptr;
		else if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
			pg_entry([&] {
				while (last != nullptr)
					last->end();
			});
	}

	/* Once in a session. */
	PG_RAISES static void watch_transactions()
	{
		static bool watching = false;
		if (watching)
			return;
		RegisterXactCallback(at_end_of_transaction, nullptr);
		RegisterSubXactCallback(at_end_of_subtransaction, nullptr);
		watching = true;
	}
};

Kept *KeptList::last = nullptr;

Kept::Kept()
	: previous_(KeptList::last), context_(CurrentMemoryContext), owner_(CurrentResourceOwner),
	  made_in_(pg_call([] { return GetCurrentSubTransactionId(); }))
{
	pg_call([] { KeptList::watch_transactions(); });
	KeptList::last = this;
}

Kept *Kept::last() noexcept
{
	return KeptList::last;
}

void Kept::end()
{
	run([&] { release(); });
	KeptList::forget(this);
	MemoryContextDelete(context_);
}

MemoryContext Kept::make_memory(const char *name)
{
	return pg_call([&] {
		return AllocSetContextCreateInternal(CurTransactionContext, name, ALLOCSET_DEFAULT_SIZES);
	});
}

} // namespace bulk_sync::pg
