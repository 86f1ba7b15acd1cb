/* One durable intent to change a channel (design promise 6), as a plain value. Pure data. */
#ifndef FAIRSTOCK_DOMAIN_OP_H
#define FAIRSTOCK_DOMAIN_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/limits.h"

enum op_kind { OP_LEVEL = 1, OP_CANCEL_ORDER = 2 };
/* How a level is changed. The relative ones commute with sales; an absolute one destroys the evidence of
 * sales it did not know, unless nothing can be sold meanwhile (docs/decisions/0020). */
enum write_method {
    WRITE_DELTA = 1, /* by delta */
    WRITE_COMPARE,   /* by delta, if the level still is `from` */
    WRITE_ABSOLUTE,  /* to `to`, whatever it is; a paused listing goes on sale with it */
    WRITE_PAUSE,     /* takes the listing off sale, its level stays to be read; idempotent */
};
enum op_state { OP_NEW = 1, OP_SENT, OP_DONE, OP_REJECTED, OP_UNKNOWN };

/* One durable intent to change a channel. Ops that travel in one request share the request key; the key is
 * what the shop sees as idempotency key, so it never changes once the op is SENT. */
struct op {
    struct id128 id;
    struct id128 request_key;
    uint32_t channel;
    enum op_kind kind;
    enum op_state state;
    uint32_t listing;         /* OP_LEVEL */
    enum write_method method; /* OP_LEVEL */
    int64_t delta; /* OP_LEVEL, listing units: relative methods, never 0; WRITE_ABSOLUTE: units granted
                      for its sendings, `to` for each; WRITE_PAUSE: 0 */
    int64_t from;  /* WRITE_COMPARE: the level it must find; WRITE_ABSOLUTE, WRITE_PAUSE: what was expected
                      when it was first sent */
    int64_t to;    /* WRITE_ABSOLUTE: the level it sets */
    int64_t applied_wall_ms; /* WRITE_ABSOLUTE: the shop's clock at an answer that proves it was applied
                                before; 0 none */
    int64_t back_before; /* WRITE_ABSOLUTE: what had come back to the listing before it was sent, restored and
                            edits */
    int64_t sold_after;  /* of orders placed surely after that, booked since; listing units */
    char order[REMOTE_ID_MAX_BYTES + 1];       /* OP_CANCEL_ORDER: the shop's order id */
    char source_key[SOURCE_KEY_MAX_BYTES + 1]; /* OP_CANCEL_ORDER: the line whose card asked for it */
    int64_t sent_wall_ms; /* first sending, by our best clock; key lifetimes are counted from it */
    uint32_t attempts;
    char words[REASON_MAX_BYTES + 1]; /* the shop's own words, when rejected */
};

#endif
