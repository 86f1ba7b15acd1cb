/* Etsy: one pool, written only as a whole document, absolute, last writer wins (channels' section 3).
 *
 * One document is one listing; its products are variations, each with its own SKU, which are what our
 * listings are. What the documents leave open is a setting: when the quantity falls, whether a cancelled
 * receipt restocks, whether it stays in the list. An unpaid receipt is shown as held: nobody knows whether
 * its units have left the quantity.
 *
 * Taking off sale: PATCH state=inactive where the listing has one product; with several the offering is
 * disabled, which is a write of the whole document again. A listing that sold out is ended: putting it back
 * costs a fee. */
#include "shop_internal.h"

#include <errno.h>
#include <string.h>

enum { QUANTITY_MAX = 999 }; /* of one document */

/* Assumptions: Etsy says nothing about how late a receipt becomes visible. */
enum {
    ETSY_VISIBILITY_MS = 2 * SHOP_MINUTE_MS,
    ETSY_OVERLAP_MS = SHOP_HOUR_MS,
    ETSY_POLL_MS = SHOP_MINUTE_MS
};

static const struct channel_caps etsy_caps = {
    .held_off_level = true, /* a receipt takes when it is placed, as far as anybody knows */
    .restock_unknown = true,
    .pause = true,
    .answer_shows_level = true, /* the answer to PUT and PATCH is the document, the listing */
    .batch_size = 1,            /* one request, one document */
    .order_overlap_ms = ETSY_OVERLAP_MS,
    .order_visibility_ms = ETSY_VISIBILITY_MS,
    .poll_ms = ETSY_POLL_MS,
};

/* --- documents --------------------------------------------------------------------------------------- */

static bool is_beside(const struct shop *shop, uint32_t one, uint32_t other)
{
    return shop->listings[one].document == shop->listings[other].document;
}

static uint32_t products(const struct shop *shop, uint32_t listing)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < shop->listing_count; i++)
        count += is_beside(shop, i, listing);
    return count;
}

/* The document's quantities as fetched, with one changed: what they add up to. */
static int64_t total_of(const struct shop *shop, const int64_t *fetched, uint32_t listing, int64_t level)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < shop->listing_count; i++)
        if (is_beside(shop, i, listing))
            total += i == listing ? level : fetched[i];
    return total;
}

/* PUT: everything is replaced by what was fetched, whatever was sold meanwhile, and gets new ids. */
static void put_document(struct shop *shop, const int64_t *fetched, uint32_t listing, int64_t level)
{
    bool relisted = shop->listings[listing].sold_out && level > 0;
    shop->fees += relisted;
    for (uint32_t i = 0; i < shop->listing_count; i++) {
        struct shop_listing *product = &shop->listings[i];
        if (!is_beside(shop, i, listing))
            continue;
        product->level = i == listing ? level : fetched[i];
        product->product_id = ++shop->next_product;
        product->sold_out = product->sold_out && !relisted;
    }
}

static void fetch(const struct shop *shop, int64_t fetched[SHOP_LISTINGS_MAX])
{
    for (uint32_t i = 0; i < shop->listing_count; i++)
        fetched[i] = shop->listings[i].level;
}

static void move(struct shop *shop, uint32_t listing, int64_t delta, int64_t occurred_ms, int64_t now_ms)
{
    (void)occurred_ms;
    (void)now_ms;
    int64_t fetched[SHOP_LISTINGS_MAX];
    shop->listings[listing].level += delta;
    fetch(shop, fetched);
    if (delta > 0 || total_of(shop, fetched, listing, fetched[listing]) > 0)
        return;
    for (uint32_t i = 0; i < shop->listing_count; i++)
        if (is_beside(shop, i, listing))
            shop->listings[i].sold_out = true;
}

/* --- our writes -------------------------------------------------------------------------------------- */

static int start(struct shop *shop, const struct channel_request *request)
{
    (void)request;
    fetch(shop, shop->started.snapshot);
    return 0;
}

/* Putting back on sale takes two requests. Inactive: PUT, then PATCH state=active. Sold out: PATCH first, for
 * it sets the quantity to 1 and costs the fee, then PUT. Only the first one got through. */
static int half(struct shop *shop, const struct channel_request *request, int64_t now_ms)
{
    (void)now_ms;
    uint32_t at;
    int64_t fetched[SHOP_LISTINGS_MAX];
    const struct level_write *write = request->writes;
    if (request->count != 1 || write->method != WRITE_ABSOLUTE ||
        !shop_find_remote(shop, write->remote_id, &at))
        return 0;
    fetch(shop, fetched);
    int64_t total = total_of(shop, fetched, at, write->to);
    bool stuck = shop->listings[at].sold_out && shop->settings.relist_fails;
    if (write->to < 0 || total <= 0 || total > QUANTITY_MAX || stuck)
        return 0;
    if (shop->listings[at].sold_out)
        put_document(shop, fetched, at, 1);
    else if (shop->listings[at].paused && products(shop, at) == 1)
        put_document(shop, fetched, at, write->to);
    return 0;
}

static void pause_by_api(struct shop *shop, const int64_t *fetched, uint32_t listing)
{
    if (shop->listings[listing].sold_out)
        return; /* nothing of it is on sale */
    if (products(shop, listing) > 1)
        put_document(shop, fetched, listing, fetched[listing]);
    shop->listings[listing].paused = true;
}

