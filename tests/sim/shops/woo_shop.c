/* WooCommerce: a number that is set, and statuses that move it (channels' section 4).
 *
 * Processing, completed and on-hold take stock once; cancelled and back to pending give back what a line
 * still holds (its _reduced_stock); failed and refunded give nothing back; deleting leaves no trace. The
 * quantity of a line never changes. A pending order holds its units at the checkout, where stock_quantity
 * does not show it. An adapter sees the effect of a line only by _reduced_stock, so what it calls restored is
 * quantity less that.
 *
 * Writes: PUT stock_quantity, absolute, no compare, no key. With order_writes a lowering is an order of our
 * own instead: made pending (first phase, no effect), completed (second phase, the database's own
 * subtraction). It is found by its mark, so a repeat completes the same one and does nothing to one that is
 * completed, unless two are under way at once. */
#include "shop_internal.h"

#include <errno.h>
#include <string.h>

/* An assumption: an order is readable at once after its commit, but caches in front of a site are common. */
enum {
    WOO_VISIBILITY_MS = SHOP_MINUTE_MS,
    WOO_OVERLAP_MS = 10 * SHOP_MINUTE_MS,
    WOO_POLL_MS = SHOP_MINUTE_MS
};

static const struct channel_caps woo_caps = {
    .answer_shows_level = true,
    .cancels_orders = true, /* a refund of everything with api_restock: false */
    .batch_size = 1,        /* products/batch can succeed in part */
    .order_overlap_ms = WOO_OVERLAP_MS,
    .order_visibility_ms = WOO_VISIBILITY_MS,
    .poll_ms = WOO_POLL_MS,
};

/* Raising stays absolute. No key: two at a time can take twice; whether one was done can be looked up. */
static const struct channel_caps woo_order_caps = {
    .delta_down = true,
    .finds_writes = true,
    .answer_shows_level = true,
    .cancels_orders = true,
    .batch_size = 1,
    .order_overlap_ms = WOO_OVERLAP_MS,
    .order_visibility_ms = WOO_VISIBILITY_MS,
    .poll_ms = WOO_POLL_MS,
};

/* --- statuses ---------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum shop_phase phase;
    bool takes, gives_back;
} statuses[] = {
    {"pending", PHASE_UNPAID, false, true},     {"processing", PHASE_PAID, true, false},
    {"on-hold", PHASE_ON_HOLD, true, false},    {"completed", PHASE_COMPLETED, true, false},
    {"cancelled", PHASE_GIVEN_UP, false, true}, {"failed", PHASE_FAILED, false, false},
    {"refunded", PHASE_REFUNDED, false, false},
};
enum { STATUSES = sizeof statuses / sizeof statuses[0] };

static void take_stock(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    for (uint32_t i = 0; i < order->line_count; i++)
        shop_take(shop, &order->lines[i], order->lines[i].quantity, now_ms, now_ms);
    order->reduced = true;
}

/* Each line's _reduced_stock, no more. */
static void give_back(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    for (uint32_t i = 0; i < order->line_count; i++)
        shop_take(shop, &order->lines[i], -order->lines[i].took, now_ms, now_ms);
    order->reduced = false;
}

static void set_phase(struct shop *shop, struct shop_order *order, enum shop_phase phase, int64_t now_ms)
{
    for (size_t i = 0; i < STATUSES; i++) {
        if (statuses[i].phase != phase)
            continue;
        if (statuses[i].takes && !order->reduced)
            take_stock(shop, order, now_ms);
        bool gives_back = statuses[i].gives_back || (phase == PHASE_FAILED && shop->settings.failed_restocks);
        if (gives_back && order->reduced)
            give_back(shop, order, now_ms);
    }
    for (uint32_t i = 0; i < order->line_count; i++) {
        struct shop_line *line = &order->lines[i];
        int64_t open = line->quantity - line->cancelled - line->shipped;
        if (phase == PHASE_COMPLETED)
            line->shipped += open;
        if (phase == PHASE_REFUNDED)
            line->cancelled += open;
    }
    order->phase = phase;
    shop_touch(shop, order, now_ms);
}

