/* Units that go to a market and come home: transfers between two places of one ledger. Decides and fills
 * changes; the caller commits. Taking from where the shops sell leaves them less at once: the engine lowers
 * every shop as soon as the transfer is booked, which is before anybody drives away. */
#ifndef FAIRSTOCK_INTAKE_PACKING_H
#define FAIRSTOCK_INTAKE_PACKING_H

#include "store/store.h"

struct packing {
    uint32_t item;
    int64_t quantity; /* stock units, ≥ 1 */
    uint32_t from, to;
    bool anyway; /* also what the ledger says is not there, or is promised to an order */
    uint64_t event_ms;
    int64_t wall_ms; /* labels cards; 0 unknown */
};

/* 0; -ENODATA with a sentence when fewer are at `from` and not promised to orders (with anyway: it is booked,
 * and orders that cannot be filled there any more become cards); -EINVAL; or the disk's error. */
MUST_CHECK int packing_book(struct store *store, const struct packing *packing, struct changes *changes,
                            struct err *err);

#endif
