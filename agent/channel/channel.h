/* What a shop adapter is. Adapters are pure: they turn typed requests into HTTP values and HTTP answers into
 * typed answers; no I/O, clock or state. Registered in channel_list.c. docs/new-channel.md: how to write one.
 */
#ifndef FAIRSTOCK_CHANNEL_CHANNEL_H
#define FAIRSTOCK_CHANNEL_CHANNEL_H

#include "base/buf.h"
#include "channel/caps.h"
#include "channel/http_value.h"
#include "domain/claim.h"
#include "domain/model.h"

/* What the seller configured; borrowed. Secrets are in it: never logged, wiped by their owner. */
struct channel_config {
    const char *name;        /* config section */
    const char *url;         /* base address of the API, no trailing slash */
    const char *location_id; /* the shop's own location id; "" where it has none */
    const char *token;
};

enum request_kind {
    REQUEST_CHECK = 1,    /* cheap proof that this is the shop and the token works; the probe */
    REQUEST_LISTINGS,     /* catalogue: what the shop offers, with SKU, barcode and level; paged by cursor */
    REQUEST_ORDERS,       /* orders changed since; paged by cursor, ascending by change time */
    REQUEST_LEVELS,       /* the levels of named listings */
    REQUEST_WRITE_LEVELS, /* one op or a batch with one request key */
    REQUEST_CANCEL_ORDER,
    REQUEST_CLAIM,       /* writes the claim if it still is what was read */
    REQUEST_FIND_WRITES, /* were these writes applied? (caps.finds_writes) */
};

/* One level change of a batch. */
struct level_write {
    struct id128 op;
    uint32_t listing;
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
    enum write_method method;
    int64_t delta;       /* WRITE_DELTA, WRITE_COMPARE */
    int64_t from;        /* WRITE_COMPARE */
    int64_t to;          /* WRITE_ABSOLUTE */
    int64_t occurred_ms; /* the shop's clock when what it says happened, 0 when it arrives; part of what a
                            repeated request says again. For shops that order changes by it (Square) */
};

struct channel_request {
    enum request_kind kind;
    uint32_t channel;
    uint64_t serial;  /* of the engine; the answer carries it back */
    struct id128 key; /* request key of the ops in it */
    int64_t since_ms; /* ORDERS: the shop's clock */
    bool open_only;   /* ORDERS: all open orders whatever their age (baseline) */
    char cursor[CURSOR_MAX_BYTES + 1];
    char order[REMOTE_ID_MAX_BYTES + 1];
    struct claim claim;                          /* CLAIM */
    char claim_token[CLAIM_TOKEN_MAX_BYTES + 1]; /* CLAIM: of the answer that showed the one before */
    uint32_t count;
    struct level_write
        *writes; /* LEVELS (ids only), WRITE_LEVELS, FIND_WRITES; owned, see channel_request_free */
};
void channel_request_free(struct channel_request *request);

enum answer_outcome {
    ANSWER_DONE = 1,
    ANSWER_OFFLINE,  /* never reached the shop: no route, DNS, refused, TLS not the shop's, captive portal */
    ANSWER_RETRY,    /* surely not applied, or harmless to repeat: again after retry_ms */
    ANSWER_UNKNOWN,  /* may or may not have been applied: reply lost, 5xx, throttled write */
    ANSWER_REJECTED, /* surely not applied, repeating is useless; words say why */
    ANSWER_STALE,    /* compare-and-set found another level: surely not applied */
    ANSWER_REAUTHORISE /* token refused: the seller must reconnect */
};

struct answer_listing {
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
    char sku[SKU_MAX_BYTES + 1];
    char barcode[CODE_MAX_BYTES + 1];
    char title[TITLE_MAX_BYTES + 1];
    bool tracked;  /* false: the shop keeps no number for it */
    bool enforces; /* false: sells past zero */
    bool paused;   /* off sale: its level is no buyer's to take */
    int64_t level;
};

/* The state of one order line as the shop shows it now (promise 5: state, not news). */
struct answer_order_line {
    char source_key[SOURCE_KEY_MAX_BYTES + 1];
    char order[REMOTE_ID_MAX_BYTES + 1];
    char order_name[NAME_MAX_BYTES + 1];
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
    char sku[SKU_MAX_BYTES + 1];
    int64_t version, created_wall_ms;
    uint32_t lines_in_order;
    bool complete;             /* negative differences may be booked from it */
    struct order_vector state; /* totals, not differences */
};

struct channel_answer {
    enum request_kind kind;
    enum answer_outcome outcome;
    uint32_t channel;
    uint64_t serial;
    int64_t retry_ms;                 /* RETRY, and a hint for OFFLINE; 0: engine's own back-off */
    int64_t shop_wall_ms;             /* the answer's Date header; 0 unknown */
    char words[REASON_MAX_BYTES + 1]; /* for people: the shop's own, or what went wrong on the way */
    bool unproven;    /* REJECTED: turned down before the shop looked at the request's key, so it says nothing
                       * about an earlier sending of the same request */
    bool claim_shown; /* CHECK, ORDERS, CLAIM: the next two are what the shop keeps now */
    struct claim claim;
    char claim_token[CLAIM_TOKEN_MAX_BYTES + 1];
    bool has_more;
    char cursor[CURSOR_MAX_BYTES + 1];
    bool orders_complete; /* ORDERS: no line of an order here is missing, so no sold unit is; an order whose
                           * lists did not fit is on a following page, not here. See also line.complete */
    uint32_t count;
    union {
        struct answer_listing *listings;  /* LISTINGS, LEVELS (remote_id and level only) */
        struct answer_order_line *orders; /* ORDERS */
        int64_t *levels_after; /* WRITE_LEVELS, in the order of the request; INT64_MIN where not shown. After
                                * a pause: what is left behind it */
        bool *found;           /* FIND_WRITES, in the order of the request */
    };
};
void channel_answer_free(struct channel_answer *answer);

struct channel_ops {
    const char *kind; /* config: kind = shopify */
    struct channel_caps caps;
    /* Builds the HTTP request. 0; -EINVAL a request this channel cannot do; -E2BIG; -ENOMEM. Never blocks. */
    int (*build)(const struct channel_config *config, const struct channel_request *request,
                 struct http_request *http, struct err *err);
    /* Understands any answer, however strange: always fills kind, outcome, words. 0 or -ENOMEM. Never blocks.
     * What is not the shop's (HTML, redirect) is ANSWER_OFFLINE for reads, and for writes when !reached. */
    int (*understand)(const struct channel_config *config, const struct channel_request *request,
                      const struct http_answer *http, struct channel_answer *answer);
};

/* NULL-terminated. The practice shop is not in it: it is served in process (practice_shop.h). */
extern const struct channel_ops *const channel_list[];
const struct channel_ops *channel_find(const char *kind);

#endif
