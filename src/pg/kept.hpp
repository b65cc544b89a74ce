/*
 * What outlives the call of an SQL function, up to the end of the transaction or subtransaction in
 * which it was made.
 */
#pragma once

#include "pg/memory.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/resowner.h"
}

namespace bulk_sync::pg {

/*
 * An object that lives in memory of the (sub)transaction. An abort forgets it, without a call of
 * its own: memory, files, snapshots and relations go with the server's resource owner. One that is
 * still there at a commit is released.
 */
class Kept {
  public:
	Kept(const Kept &) = delete;
	Kept &operator=(const Kept &) = delete;

	/* The last one that was made in this session, and those before it. */
	static Kept *last() noexcept;
	Kept *previous() const noexcept { return previous_; }

	/* Runs the function with the memory and the resource owner of the object as the current ones.
	 * Throws what it does. */
	template <typename Function> auto run(Function &&function) const -> decltype(function())
	{
		Current const current(context_, owner_);
		return function();
	}

	/* Gives back what the server holds for the object, and is called within run(). Throws Error. */
	virtual void release() = 0;
	/* Releases and forgets it, and frees its memory. Throws Error. */
	void end();

	/* Memory for an object to be kept, of the current (sub)transaction. Throws Error. */
	static MemoryContext make_memory(const char *name);
	/* Runs the function in it. */
	template <typename Function>
	static auto make(MemoryContext context, Function &&function) -> decltype(function())
	{
		Current const current(context, CurTransactionResourceOwner);
		return function();
	}

  protected:
	/* In the current memory context, which has to be from make_memory(). Throws Error. */
	Kept();
	~Kept() = default;

  private:
	/* Sets variables alone, back as well, so it may end while an error is on its way. */
	class Current {
	  public:
		Current(MemoryContext context, ResourceOwner owner) noexcept
			: context_(MemoryContextSwitchTo(context)), owner_(CurrentResourceOwner)
		{
			CurrentResourceOwner = owner;
		}
		Current(const Current &) = delete;
		Current &operator=(const Current &) = delete;
		~Current()
		{
			MemoryContextSwitchTo(context_);
			CurrentResourceOwner = owner_;
		}

	  private:
		MemoryContext context_;
		ResourceOwner owner_;
	};

	friend struct KeptList;

	Kept *previous_;
	MemoryContext context_;
	ResourceOwner owner_;
	SubTransactionId made_in_;
};

} // namespace bulk_sync::pg
