/* Models of the shops, at the typed level: a channel_request goes in, and what the real shop *and its
 * adapter* would make of it comes out as a channel_answer. Between requests buyers buy, people edit, apps
 * interfere. Each model keeps its shop's guarantees and its traps; where no document says what happens, a
 * setting chooses. Deterministic, no I/O, no clock, no look into engine or book: a model stands for the other
 * side.
 *
 * A shop is one block of memory without pointers (the practice shop, which is the product's own, excepted),
 * so shop_copy is one malloc and one memcpy. Its capacities are chosen when it is made: what does not fit is
 * -E2BIG (people) or ANSWER_RETRY (requests), never forgotten silently; see shop_archive.
 *
 * now_ms is the shop's own clock, UTC in ms. It never runs backwards: an earlier now_ms counts as the latest
 * one. Listings are named by their index in the order of adding, orders by their number (1001…), lines by
 * their index.
 *
 * Results of all int functions: 0; -ENOTSUP this kind of shop cannot do that; -ENOENT no such listing, order
 * or line; -ERANGE the shop refuses (a buyer who wants more than there is, more units than there are);
 * -EALREADY nothing left to do; -EINVAL; -E2BIG it does not fit; -ENOMEM. On failure nothing has changed. */
#ifndef FAIRSTOCK_TESTS_SIM_SHOPS_SHOP_H
#define FAIRSTOCK_TESTS_SIM_SHOPS_SHOP_H

#include "channel/channel.h"

enum shop_kind { SHOP_PRACTICE = 1, SHOP_SHOPIFY, SHOP_SQUARE, SHOP_ETSY, SHOP_WOO };

enum {
    SHOP_LISTINGS_MAX = 8,
    SHOP_LINES_MAX = 2,    /* of one order */
    SHOP_ORDERS_USUAL = 8, /* capacities when the settings say 0 */
    SHOP_WRITES_USUAL = 24,
    SHOP_CAPACITY_MAX = 100000,
};

/* Zero is the usual thing everywhere but in kind. */
struct shop_settings {
    enum shop_kind kind;
    uint32_t orders_max; /* orders, and Square's returns */
    uint32_t writes_max; /* remembered keys and references; Square: entries of its change ledger, sales too */
    uint32_t page_orders; /* orders on one page; 0: ORDERS_PAGE_SIZE */
    int64_t order_lag_ms; /* an order, or a change of it, is found by REQUEST_ORDERS this much later than its
                             level fell. Within caps.order_visibility_ms the assumption holds */
    int64_t key_life_ms; /* how long the shop really remembers a key (caps.key_life_ms is what we count on) */
    uint32_t offset_cap; /* Etsy: rows of one and the same second that can be paged through; 0: 12000 */
    bool falls_at_payment; /* Etsy: the quantity falls when a receipt is paid, not when it is placed [U] */
    bool cancel_restocks;  /* Etsy: cancelling a receipt restocks its listing by itself [U] */
    bool hides_cancelled;  /* Etsy: cancelled receipts are not listed any more */
    bool order_writes;     /* WooCommerce: our sales are pushed as orders of our own (two phases) */
};

struct shop;

/* NULL: bad settings or out of memory. */
struct shop *shop_new(const struct shop_settings *settings);
void shop_free(struct shop *shop);               /* NULL is fine */
struct shop *shop_copy(const struct shop *shop); /* independent; NULL out of memory */
const struct shop_settings *shop_settings(const struct shop *shop);
/* What our adapter for this shop declares (docs: channels' section 6). Valid for ever. */
const struct channel_caps *shop_caps(const struct shop_settings *settings);
const char *shop_kind_name(enum shop_kind kind); /* "shopify"…; "?" unknown */
bool shop_kind_find(const char *name, enum shop_kind *kind);

/* Adds a listing that is on sale, tracked and enforces its level. document: listings of one Etsy document
 * (one listing with variations) share a number > 0; 0: one of its own. */
MUST_CHECK int shop_add(struct shop *shop, const char *sku, int64_t level, uint32_t document);
uint32_t shop_listing_count(const struct shop *shop);
bool shop_find(const struct shop *shop, const char *sku, uint32_t *listing);
/* What requests call it: never changes, whatever ids the shop itself makes anew. "" unknown. */
void shop_remote_id(const struct shop *shop, uint32_t listing, char remote_id[REMOTE_ID_MAX_BYTES + 1]);

