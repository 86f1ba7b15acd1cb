/* What a shop's contract lets us do. Plain data, filled by each adapter from its vendor's documents. */
#ifndef FAIRSTOCK_CHANNEL_CAPS_H
#define FAIRSTOCK_CHANNEL_CAPS_H

#include <stdbool.h>
#include <stdint.h>

/* What a channel's contract lets us do, read from vendor documents; the engine picks the safest way. */
struct channel_caps {
    bool delta_down, delta_up; /* relative writes */
    bool compare_and_set;      /* a write that applies only if the level still is what we think */
    bool held_off_level;       /* an order that waits for its payment has left the level already */
    bool restock_unknown;      /* its orders do not tell whether a cancelled one went back into the level */
    bool pause;                /* a listing can be taken off sale and put back without a fee */
    bool idempotency_key;      /* the same key never applies twice */
    bool finds_writes;         /* whether a write was applied can be looked up by its op's id, at any age */
    bool answer_shows_level;   /* the answer to a write carries the level after it */
    bool cancels_orders;       /* OP_CANCEL_ORDER can be done by API */
    bool keeps_claim;    /* the shop keeps a claim, changed by compare-and-set; CHECK and ORDERS show it */
    uint32_t batch_size; /* level changes in one request, ≤ OPS_PER_REQUEST_MAX */
    int64_t key_life_ms; /* how long a key is remembered; retry with it only within */
    int64_t order_overlap_ms; /* how far behind the newest seen order each poll re-reads */
    int64_t
        order_visibility_ms; /* an order is readable at most this long after its level fell: an assumption */
    int64_t poll_ms;         /* idle distance of order polls */
};

#endif
