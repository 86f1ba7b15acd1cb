/* A set of changes that become true together: events to append and rows to put. The engine and the intake
 * return one, the store commits it in one transaction, the book applies it to memory. Owns its memory;
 * bounded by BATCH_CHANGES_MAX. */
#ifndef FAIRSTOCK_DOMAIN_CHANGE_H
#define FAIRSTOCK_DOMAIN_CHANGE_H

#include "base/buf.h"
#include "domain/model.h"

enum change_kind {
    CHANGE_LISTING = 1, /* insert or replace by (channel, alias) */
    CHANGE_OP,          /* insert or replace by id; a DONE or REJECTED op may be pruned by the store later */
    CHANGE_ORDER_LINE,  /* insert or replace by (channel, source_key) */
    CHANGE_CARD,    /* with an id: replace. id 0: insert unless an unsettled card with (kind, channel, key)
                     * exists, then only its units and text are replaced; units of CARD_UNKNOWN_CODE are added
                     * instead, and none left settles it. id 0 and CARD_SETTLED: settles that card if there is
                     * one.    Settling never inserts, nor does taking units back. */
    CHANGE_CHANNEL, /* insert or replace by alias */
};

struct change {
    enum change_kind kind;
    union {
        struct listing listing;
        struct op op;
        struct order_line order_line;
        struct card card;
        struct channel channel;
    };
};

struct changes {
    struct buf events; /* each: 2 bytes length (little endian), canonical bytes */
    uint32_t event_count;
    struct change *rows; /* owned array */
    uint32_t row_count, row_capacity;
    bool seal; /* a seal follows the events in the same commit */
    int error; /* first failure of an add: -ENOMEM, -E2BIG, or what event_encode said */
};

struct changes changes_new(void);
void changes_free(struct changes *changes);
/* Empties it, keeping the memory. */
void changes_reset(struct changes *changes);
bool changes_empty(const struct changes *changes);

/* Adding never fails visibly; the first failure is kept and changes_error reports it, so a writer checks
 * once. */
void changes_add_event(struct changes *changes, const struct event *event);
void changes_put_listing(struct changes *changes, const struct listing *listing);
void changes_put_op(struct changes *changes, const struct op *op);
void changes_put_order_line(struct changes *changes, const struct order_line *line);
void changes_put_card(struct changes *changes, const struct card *card);
void changes_put_channel(struct changes *changes, const struct channel *channel);
MUST_CHECK int changes_error(const struct changes *changes);

/* Walks the events: start with *at = 0; returns false at the end. bytes borrow from changes. */
bool changes_next_event(const struct changes *changes, size_t *at, const uint8_t **bytes, size_t *length);

#define CHANGES_AUTO __attribute__((cleanup(changes_free)))

#endif