/* --- requests ---------------------------------------------------------------------------------------- */

/* Serves one request completely, at once. Always fills the answer (free with channel_answer_free); 0 or
 * -ENOMEM. What goes wrong between us and the shop is wire.h's. */
MUST_CHECK int shop_serve(struct shop *shop, const struct channel_request *request, int64_t now_ms,
                          struct channel_answer *answer);
/* The same write in two steps, with others in between: started when the shop has read what it (or the
 * adapter) works from: Shopify's key is in flight, Etsy's document has been fetched, WooCommerce has looked
 * whether the order already reduced stock. One at a time; -EBUSY. shop_finish does the rest with the request
 * it was started with; -EINVAL none was started. shop_abandon forgets it: it never happens. */
MUST_CHECK int shop_start(struct shop *shop, const struct channel_request *request, int64_t now_ms);
MUST_CHECK int shop_finish(struct shop *shop, const struct channel_request *request, int64_t now_ms,
                           struct channel_answer *answer);
void shop_abandon(struct shop *shop);
bool shop_is_started(const struct shop *shop);
/* WooCommerce with order_writes: only the first of the two phases reaches the shop (the order is made,
 * pending). Others: nothing happens. 0, -E2BIG. */
MUST_CHECK int shop_serve_half(struct shop *shop, const struct channel_request *request, int64_t now_ms);
/* How the adapter reads "too many requests" as the answer to this request: ANSWER_RETRY where it surely was
 * not executed, ANSWER_UNKNOWN where no document says so (Shopify's writes). */
enum answer_outcome shop_throttled(const struct shop *shop, const struct channel_request *request);

/* --- buyers ------------------------------------------------------------------------------------------ */

struct shop_basket {
    uint32_t count; /* 1…SHOP_LINES_MAX, each line another listing */
    struct {
        uint32_t listing;
        int64_t quantity;
    } lines[SHOP_LINES_MAX];
    bool unpaid;  /* Square OPEN, WooCommerce pending, Etsy open, Shopify not confirmed: may still be paid */
    bool offline; /* Square's own POS while it had no network: nobody asks about the level, the goods are
                     handed over, and it arrives now with the old time taken_ms (≤ 72 h ago, else -ERANGE) */
    int64_t taken_ms; /* offline */
};
/* One order. A buyer gets at most shop_sellable units; -ERANGE. order: its number. */
MUST_CHECK int shop_buy(struct shop *shop, const struct shop_basket *basket, int64_t now_ms, uint32_t *order);
/* The unpaid order is paid; what the shop takes from its level at payment goes then, below zero if need be.
 */
MUST_CHECK int shop_pay(struct shop *shop, uint32_t order, int64_t now_ms);
/* The unpaid order is given up: nothing can be paid any more. */
MUST_CHECK int shop_expire(struct shop *shop, uint32_t order, int64_t now_ms);

/* --- people at the shop, and other apps --------------------------------------------------------------- */

/* Cancels what is open. restock: the shop puts the units back into its level. Where the shop leaves no choice
 * restock is ignored: WooCommerce gives back always, Etsy as its settings say. */
MUST_CHECK int shop_cancel(struct shop *shop, uint32_t order, bool restock, int64_t now_ms);
/* Hands over units of a line; 0 units: all that is open in the order. Part of a line: Shopify and Square
 * only. */
MUST_CHECK int shop_ship(struct shop *shop, uint32_t order, uint32_t line, int64_t units, int64_t now_ms);
/* Refunds units of a line: open ones first (they will not be sent), then ones handed over. restock: back into
 * the level (and, handed over, back in the shop, sellable). Etsy: money only, whatever is asked, until all is
 * refunded. */
MUST_CHECK int shop_refund(struct shop *shop, uint32_t order, uint32_t line, int64_t units, bool restock,
                           int64_t now_ms);
/* Adds units to a line, or removes open ones (delta < 0); restock as above. Shopify: any order; Square and
 * WooCommerce: unpaid ones. */
