#include "pg/receiver_adapter.hpp"

namespace bulk_sync::pg {

namespace {

PG_RAISES bool receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	return pg_entry([&] {
		reinterpret_cast<ReceiverAdapter *>(self)->receiver->row(slot);
		return true;
	});
}

void start_rows(DestReceiver *, int, TupleDesc) {}
void end_rows(DestReceiver *) {}

} // namespace

ReceiverAdapter adapter_for(RowReceiver *receiver)
{
	ReceiverAdapter adapter = {};
	adapter.base.receiveSlot = receive_row;
	adapter.base.rStartup = start_rows;
	adapter.base.rShutdown = end_rows;
	adapter.base.rDestroy = end_rows;
	adapter.base.mydest = DestNone;
	adapter.receiver = receiver;
	return adapter;
}

} // namespace bulk_sync::pg
