#include "pg/large_value.hpp"

#include "pg/compat_table.hpp"

extern "C" {
#include "access/detoast.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/toast_internals.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
}

namespace bulk_sync::pg {

namespace {

/* The chunks of one value in their order, as heap_fetch_toast_slice() reads them. Everything
 * raises. */
class Chunks {
  public:
	explicit Chunks(const varatt_external &pointer)
		: table_(table_open(pointer.va_toastrelid, AccessShareLock))
	{
		int const valid = toast_open_indexes(table_, AccessShareLock, &indexes_, &index_count_);
		ScanKeyData key;
		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(pointer.va_valueid));
		scan_ = systable_beginscan_ordered(table_, indexes_[valid], snapshot_.get(), 1, &key);
	}

	bool are_in_heap() const noexcept { return table_->rd_tableam == GetHeapamTableAmRoutine(); }

	/* The next chunk, which stays until the one after it; nullptr at the end. */
	PG_RAISES const char *next()
	{
		HeapTuple const tuple = systable_getnext_ordered(scan_, ForwardScanDirection);
		if (tuple == nullptr)
			return nullptr;
		bool is_null;
		return DatumGetCString(fastgetattr(tuple, 3, RelationGetDescr(table_), &is_null));
	}

	PG_RAISES void close()
	{
		systable_endscan_ordered(scan_);
		toast_close_indexes(indexes_, index_count_, AccessShareLock);
		table_close(table_, AccessShareLock);
	}

  private:
	::Relation table_;
	::Relation *indexes_ = nullptr;
	int index_count_ = 0;
	compat::ToastSnapshot snapshot_;
	SysScanDesc scan_ = nullptr;
};

/* What the stored bytes say about two values. */
enum class Verdict { same, other, unknown };

/* Of two values out of line with as many bytes. Chunks that are missing, or divided in another way,
 * are left to the server to complain of. */
PG_RAISES Verdict compare_chunks(Chunks &ours, Chunks &theirs, int64 bytes)
{
	while (bytes > 0) {
		CHECK_FOR_INTERRUPTS();
		const char *const one = ours.next();
		const char *const other = theirs.next();
		if (one == nullptr || other == nullptr || VARSIZE_ANY(one) != VARSIZE_ANY(other))
			return Verdict::unknown;
		if (memcmp(one, other, VARSIZE_ANY(one)) != 0)
			return Verdict::other;
		bytes -= VARSIZE_ANY_EXHDR(one);
	}
	return bytes == 0 ? Verdict::same : Verdict::unknown;
}

/* The server's macro for it compares signed with unsigned numbers. */
bool is_compressed(const varatt_external &value) noexcept
{
	return static_cast<int64>(VARATT_EXTERNAL_GET_EXTSIZE(value)) <
		   int64{value.va_rawsize} - VARHDRSZ;
}

PG_RAISES Verdict compare_out_of_line(const varatt_external &left, const varatt_external &right)
{
	if (left.va_extinfo != right.va_extinfo)
		return Verdict::unknown;
	Chunks ours(left);
	Chunks theirs(right);
	Verdict verdict = Verdict::unknown;
	if (ours.are_in_heap() && theirs.are_in_heap())
		verdict = compare_chunks(ours, theirs, VARATT_EXTERNAL_GET_EXTSIZE(left));
	theirs.close();
	ours.close();
	/* The same value can be compressed in more than one way. */
	if (verdict == Verdict::other && is_compressed(left))
		return Verdict::unknown;
	return verdict;
}

/* Of two values that are equally long once they are put together. */
PG_RAISES Verdict compare_as_stored(const varlena *left, const varlena *right)
{
	if (VARATT_IS_EXTERNAL_ONDISK(left) && VARATT_IS_EXTERNAL_ONDISK(right)) {
		varatt_external one;
		varatt_external other;
		VARATT_EXTERNAL_GET_POINTER(one, left);
		VARATT_EXTERNAL_GET_POINTER(other, right);
		return compare_out_of_line(one, other);
	}
	bool const same = VARATT_IS_COMPRESSED(left) && VARATT_IS_COMPRESSED(right) &&
					  VARSIZE(left) == VARSIZE(right) && memcmp(left, right, VARSIZE(left)) == 0;
	return same ? Verdict::same : Verdict::unknown;
}

} // namespace

bool same_varlena(Datum left, Datum right)
{
	if (toast_raw_datum_size(left) != toast_raw_datum_size(right))
		return false;
	Verdict const verdict = compare_as_stored(reinterpret_cast<varlena *>(DatumGetPointer(left)),
											  reinterpret_cast<varlena *>(DatumGetPointer(right)));
	return verdict == Verdict::unknown ? datum_image_eq(left, right, false, -1)
									   : verdict == Verdict::same;
}

} // namespace bulk_sync::pg
