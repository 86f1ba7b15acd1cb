/* The practice shop's own state, shared by its serving and its saving half and by nobody else. */
#ifndef FAIRSTOCK_CHANNEL_PRACTICE_INTERNAL_H
#define FAIRSTOCK_CHANNEL_PRACTICE_INTERNAL_H

#include "channel/practice_shop.h"

enum {
    PRACTICE_LISTINGS_MAX = ITEMS_MAX,
    PRACTICE_ORDERS_MAX = 100000,
    PRACTICE_KEYS_MAX = 100000,
    PRACTICE_FIRST_ORDER = 1001, /* as Shopify numbers them */
};
#define PRACTICE_LEVEL_MAX INT64_C(2000000000) /* Shopify's limit of a quantity */

struct practice_listing {
    char sku[SKU_MAX_BYTES + 1];
    char barcode[CODE_MAX_BYTES + 1];
    char title[TITLE_MAX_BYTES + 1];
    int64_t level;
};

/* An order of one line. Open units: ordered - cancelled - handed_over. */
struct practice_order {
    uint32_t number, listing; /* listing: index */
    int64_t created_ms, version;
    struct order_vector state;
};

/* What a write with this key answered. */
struct practice_key {
    struct id128 key;
    int64_t used_ms;
    uint64_t content; /* hash of what was asked */
    bool applied;
    uint32_t count;
    int64_t *levels; /* owned; after the write, in the order of the request */
};

struct practice_shop {
    struct practice_listing *listings;
    uint32_t listing_count, listing_capacity;
    struct practice_order *orders;
    uint32_t order_count, order_capacity;
    struct practice_key *keys;
    uint32_t key_count, key_capacity;
    char claim[CLAIM_TEXT_MAX_BYTES]; /* "" none */
    int64_t claim_version;            /* rises with each change of it */
    int64_t newest_version;           /* versions rise strictly, also within one millisecond */
    enum practice_fault fault;
    int64_t fault_times;
};

/* Room for one more element in an array of the shop. 0, -E2BIG at max, -ENOMEM. */
MUST_CHECK int practice_grow(void **array, uint32_t *capacity, uint32_t count, uint32_t max, size_t size);
/* Forgets keys that are older than their life at now_ms. */
void practice_forget_keys(struct practice_shop *shop, int64_t now_ms);

#endif
