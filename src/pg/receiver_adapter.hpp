/*
 * The server's kind of receiver, which gives the rows to one of ours.
 */
#pragma once

#include "pg/statement.hpp"

namespace bulk_sync::pg {

struct ReceiverAdapter {
	DestReceiver base;
	RowReceiver *receiver;
};

/* Holds no more than the pointer. Raises nothing. */
ReceiverAdapter adapter_for(RowReceiver *receiver);

} // namespace bulk_sync::pg