MUST_CHECK int shop_edit_order(struct shop *shop, uint32_t order, uint32_t line, int64_t delta, bool restock,
                               int64_t now_ms);
/* WooCommerce: any status by name ("failed", "refunded", "on-hold"…), with what it does to the stock. */
MUST_CHECK int shop_set_status(struct shop *shop, uint32_t order, const char *status, int64_t now_ms);
/* WooCommerce: deleted for good; no trace, no stock back. */
MUST_CHECK int shop_delete_order(struct shop *shop, uint32_t order, int64_t now_ms);
/* A person changes the level in the shop's own page: by delta. Square: an adjustment, occurred now. */
MUST_CHECK int shop_edit_level(struct shop *shop, uint32_t listing, int64_t delta, int64_t now_ms);
/* Another app (or a stock take) sets it. Square: a physical count of occurred_ms (0: now), which swallows
 * earlier adjustments whenever they arrive. Etsy: the whole document, with new product ids. */
MUST_CHECK int shop_set_level(struct shop *shop, uint32_t listing, int64_t level, int64_t occurred_ms,
                              int64_t now_ms);
/* A person takes a listing off sale and puts it back. Etsy: resuming one that is sold out costs a fee and
 * makes it 1. The others: never for sale while paused, the level stays. */
MUST_CHECK int shop_pause(struct shop *shop, uint32_t listing, int64_t now_ms);
MUST_CHECK int shop_resume(struct shop *shop, uint32_t listing, int64_t now_ms);
/* tracked: the shop counts it at all (Shopify, Square, WooCommerce). enforces: it refuses to sell below zero
 * (Shopify DENY, not CONTINUE; WooCommerce without backorders). */
MUST_CHECK int shop_set_policy(struct shop *shop, uint32_t listing, bool tracked, bool enforces);

/* --- the truth, for checkers -------------------------------------------------------------------------- */

/* What the shop holds now; what its API would show at this moment. */
bool shop_level(const struct shop *shop, uint32_t listing, int64_t *level);
bool shop_is_paused(const struct shop *shop, uint32_t listing);
/* Units a buyer could take now: 0 while paused, INT64_MAX where it sells past its level; WooCommerce's
 * checkout holds are taken off. */
int64_t shop_sellable(const struct shop *shop, uint32_t listing);
uint32_t shop_fees(const struct shop *shop); /* listings renewed for money */
/* The shop's own id of a listing's product, which Etsy makes anew with each write of its document. */
uint32_t shop_product_id(const struct shop *shop, uint32_t listing);

/* What is true about one line, whether an order reading shows it yet or ever. */
struct shop_truth {
    struct answer_order_line line; /* as the adapter would show it */
    uint32_t number, line_index;   /* of its order */
    uint32_t listing;
    int64_t took;       /* units missing from the level because of this line, right now */
    int64_t visible_ms; /* a reading begun at or after this shows its present state */
    bool unpaid;
    bool deleted_from_lists; /* no reading ever shows it again (hides_cancelled, our own orders) */
};
/* Fills at most max; returns how many there are. In the order of the order numbers. */
uint32_t shop_truths(const struct shop *shop, struct shop_truth *truths, uint32_t max);
/* What the shop knows of a write: its request key, or its op as a reference. */
enum shop_write_state { SHOP_WRITE_UNKNOWN, SHOP_WRITE_FAILED, SHOP_WRITE_APPLIED };
enum shop_write_state shop_write_state(const struct shop *shop, struct id128 key, struct id128 op,
                                       int64_t now_ms);
/* The level that a repetition under this key is answered with: that of the first time. False: not known, or
 * not applied. */
bool shop_repeated_level(const struct shop *shop, struct id128 key, int64_t now_ms, int64_t *level);

/* Only what decides the shop's future answers and sales counts; ids, versions, fees and past times do not. An
 * index that lags counts by what is left of the lag. Keys and references do not count: mix shop_write_state
 * of the writes that are still unsettled. */
uint64_t shop_hash(const struct shop *shop, int64_t now_ms);

/* Forgets finished orders, keys and references from before this time, to make room in long campaigns. The
 * caller knows that nobody asks for them any more. Levels stay. */
void shop_archive(struct shop *shop, int64_t before_ms);

#endif