static int set_status(struct shop *shop, struct shop_order *order, const char *status, int64_t now_ms)
{
    for (size_t i = 0; i < STATUSES; i++) {
        if (strcmp(statuses[i].name, status) != 0)
            continue;
        set_phase(shop, order, statuses[i].phase, now_ms);
        return 0;
    }
    return -EINVAL;
}

static void state(const struct shop *shop, const struct shop_order *order, const struct shop_line *line,
                  struct order_vector *state)
{
    (void)shop;
    bool gone = order->phase == PHASE_GIVEN_UP;
    bool waits = order->phase == PHASE_UNPAID || (order->phase == PHASE_FAILED && !order->reduced);
    *state = (struct order_vector){
        .held = waits ? line->quantity : 0,
        .ordered = waits ? 0 : line->quantity,
        .cancelled = waits  ? 0
                     : gone ? line->quantity - line->shipped
                            : line->cancelled,
        .handed_over = line->shipped,
        .returned_sellable = line->returned_sellable,
        .restored = waits ? 0 : line->quantity - line->took,
    };
}

/* --- our writes -------------------------------------------------------------------------------------- */

static struct shop_order *find_own(struct shop *shop, struct id128 op)
{
    for (uint32_t i = 0; i < shop->order_count; i++)
        if (shop->orders[i].own && id128_equal(shop->orders[i].reference, op))
            return &shop->orders[i];
    return NULL;
}

static bool is_order_write(const struct shop *shop, const struct channel_request *request)
{
    return shop->settings.order_writes && request->count == 1 && request->writes[0].method == WRITE_DELTA &&
           request->writes[0].delta < 0;
}

/* First phase: looked for by its mark, else made, pending. NULL: no such listing, or no room. */
static struct shop_order *make_own(struct shop *shop, const struct level_write *write, int64_t now_ms)
{
    uint32_t listing;
    struct shop_order *order = find_own(shop, write->op);
    if (order || !shop_find_remote(shop, write->remote_id, &listing))
        return order;
    order = shop_new_order(shop, now_ms, now_ms);
    if (!order)
        return NULL;
    order->phase = PHASE_UNPAID;
    order->own = true;
    order->reference = write->op;
    order->line_count = 1;
    order->lines[0] = (struct shop_line){.listing = listing, .quantity = -write->delta};
    return order;
}

static int half(struct shop *shop, const struct channel_request *request, int64_t now_ms)
{
    if (is_order_write(shop, request))
        (void)make_own(shop, &request->writes[0], now_ms);
    return 0;
}

static int start(struct shop *shop, const struct channel_request *request)
{
    if (!is_order_write(shop, request))
        return 0;
    struct shop_order *order = make_own(shop, &request->writes[0], shop->clock_ms);
    if (!order)
        return -E2BIG;
    shop->started.reduced = order->reduced;
    return 0;
}

/* Second phase. What it saw when it looked is what it goes by. */
static int write_order(struct shop *shop, const struct level_write *write, int64_t now_ms, bool resumed)
{
    struct shop_order *order = make_own(shop, write, now_ms);
    if (!order)
        return -E2BIG;
    if (resumed)
        order->reduced = shop->started.reduced;
    set_phase(shop, order, PHASE_COMPLETED, now_ms);
    return 0;
}

static int write(struct shop *shop, const struct channel_request *request, int64_t now_ms, bool resumed,
                 struct channel_answer *answer)
{
    uint32_t at;
    const struct level_write *write = request->writes;
    if (request->count != 1)
        return shop_refuse(answer, ANSWER_REJECTED, "One product in one request.");
    struct shop_listing *listing = shop_find_remote(shop, write->remote_id, &at);
    if (!listing)
        return shop_refuse(answer, ANSWER_REJECTED, "404: Invalid ID (woocommerce_rest_product_invalid_id).");
    if (is_order_write(shop, request)) {
        if (write_order(shop, write, now_ms, resumed) < 0)
            return shop_refuse(answer, ANSWER_RETRY, "The model has no room for another order.");
    } else if (write->method == WRITE_ABSOLUTE) {
        listing->level = write->to;
        listing->tracked = true; /* manage_stock: true goes with it */
    } else {
        return shop_refuse(answer, ANSWER_REJECTED, "WooCommerce only takes whole numbers.");
    }
    int result = shop_answer_levels(answer, 1);
    if (result == 0)
        answer->levels_after[0] = listing->level;
    return result;
}

