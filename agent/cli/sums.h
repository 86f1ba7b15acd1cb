/* What the events of a ledger add up to, read from the events alone. Shares no summing code with the book:
 * what verify and export say is added up a second time. */
#ifndef FAIRSTOCK_CLI_SUMS_H
#define FAIRSTOCK_CLI_SUMS_H

#include "store/store.h"

struct listing_sum {
    uint32_t channel, listing, item;
    int64_t expected;
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
};

struct sums {
    struct listing_sum *listings;
    size_t listing_count, listing_capacity;
    int64_t *on_hand; /* by item alias, all locations */
    size_t item_capacity;
    uint64_t sales, *sale_positions;
    size_t sale_capacity;
    struct event event;
    int error;
};

/* Reads every event. 0 and *sums, to be freed with sums_free; -ENOMEM or what the ledger's reader says. */
MUST_CHECK int sums_read(struct store *store, struct sums **sums);
void sums_free(struct sums *sums); /* accepts NULL */
int64_t sums_on_hand(const struct sums *sums, uint32_t item);

#endif