static int set_by_api(struct shop *shop, const int64_t *fetched, uint32_t listing, int64_t level,
                      struct channel_answer *answer)
{
    int64_t total = total_of(shop, fetched, listing, level);
    if (level < 0 || total > QUANTITY_MAX)
        return shop_refuse(answer, ANSWER_REJECTED, "400: the quantity must be from 1 to 999.");
    if (total <= 0)
        return shop_refuse(answer, ANSWER_REJECTED, "400: the quantity must be greater than 0.");
    if (shop->listings[listing].sold_out && shop->settings.relist_fails)
        return shop_refuse(answer, ANSWER_UNKNOWN, "500: Server Error");
    put_document(shop, fetched, listing, level);
    shop->listings[listing].paused = false;
    return 0;
}

static int write(struct shop *shop, const struct channel_request *request, int64_t now_ms, bool resumed,
                 struct channel_answer *answer)
{
    (void)now_ms;
    uint32_t listing;
    int64_t fetched[SHOP_LISTINGS_MAX];
    const struct level_write *write = request->writes;
    if (request->count != 1)
        return shop_refuse(answer, ANSWER_REJECTED, "Etsy takes one document in one request.");
    if (!shop_find_remote(shop, write->remote_id, &listing))
        return shop_refuse(answer, ANSWER_REJECTED, "404: Etsy does not have this listing.");
    if (resumed)
        memcpy(fetched, shop->started.snapshot, sizeof fetched);
    else
        fetch(shop, fetched);
    int result = 0;
    if (write->method == WRITE_PAUSE)
        pause_by_api(shop, fetched, listing);
    else if (write->method == WRITE_ABSOLUTE)
        result = set_by_api(shop, fetched, listing, write->to, answer);
    else
        result = shop_refuse(answer, ANSWER_REJECTED, "Etsy only takes whole documents.");
    if (result < 0 || answer->outcome != ANSWER_DONE)
        return result;
    result = shop_answer_levels(answer, 1);
    if (result == 0)
        answer->levels_after[0] = shop->listings[listing].level;
    return result;
}

/* --- people ------------------------------------------------------------------------------------------ */

static int set_level(struct shop *shop, uint32_t listing, int64_t level, int64_t occurred_ms, int64_t now_ms)
{
    (void)occurred_ms;
    (void)now_ms;
    int64_t fetched[SHOP_LISTINGS_MAX];
    fetch(shop, fetched);
    int64_t total = total_of(shop, fetched, listing, level);
    if (level < 0 || total <= 0 || total > QUANTITY_MAX)
        return -ERANGE;
    put_document(shop, fetched, listing, level);
    return 0;
}

static int set_paused(struct shop *shop, uint32_t at, bool paused)
{
    struct shop_listing *listing = &shop->listings[at];
    if (listing->sold_out && paused)
        return -EALREADY;
    if (listing->sold_out) {
        shop->fees++;
        for (uint32_t i = 0; i < shop->listing_count; i++)
            if (is_beside(shop, i, at))
                shop->listings[i].sold_out = false;
        listing->level = 1;
    }
    listing->paused = paused;
    return 0;
}

static void give_back(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    for (uint32_t i = 0; i < order->line_count && shop->settings.cancel_restocks; i++) {
        struct shop_line *line = &order->lines[i];
        int64_t units = order->phase == PHASE_PAID ? shop_open_units(order, line) : line->took;
        line->restored_unseen += units;
        shop_take(shop, line, -units, now_ms, now_ms);
    }
}

/* A change that people make after the sale; some say that it does not move the receipt in the list of
 * changes. */
static void touch(const struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    if (!shop->settings.quiet_changes)
        shop_touch(shop, order, now_ms);
}

static int expire(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    if (order->phase != PHASE_UNPAID)
        return -EALREADY;
    give_back(shop, order, now_ms);
    order->hidden = shop->settings.hides_cancelled;
    order->phase = PHASE_GIVEN_UP;
    touch(shop, order, now_ms);
    return 0;
}

static int cancel(struct shop *shop, struct shop_order *order, bool restock, int64_t now_ms)
{
    (void)restock; /* nobody is asked */
    if (order->phase == PHASE_UNPAID)
        return expire(shop, order, now_ms);
    if (!shop_is_open(order))
        return -EALREADY;
    give_back(shop, order, now_ms);
    order->hidden = shop->settings.hides_cancelled;
    for (uint32_t i = 0; i < order->line_count; i++)
        order->lines[i].cancelled += shop_open_units(order, &order->lines[i]);
    touch(shop, order, now_ms);
    return 0;
}

/* refunds[] has amounts, no lines and no units. Only when all the money is back the receipt says so. */
static int refund(struct shop *shop, struct shop_order *order, uint32_t at, int64_t units, bool restock,
                  int64_t now_ms)
{
    (void)restock;
    if (at >= order->line_count)
        return -ENOENT;
    struct shop_line *line = &order->lines[at];
    if (units < 1 || order->phase != PHASE_PAID || units > line->quantity - line->refunded)
        return units < 1 ? -EINVAL : -ERANGE;
    line->refunded += units;
    bool all = true;
    for (uint32_t i = 0; i < order->line_count; i++)
        all = all && order->lines[i].refunded == order->lines[i].quantity;
    for (uint32_t i = 0; i < order->line_count && all; i++)
        order->lines[i].cancelled += shop_open_units(order, &order->lines[i]);
    touch(shop, order, now_ms);
    return 0;
}

const struct shop_ops etsy_shop_ops = {
    .kind = SHOP_ETSY,
    .name = "etsy",
    .caps = &etsy_caps,
    .grain_ms = SHOP_SECOND_MS,
    .write = write,
    .start = start,
    .half = half,
    .move = move,
    .set_level = set_level,
    .expire = expire,
    .cancel = cancel,
    .refund = refund,
    .pause = set_paused,
};
