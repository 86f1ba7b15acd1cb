/* What the ledger counts of itself, for metrics. */
#ifndef FAIRSTOCK_STORE_STORE_METER_H
#define FAIRSTOCK_STORE_STORE_METER_H

#include "store/store.h"

struct store_meter {
    uint64_t commits;   /* that succeeded, since the store was opened */
    uint64_t events;    /* in the ledger */
    uint64_t wal_bytes; /* of the log that are in use: not in the database file yet */
};
void store_meter(const struct store *store, struct store_meter *meter);

#endif
