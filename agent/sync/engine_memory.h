/* What the engine remembers between steps and a restart forgets: plain data. Part of the engine. */
#ifndef FAIRSTOCK_SYNC_ENGINE_MEMORY_H
#define FAIRSTOCK_SYNC_ENGINE_MEMORY_H

#include "sync/engine.h"

/* What we think of a listing's level. */
enum listing_check {
    CHECK_NONE = 0, /* level and expectation agree */
    CHECK_READ,     /* read the level */
    CHECK_ORDERS,   /* they differ: an order read begun after that may explain it */
    CHECK_DRIFT,    /* it did not: a card asks a person */
};

struct listing_watch {
    uint8_t check; /* enum listing_check */
    uint8_t refusals, stales, failures;
    bool single;   /* its batch was refused: written alone until it succeeds */
    bool answered; /* an absolute write was done, and its answer does not say when: the level is read */
    bool repeated; /* …was sent again and done: read when no sending of it can be on its way */
    bool doubted;  /* level and expectation differed since they were last seen to agree: a card may be open */
    uint32_t seen_read; /* order reads begun when the level was seen */
    int64_t seen_level, seen_expected;
    int64_t since_ms;  /* when this difference was first seen; monotonic, 0 not */
    int64_t seen_ms;   /* …and last */
    int64_t sent_ms;   /* when a write of it was last sent since the start; monotonic, 0 never */
    int64_t resend_ms; /* an unanswered write is not repeated before; monotonic */
};

/* The request that is on its way. */
struct flight {
    bool used;
    bool first;  /* its ops were never sent before: OFFLINE proves that the shop never saw them */
    bool gather; /* asked by the gathering (engine_baseline.c) */
    enum request_kind kind;
    uint64_t serial;
    struct id128 key;
    struct id128 only;    /* WRITE_LEVELS: this op alone is in it; zero: all with the key */
    uint32_t read_number; /* ORDERS */
    int64_t sent_ms;
    uint32_t asked_count; /* LEVELS, FIND_WRITES */
    uint32_t asked[LEVELS_PER_PAGE_MAX];
};

/* One complete reading of the orders, page by page. */
struct order_reading {
    bool active, gap; /* gap: a page lacked something, so it proves nothing */
    uint32_t number;  /* 1…: which reading */
    int64_t since_ms;
    int64_t begun_shop_ms; /* the shop's clock, as well as we know it, when it was begun */
    int64_t newest;        /* version seen in it */
    int64_t oldest_gap;    /* version of the oldest line that is not complete; INT64_MAX none */
    bool booked;
    char cursor[CURSOR_MAX_BYTES + 1];
};

/* All that a failed commit or a restart forgets, except the two arrays. Plain data. */
struct engine_memory {
    bool connected; /* the last answer came from the shop */
    bool ever;      /* connected at least once */
    bool needs_login;
    bool probe_now; /* a link came up, or the seller asked */
    bool started;
    int64_t started_ms; /* of the first step; monotonic */
    bool incomplete;    /* the last order reading proved nothing */
    bool fresh;         /* a complete order read was begun after the last reconnect */
    bool orders_due, audit_due, link_due;
    struct flight flight;
    struct order_reading reading;
    uint32_t reads_begun, reads_done;
    int64_t orders_read_from_ms; /* the shop's clock when the last complete reading was begun; 0 none */
    int64_t orders_seen_ms;      /* newest version seen in complete readings; 0: as the channel's row says */
    int64_t next_poll_ms, next_audit_ms;
    bool auditing;
    char audit_cursor[CURSOR_MAX_BYTES + 1];
    uint32_t failures; /* in a row */
    int64_t last_try_ms, hold_ms;
    int64_t wish_ms; /* the shop asked to be left alone until then; no hint of ours overrides that */
    int64_t shop_clock_ms, shop_clock_at_ms; /* the shop's Date, and our monotonic time then; 0 never */
    uint32_t cancel_read;     /* an unanswered cancel is looked for in a reading with a higher number */
    uint32_t cancel_refusals; /* of this op: */
    struct id128 cancel_refused;
    bool claim_seen, claim_known; /* what the shop keeps is known here; its holder is in this ledger */
    bool claim_refused;           /* the shop keeps none for us */
    struct claim claim;
    char claim_token[CLAIM_TOKEN_MAX_BYTES + 1];
    int64_t claim_ms; /* when it was last written; monotonic, 0 never */
};

#endif