/* GET orders?created_via=…&search=…, and _reduced_stock of what it finds. */
static void find(const struct shop *shop, const struct channel_request *request, bool *found)
{
    for (uint32_t i = 0; i < request->count; i++)
        for (uint32_t j = 0; j < shop->order_count; j++)
            found[i] = found[i] || (shop->orders[j].own && shop->orders[j].reduced &&
                                    id128_equal(shop->orders[j].reference, request->writes[i].op));
}

static int cancel_by_api(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    if (!shop_is_open(order))
        return -EALREADY;
    set_phase(shop, order, order->phase == PHASE_UNPAID ? PHASE_GIVEN_UP : PHASE_REFUNDED, now_ms);
    return 0;
}

/* --- people ------------------------------------------------------------------------------------------ */

static int pay(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    if (order->phase != PHASE_UNPAID && order->phase != PHASE_FAILED && order->phase != PHASE_ON_HOLD)
        return -EALREADY;
    set_phase(shop, order, PHASE_PAID, now_ms);
    return 0;
}

static int expire(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    if (order->phase != PHASE_UNPAID)
        return -EALREADY;
    set_phase(shop, order, PHASE_GIVEN_UP, now_ms);
    return 0;
}

static int cancel(struct shop *shop, struct shop_order *order, bool restock, int64_t now_ms)
{
    (void)restock; /* it always gives back */
    if (order->phase == PHASE_GIVEN_UP)
        return -EALREADY;
    set_phase(shop, order, PHASE_GIVEN_UP, now_ms);
    return 0;
}

/* Handing over is a status of the whole order. */
static int ship(struct shop *shop, struct shop_order *order, uint32_t line, int64_t units, int64_t now_ms)
{
    (void)line;
    if (units)
        return -ENOTSUP;
    if (order->phase != PHASE_PAID && order->phase != PHASE_ON_HOLD)
        return -EALREADY;
    set_phase(shop, order, PHASE_COMPLETED, now_ms);
    return 0;
}

/* POST /orders/{id}/refunds with line_items; api_restock is `restock`. All refunded: the status follows. */
static int refund(struct shop *shop, struct shop_order *order, uint32_t at, int64_t units, bool restock,
                  int64_t now_ms)
{
    if (order->phase == PHASE_GIVEN_UP || order->phase == PHASE_FAILED || order->phase == PHASE_REFUNDED)
        return -EALREADY;
    int result = shop_usual_refund(shop, order, at, units, restock, now_ms);
    if (result < 0)
        return result;
    bool all = true;
    for (uint32_t i = 0; i < order->line_count; i++)
        all = all && order->lines[i].cancelled + order->lines[i].refunded == order->lines[i].quantity;
    if (all)
        order->phase = PHASE_REFUNDED;
    return 0;
}

static int delete_order(struct shop *shop, struct shop_order *order)
{
    shop_remove_order(shop, order);
    return 0;
}

const struct shop_ops woo_shop_ops = {
    .kind = SHOP_WOO,
    .name = "woocommerce",
    .caps = &woo_caps,
    .order_caps = &woo_order_caps,
    .grain_ms = SHOP_SECOND_MS,
    .since_margin_ms = 2 * SHOP_SECOND_MS,
    .edits_unpaid = true,
    .holds_at_checkout = true,
    .policies = true,
    .write = write,
    .start = start,
    .half = half,
    .find = find,
    .cancel_by_api = cancel_by_api,
    .state = state,
    .pay = pay,
    .expire = expire,
    .cancel = cancel,
    .ship = ship,
    .refund = refund,
    .set_status = set_status,
    .delete_order = delete_order,
};
