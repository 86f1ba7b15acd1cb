/* Rows of the store that the engine needs beside an answer: what is accounted of each order line, which item
 * each listing is. Reads, never writes. */
#ifndef FAIRSTOCK_SYNC_COURIER_LOOKUP_H
#define FAIRSTOCK_SYNC_COURIER_LOOKUP_H

#include "channel/channel.h"
#include "store/store.h"

/* Each parallel to the answer's array, or NULL; owned. See struct engine_input. */
struct courier_lookup {
    struct order_line *known;
    uint32_t *items;
    bool *moved;
    bool claim_known;
    /* Before: the holder of an earlier claim that was found here, or all zero; afterwards: that of the last
     * one. A shop shows the same claim with each poll, and an event of a ledger stays one: no need to read
     * again. */
    struct event_id holder;
};
#define COURIER_LOOKUP_AUTO __attribute__((cleanup(courier_lookup_free)))

/* answer may be NULL. lookup: empty before, but for holder; to be freed after a failure too. 0 or -errno. */
MUST_CHECK int courier_lookup_read(struct store *store, const struct channel_answer *answer,
                                   struct courier_lookup *lookup);
void courier_lookup_free(struct courier_lookup *lookup);

#endif
