/* The book: the derived state that decisions need, in memory. Items, codes, stock, listings, unsettled ops,
 * channels. Built from the store's rows and the events behind them; changed only by applying what was
 * committed. The scan path reads it and allocates nothing. Bounded by the catalogue (base/limits.h), never by
 * history. */
#ifndef FAIRSTOCK_DOMAIN_BOOK_H
#define FAIRSTOCK_DOMAIN_BOOK_H

#include "domain/change.h"
#include "domain/model.h"
#include "domain/publish.h"
#include "domain/suspicion.h"

struct book;

/* What the scan path needs of an item; texts stay in the store. */
struct book_item {
    int64_t price_minor, cost_minor;
    uint32_t flags;
    uint32_t reorder_point;
    uint32_t pack; /* units that the looked-up code stands for; 1 from book_item() */
    uint32_t alias;
};

/* NULL when out of memory. */
struct book *book_new(void);
void book_free(struct book *book);
/* Exchanges the contents; each keeps its address. */
void book_swap(struct book *a, struct book *b);

/* --- filling and changing
 * ------------------------------------------------------------------------------------------ */

/* Applies one event's effect on items, codes, locations and stock. Rows of channels, listings, ops are not
 * touched: they come as rows. 0, -ENOMEM (nothing applied), -E2BIG past a limit. Unknown kinds do nothing. */
MUST_CHECK int book_apply_event(struct book *book, const struct event *event);
/* Applies a whole committed set: its events, then its rows. Call book_reserve first: then it cannot fail
 * half-way. */
MUST_CHECK int book_apply(struct book *book, const struct changes *changes);
/* Makes room for what applying would add and refuses what could not be applied, so that a commit is never
 * followed by a failure. -ENOMEM, -E2BIG past a limit, -EINVAL an item 0 or a listing with another remote id.
 */
MUST_CHECK int book_reserve(struct book *book, const struct changes *changes);
/* The same for one event. Allocates only when the event names an item or location that was never seen. */
MUST_CHECK int book_reserve_event(struct book *book, const struct event *event);

MUST_CHECK int book_put_item(struct book *book, const struct item *item);
MUST_CHECK int book_put_code(struct book *book, const char *code, uint32_t item, uint32_t pack);
MUST_CHECK int book_put_stock(struct book *book, uint32_t item, uint32_t location, struct stock stock);
MUST_CHECK int book_put_listing(struct book *book, const struct listing *listing);
MUST_CHECK int book_put_op(struct book *book, const struct op *op); /* DONE and REJECTED ones are dropped */
MUST_CHECK int book_put_channel(struct book *book, const struct channel *channel);

/* --- reading
 * ---------------------------------------------------------------------------------------------------------
 */

/* The item a normalised code stands for (domain/gtin.h); false when none. Constant time, no allocation. */
bool book_find_code(const struct book *book, const char *code, struct book_item *found);
bool book_item(const struct book *book, uint32_t alias, struct book_item *found);
uint32_t book_item_count(const struct book *book); /* aliases run 1…count */
/* Zero stock for what was never moved. */
struct stock book_stock(const struct book *book, uint32_t item, uint32_t location);
/* Whether anything was ever moved at this location. */
bool book_has_location(const struct book *book, uint32_t location);
/* All locations together. */
struct stock book_stock_total(const struct book *book, uint32_t item);

const struct channel *book_channel(const struct book *book, uint32_t alias); /* NULL when none */
uint32_t book_channel_count(const struct book *book);                        /* aliases run 1…count */

/* Listings of a channel: aliases run 1…count. Borrowed until the book changes. */
uint32_t book_listing_count(const struct book *book, uint32_t channel);
const struct listing *book_listing(const struct book *book, uint32_t channel, uint32_t alias);
const struct listing *book_find_remote(const struct book *book, uint32_t channel, const char *remote_id);
/* Walks all listings of an item over all channels: start with NULL. */
const struct listing *book_item_listing(const struct book *book, uint32_t item, const struct listing *after);

/* Unsettled ops (NEW, SENT, UNKNOWN), oldest first: index 0…count-1. */
uint32_t book_op_count(const struct book *book);
const struct op *book_op(const struct book *book, uint32_t index);
/* The unsettled op of a listing, or NULL. At most one exists (engine's rule). */
const struct op *book_listing_op(const struct book *book, uint32_t channel, uint32_t listing);

/* May this ledger be a copy? Borrowed. */
const struct suspicion *book_suspicion(const struct book *book);
void book_put_suspicion(struct book *book, const struct suspicion *suspicion);

/* How items are shown (publish.h). Not of the ledger: the shell estimates it anew after each start; until
 * then every item has shares, evenly. */
struct publishing {
    enum publish_mode mode; /* of items that have none of their own */
    uint64_t calm;          /* bit location - 1: mirroring is allowed there now */
};
const struct publishing *book_publishing(const struct book *book); /* borrowed */
void book_put_publishing(struct book *book, const struct publishing *publishing);
/* The item's own mode, else the ledger's. */
enum publish_mode book_mode(const struct book *book, uint32_t item);
struct publish_limits book_limits(const struct book *book, uint32_t item);
/* -ENOMEM; -EINVAL for an item that the book does not have. */
MUST_CHECK int book_put_limits(struct book *book, uint32_t item, struct publish_limits limits);
/* How much is asked for at a listing of the book, against the other listings of its item; 0 nothing known. */
uint32_t book_weight(const struct book *book, const struct listing *listing);
MUST_CHECK int book_put_weight(struct book *book, uint32_t channel, uint32_t listing, uint16_t weight);

/* Stock units that channels may still sell of this item at this location: sum of max(expected, 0) * pack. */
int64_t book_allocated(const struct book *book, uint32_t item, uint32_t location);

#endif
