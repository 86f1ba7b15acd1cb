/* The rows that are derived from events and from talking to shops, as plain values: what the store keeps, the
 * book holds in memory and the engine decides on. Pure data; see docs/architecture.md for who writes what. */
#ifndef FAIRSTOCK_DOMAIN_MODEL_H
#define FAIRSTOCK_DOMAIN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/limits.h"
#include "domain/event.h"
#include "domain/op.h"

/* One stock keeping unit as the catalogue knows it. */
struct item {
    uint32_t alias; /* 1…; 0 is "unknown" */
    char sku[SKU_MAX_BYTES + 1];
    char title[TITLE_MAX_BYTES + 1];
    int64_t price_minor, cost_minor;
    char currency[CURRENCY_TEXT_BYTES];
    uint32_t flags; /* enum item_flag */
    uint32_t reorder_point, lead_days;
};

/* The payload of item_created and item_changed. Texts borrow from item. */
void item_fill_event(const struct item *item, struct event *event);

/* Units of one item at one location. available = on_hand - committed. */
struct stock {
    int64_t on_hand, committed;
};

enum listing_pause { NOT_PAUSED = 0, PAUSED_BY_US, PAUSED_BY_OTHERS };

/* One thing a channel offers. expected = baseline + granted - revoked - sold + restored + edits, in the
 * listing's units: the most units this channel may still sell or may have sold in orders we have not seen
 * (its allocation is max(expected, 0) * pack stock units; a sent grant is inside it, a sent lowering is not
 * yet taken off). */
struct listing {
    uint32_t channel, alias, item, pack; /* item 0: not linked */
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
    int64_t baseline, granted, revoked, sold, restored, edits;
    int64_t held;     /* in orders that may still be paid: never free */
    int64_t held_off; /* of these, gone from the level already */
    int64_t
        may_return; /* of cancelled orders: the shop may have put them back into its level; a reading tells */
    bool has_level;
    int64_t level;         /* as last read or as the shop's answer to a write showed it */
    int64_t level_wall_ms; /* when, by the shop's clock; 0 unknown */
    enum listing_pause
        paused;  /* off sale at the shop: no buyer can use its level, which counts as 0 while we paused it */
    bool parked; /* a write was refused for good: no new op until the seller retries */
    char parked_reason[PARKED_REASON_MAX_BYTES + 1];
};
int64_t listing_expected(const struct listing *listing);
/* The level that the shop shows if all is as booked. */
int64_t listing_shown(const struct listing *listing);
/* What it may still sell, not below 0: what is expected, at least what is held, and what may have come back.
 */
int64_t listing_allocated(const struct listing *listing);

/* What is accounted of one order line, in the listing's units: the running sum of its order_state events. */
struct order_line {
    uint32_t channel;
    char source_key[SOURCE_KEY_MAX_BYTES + 1]; /* unique within the channel */
    char order[REMOTE_ID_MAX_BYTES + 1];       /* the shop's id of the whole order */
    char order_name[NAME_MAX_BYTES + 1];       /* what people call it, for instance "#1001" */
    char remote_id[REMOTE_ID_MAX_BYTES + 1];   /* the listing it names, kept also while unlinked */
    uint32_t listing, item, pack, location;    /* listing 0: unlinked, nothing booked yet */
    uint32_t
        lines_in_order; /* how many lines the order has: cancelling one of several is not cancelling it */
    int64_t version;    /* the shop's updated time in ms; an older state is ignored */
    int64_t created_wall_ms;
    struct order_vector booked;
};

enum card_kind {
    CARD_UNKNOWN_CODE = 1, /* a code no item has was sold; name it. Its units add up, see change.h */
    CARD_BELOW_ZERO,       /* sold although the ledger said there is none: the count was wrong */
    CARD_OVERSOLD,         /* an order that on hand cannot fill */
    CARD_DRIFT,            /* a level that orders and our ops do not explain */
    CARD_REFUSED,          /* a scan that probably is no sale; the same scan again books it */
    CARD_OVERLONG_CODE,    /* the scanner sent more than CODE_MAX_BYTES */
    CARD_PARKED,           /* a shop refused an op for good */
    CARD_UNLINKED_ORDER,   /* an order for a listing that no item is linked to */
    CARD_RESTORED,         /* this ledger may be a copy or an old state (suspicion.h) */
};
enum card_state { CARD_OPEN = 1, CARD_WAITING, CARD_SETTLED };
enum card_option {
    OPTION_NONE = 0,
    OPTION_FOUND = 1,        /* there is one after all: on hand is corrected */
    OPTION_MAKE_ANOTHER,     /* the order waits for a new one; detail carries the date */
    OPTION_CANCEL_REFUND,    /* cancel the order at the shop, refund, no restock */
    OPTION_OTHER_LOCATION,   /* fill it from another location */
    OPTION_REFUNDED_BY_HAND, /* the seller cancels or refunds in the shop's own page; we wait to read it */
    OPTION_NAME_ITEM,        /* unknown code: detail carries the SKU */
    OPTION_ADOPT,            /* drift: the shop's number is right */
    OPTION_CORRECT,          /* drift: ours is right, write it back */
    OPTION_RETRY,            /* parked: try again */
    OPTION_DISMISS,          /* seen; nothing to do */
    OPTION_GOES_ON,          /* restored: this ledger goes on and writes to the shops */
    OPTION_IS_COPY,          /* restored: this is the copy, it never writes to a shop */
    OPTION_ACCEPT,           /* parked: the shop's number stands */
    OPTION_END,
};

/* Something only a person can settle. (kind, channel, key) is unique among cards that are not settled. */
struct card {
    uint64_t id; /* local number; 0: give the next one */
    enum card_kind kind;
    enum card_state state;
    char key[SOURCE_KEY_MAX_BYTES + 1]; /* what it is about: a code, source key, listing… */
    uint32_t channel, item, listing;
    uint64_t origin;       /* position of the event that caused it; 0 none */
    uint32_t origin_event; /* 1…: the n-th event of the same batch; the store turns it into origin. 0: use
                              origin */
    int64_t units;
    char text[CARD_TEXT_MAX_BYTES + 1]; /* one or two plain sentences */
    enum card_option chosen;
    char detail[REASON_MAX_BYTES + 1];
    int64_t opened_wall_ms; /* label only */
};

/* One shop as the ledger knows it. What changes at each poll (last success…) is not here: idle polls change
 * no row. */
struct channel {
    uint32_t alias; /* 1…CHANNELS_MAX */
    char kind[NAME_MAX_BYTES + 1];
    char name[NAME_MAX_BYTES + 1]; /* the config section; unique */
    uint32_t location;             /* the stock it sells from */
    bool baselined, live;
    int64_t orders_since_ms; /* the newest order version booked: polls re-read an overlap before it */
    int64_t baseline_ms; /* the shop's clock when the baseline was taken: an order placed before it that was
                            not open then is accounted for, and what it does later is not booked as news */
    int64_t clock_offset_ms; /* shop's Date minus our wall clock at the last answer that moved it by > 1 s */
};

#endif
