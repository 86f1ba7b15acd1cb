/* What an explanation carries over from one page to the next: the sums of all lines before it, so that every
 * page adds up by itself and none has to read the whole history. Travels through the caller as text. Pure. */
#ifndef FAIRSTOCK_APP_EXPLAIN_CARRIED_H
#define FAIRSTOCK_APP_EXPLAIN_CARRIED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { EXPLAIN_LISTINGS_MAX = 64, EXPLAIN_CARRIED_MAX_BYTES = 3072 };

struct explain_carried {
    uint64_t position; /* of the last event that is in it; 0: nothing is */
    uint64_t lines;
    int64_t on_hand, committed;
    struct explain_listing {
        uint32_t channel, listing;
        int64_t expected;
    } listings[EXPLAIN_LISTINGS_MAX];
    uint32_t count;
};

/* False when it is none that explain_carried_write wrote. */
bool explain_carried_read(const char *text, struct explain_carried *carried);
void explain_carried_write(const struct explain_carried *carried, struct buf *text);
/* A line's effect; channel 0: on no listing. False when it is one listing too many. */
bool explain_carried_add(struct explain_carried *carried, int64_t on_hand, int64_t committed,
                         uint32_t channel, uint32_t listing, int64_t expected);
/* What a listing starts with. */
int64_t explain_carried_expected(const struct explain_carried *carried, uint32_t channel, uint32_t listing);

#endif
