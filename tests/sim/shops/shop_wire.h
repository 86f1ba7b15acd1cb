/* What goes wrong between us and a shop, and how an adapter reads it: what the network loses, delays and
 * doubles, and what a busy server says. Plain data without pointers: copy it by value. Owns no shop. */
#ifndef FAIRSTOCK_TESTS_SIM_SHOPS_SHOP_WIRE_H
#define FAIRSTOCK_TESTS_SIM_SHOPS_SHOP_WIRE_H

#include "shop.h"

enum { SHOP_WIRE_LATE_MAX = 2, SHOP_WIRE_WRITES_MAX = 4 };

/* What happens to one request. A write whose answer does not come is ANSWER_UNKNOWN, a read ANSWER_RETRY. */
enum shop_fault {
    SHOP_FAULT_NONE,
    SHOP_FAULT_OFFLINE,      /* never left: ANSWER_OFFLINE */
    SHOP_FAULT_REQUEST_LOST, /* nothing is done, no answer */
    SHOP_FAULT_REPLY_LOST,   /* done; no answer */
    SHOP_FAULT_LATE,         /* no answer; still on its way: shop_wire_deliver */
    SHOP_FAULT_SLOW,         /* no answer; the shop has begun (shop_start) and ends with shop_wire_deliver */
    SHOP_FAULT_TWICE,        /* delivered twice, one right after the other; the second answer comes */
    SHOP_FAULT_BUSY,         /* 429, THROTTLED: not done, read as shop_throttled says */
    SHOP_FAULT_BUSY_DONE,    /* the same answer, but it was done: only where that answer is read as unknown */
    SHOP_FAULT_ERROR,        /* 5xx, nothing done */
    SHOP_FAULT_ERROR_DONE,   /* 5xx after it was done */
    SHOP_FAULT_HALF,         /* no answer; shop_serve_half */
    SHOP_FAULT_TOKEN,        /* the token has lapsed: nothing is done, ANSWER_REAUTHORISE */
};
enum { SHOP_FAULTS = SHOP_FAULT_TOKEN + 1 };

/* A request without pointers. */
struct shop_letter {
    struct channel_request request; /* its writes: not used */
    struct level_write writes[SHOP_WIRE_WRITES_MAX];
    bool started;
};

struct shop_wire {
    uint32_t late_count;
    struct shop_letter late[SHOP_WIRE_LATE_MAX]; /* in the order of sending */
};

/* "lost reply"…, the word that scenario files use; NULL unknown. */
const char *shop_fault_name(enum shop_fault fault);
bool shop_fault_find(const char *name, enum shop_fault *fault);

/* Sends a request through; always fills the answer on 0 (channel_answer_free). -E2BIG too many are late, or
 * too many writes; -ENOTSUP this fault cannot happen to this request here; -EBUSY another one is slow;
 * -ENOMEM. */
MUST_CHECK int shop_wire_send(struct shop_wire *wire, struct shop *shop,
                              const struct channel_request *request, enum shop_fault fault, int64_t now_ms,
                              struct channel_answer *answer);
/* A late request arrives, a slow one ends. Its answer reaches nobody, unless answer is given. -ENOENT;
 * -ENOMEM. */
MUST_CHECK int shop_wire_deliver(struct shop_wire *wire, struct shop *shop, uint32_t index, int64_t now_ms,
                                 struct channel_answer *answer);
/* It is lost after all. -ENOENT. */
MUST_CHECK int shop_wire_drop(struct shop_wire *wire, struct shop *shop, uint32_t index);

#endif
