#include "pg/progress.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/concurrency.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/timestamp.h"
}

namespace bulk_sync::pg {

namespace {

constexpr int field_count = static_cast<int>(ProgressField::count);

/* Written by one backend alone; a reader may see a call between two of its steps, as it may in the
 * server's own views. */
struct Slot {
	pg_atomic_uint64 pid; /* 0: no call is running */
	pg_atomic_uint64 database;
	pg_atomic_uint64 user;
	pg_atomic_uint64 target;
	pg_atomic_uint64 started;
	pg_atomic_uint64 fields[field_count];
};

Slot *slots = nullptr;
bool is_shown = false; /* does this backend show a call? */

void init_slots(void *memory)
{
	auto *const all = static_cast<Slot *>(memory);
	for (int i = 0; i < compat::backend_slots(); i++) {
		pg_atomic_init_u64(&all[i].pid, 0);
		pg_atomic_init_u64(&all[i].database, 0);
		pg_atomic_init_u64(&all[i].user, 0);
		pg_atomic_init_u64(&all[i].target, 0);
		pg_atomic_init_u64(&all[i].started, 0);
		for (pg_atomic_uint64 &field : all[i].fields)
			pg_atomic_init_u64(&field, 0);
	}
}

Size memory_size()
{
	return sizeof(Slot) * static_cast<Size>(compat::backend_slots());
}

#if PG_VERSION_NUM >= 170000

/* Raises when there is no memory to be had. */
void get_memory()
{
	slots =
		static_cast<Slot *>(compat::named_memory("bulk_sync progress", memory_size(), init_slots));
}

/* Cancels and terminations are meant for the call. */
bool concerns_progress_alone(const Error &error) noexcept
{
	return ERRCODE_TO_CATEGORY(error.sqlstate()) != ERRCODE_OPERATOR_INTERVENTION;
}

/*
 * Memory may be short, and no call shall fail because it cannot be shown. What the failed attempt
 * has taken, such as a lock of the registry, goes with a subtransaction; in parallel mode there is
 * none to be had.
 */
void attach()
{
	if (slots != nullptr)
		return;
	if (IsInParallelMode()) {
		pg_call(get_memory);
		return;
	}
	auto subtransaction = Subtransaction::begin();
	try {
		pg_call(get_memory);
	} catch (const Error &error) {
		subtransaction.roll_back();
		if (!concerns_progress_alone(error))
			throw;
		return;
	} catch (...) {
		subtransaction.roll_back();
		throw;
	}
	subtransaction.commit();
}

#else

shmem_request_hook_type next_request = nullptr;
shmem_startup_hook_type next_startup = nullptr;

PG_RAISES void request_memory()
{
	if (next_request != nullptr)
		next_request();
	RequestAddinShmemSpace(memory_size());
}

PG_RAISES void attach_at_startup()
{
	if (next_startup != nullptr)
		next_startup();
	bool found;
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	slots = static_cast<Slot *>(ShmemInitStruct("bulk_sync progress", memory_size(), &found));
	if (!found)
		init_slots(slots);
	LWLockRelease(AddinShmemInitLock);
}

/* There is memory from the server's start, or none. */
void attach() {}

#endif

uint64 read(pg_atomic_uint64 &value)
{
	return pg_atomic_read_u64(&value);
}

PG_RAISES bool may_see(Oid user)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		   has_privs_of_role(GetUserId(), user);
}

PG_RAISES void put_row(Slot &slot, ResultRows &result)
{
	uint64 const pid = read(slot.pid);
	/* A backend that was terminated could not clear its slot. */
	if (pid == 0 || BackendPidGetProc(static_cast<int>(pid)) == nullptr)
		return;
	constexpr int columns = 4 + field_count;
	Datum values[columns] = {};
	bool nulls[columns];
	std::fill_n(nulls, columns, true);
	values[0] = Int32GetDatum(static_cast<int32>(pid));
	values[1] = ObjectIdGetDatum(static_cast<Oid>(read(slot.database)));
	nulls[0] = nulls[1] = false;
	if (may_see(static_cast<Oid>(read(slot.user)))) {
		values[2] = ObjectIdGetDatum(static_cast<Oid>(read(slot.target)));
		values[3] = TimestampTzGetDatum(static_cast<TimestampTz>(read(slot.started)));
		for (int i = 0; i < field_count; i++)
			values[4 + i] = Int64GetDatum(static_cast<int64>(read(slot.fields[i])));
		std::fill_n(nulls, columns, false);
	}
	result.put(values, nulls);
}

} // namespace

void request_progress_memory()
{
#if PG_VERSION_NUM < 170000
	if (!process_shared_preload_libraries_in_progress)
		return;
	next_request = shmem_request_hook;
	shmem_request_hook = request_memory;
	next_startup = shmem_startup_hook;
	shmem_startup_hook = attach_at_startup;
#endif
}

ProgressSlot::ProgressSlot(Oid target)
{
	attach();
	if (slots == nullptr || is_shown || compat::my_backend_slot() < 0)
		return;
	Slot &slot = slots[compat::my_backend_slot()];
	pg_atomic_write_u64(&slot.database, MyDatabaseId);
	pg_atomic_write_u64(&slot.user, GetUserId());
	pg_atomic_write_u64(&slot.target, target);
	pg_atomic_write_u64(&slot.started, static_cast<uint64>(GetCurrentTimestamp()));
	for (pg_atomic_uint64 &field : slot.fields)
		pg_atomic_write_u64(&field, 0);
	pg_write_barrier();
	pg_atomic_write_u64(&slot.pid, static_cast<uint64>(MyProcPid));
	slot_ = &slot;
	is_shown = true;
}

ProgressSlot::~ProgressSlot()
{
	if (slot_ == nullptr)
		return;
	pg_atomic_write_u64(&static_cast<Slot *>(slot_)->pid, 0);
	is_shown = false;
}

void ProgressSlot::set(ProgressField field, int64 value) noexcept
{
	if (slot_ != nullptr)
		pg_atomic_write_u64(&static_cast<Slot *>(slot_)->fields[static_cast<int>(field)],
							static_cast<uint64>(value));
}

void ProgressSlot::set_expected(ProgressField field, double rows) noexcept
{
	constexpr double too_many = 9223372036854775808.0; /* 2^63 */
	if (rows >= too_many)
		set(field, PG_INT64_MAX);
	else
		set(field, rows > 0 ? static_cast<int64>(rows) : 0);
}

void progress_rows(ResultRows &result)
{
	attach();
	pg_call([&] {
		for (int i = 0; slots != nullptr && i < compat::backend_slots(); i++)
			put_row(slots[i], result);
	});
}

} // namespace bulk_sync::pg
