/* Orders: what buyers and people at the shop do to them, as most shops have it. */
#include "shop_internal.h"

#include <errno.h>
#include <string.h>

/* --- the list ---------------------------------------------------------------------------------------- */

struct shop_order *shop_find_order(struct shop *shop, uint32_t number)
{
    for (uint32_t i = 0; i < shop->order_count; i++)
        if (shop->orders[i].number == number)
            return &shop->orders[i];
    return NULL;
}

struct shop_order *shop_new_order(struct shop *shop, int64_t created_ms, int64_t now_ms)
{
    if (shop->order_count == shop->settings.orders_max)
        return NULL;
    struct shop_order *order = &shop->orders[shop->order_count++];
    *order = (struct shop_order){
        .number = shop->next_order++,
        .phase = PHASE_PAID,
        .created_ms = created_ms,
        .changed_ms = now_ms,
        .indexed_ms = SHOP_NEVER_MS,
    };
    return order;
}

void shop_remove_order(struct shop *shop, struct shop_order *order)
{
    uint32_t at = (uint32_t)(order - shop->orders);
    memmove(order, order + 1, (shop->order_count - at - 1) * sizeof *order);
    shop->order_count--;
    memset(&shop->orders[shop->order_count], 0, sizeof *order);
}

void shop_touch(const struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    if (now_ms - order->changed_ms >= shop->settings.order_lag_ms)
        order->indexed_ms = order->changed_ms;
    order->changed_ms = now_ms;
}

int64_t shop_visible_ms(const struct shop *shop, const struct shop_order *order)
{
    return order->changed_ms + shop->settings.order_lag_ms;
}

int64_t shop_open_units(const struct shop_order *order, const struct shop_line *line)
{
    if (order->origin || order->phase == PHASE_UNPAID || order->phase == PHASE_GIVEN_UP)
        return 0;
    return line->quantity - line->cancelled - line->elsewhere - line->shipped;
}

bool shop_is_open(const struct shop_order *order)
{
    bool open = order->phase == PHASE_UNPAID;
    for (uint32_t i = 0; i < order->line_count; i++)
        open = open || shop_open_units(order, &order->lines[i]) > 0;
    return open;
}

static bool is_unpaid(const struct shop_order *order)
{
    return order->phase == PHASE_UNPAID;
}

/* Moves of one change of the whole order, where each needs a record. */
static int need_moves(const struct shop *shop, uint32_t count)
{
    return shop->ops->moves_are_recorded ? shop_need_records(shop, count) : 0;
}

/* --- buying ------------------------------------------------------------------------------------------ */

int64_t shop_sellable(const struct shop *shop, uint32_t listing)
{
    if (listing >= shop->listing_count)
        return 0;
    const struct shop_listing *offered = &shop->listings[listing];
    if (shop->practice)
        return practice_model_level(shop, listing);
    if (offered->paused || offered->sold_out)
        return 0;
    if (!offered->tracked || !offered->enforces)
        return INT64_MAX;
    int64_t units = offered->level;
    for (uint32_t i = 0; shop->ops->holds_at_checkout && i < shop->order_count; i++)
        for (uint32_t j = 0; j < shop->orders[i].line_count && is_unpaid(&shop->orders[i]); j++)
            if (shop->orders[i].lines[j].listing == listing && !shop->orders[i].own)
                units -= shop->orders[i].lines[j].quantity;
    return units > 0 ? units : 0;
}

static int check_basket(const struct shop *shop, const struct shop_basket *basket, int64_t now_ms)
{
    if (basket->count < 1 || basket->count > SHOP_LINES_MAX || (basket->offline && basket->unpaid))
        return -EINVAL;
    if (basket->offline && !shop->ops->has_offline)
        return -ENOTSUP;
    if (basket->offline && (basket->taken_ms > now_ms || now_ms - basket->taken_ms > SHOP_LATE_MAX_MS))
        return -ERANGE;
    for (uint32_t i = 0; i < basket->count; i++) {
        if (basket->lines[i].listing >= shop->listing_count)
            return -ENOENT;
        if (basket->lines[i].quantity < 1 || basket->lines[i].quantity > SHOP_LEVEL_MAX / 4 ||
            (i && basket->lines[i].listing == basket->lines[0].listing))
            return -EINVAL;
        if (!basket->offline && basket->lines[i].quantity > shop_sellable(shop, basket->lines[i].listing))
            return -ERANGE;
    }
    return 0;
}

static bool falls_when_placed(const struct shop *shop)
{
    return shop->settings.kind == SHOP_ETSY && !shop->settings.falls_at_payment;
}

int shop_buy(struct shop *shop, const struct shop_basket *basket, int64_t now_ms, uint32_t *number)
{
    now_ms = shop_clock(shop, now_ms);
    int result = check_basket(shop, basket, now_ms);
    if (result < 0)
        return result;
    if (shop->practice)
        return practice_model_buy(shop, basket, now_ms, number);
    if (need_moves(shop, basket->count) < 0)
        return -E2BIG;
    int64_t taken_ms = basket->offline ? basket->taken_ms : now_ms;
    struct shop_order *order = shop_new_order(shop, taken_ms, now_ms);
    if (!order)
        return -E2BIG;
    order->phase = basket->unpaid ? PHASE_UNPAID : PHASE_PAID;
    order->line_count = basket->count;
    order->reduced = !basket->unpaid;
    for (uint32_t i = 0; i < basket->count; i++) {
        struct shop_line *line = &order->lines[i];
        *line = (struct shop_line){.listing = basket->lines[i].listing,
                                   .quantity = basket->lines[i].quantity,
                                   .shipped = basket->offline ? basket->lines[i].quantity : 0};
        if (!basket->unpaid || falls_when_placed(shop))
            shop_take(shop, line, line->quantity, taken_ms, now_ms);
    }
    *number = order->number;
    return 0;
}

int shop_usual_pay(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    if (!is_unpaid(order))
        return -EALREADY;
    if (need_moves(shop, order->line_count) < 0)
        return -E2BIG;
    order->phase = PHASE_PAID;
    for (uint32_t i = 0; i < order->line_count; i++)
        if (!falls_when_placed(shop))
            shop_take(shop, &order->lines[i], order->lines[i].quantity, now_ms, now_ms);
    shop_touch(shop, order, now_ms);
    return 0;
}

int shop_usual_expire(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    if (!is_unpaid(order))
        return -EALREADY;
    order->phase = PHASE_GIVEN_UP;
    shop_touch(shop, order, now_ms);
    return 0;
}

/* --- people at the shop ------------------------------------------------------------------------------ */

int shop_usual_cancel(struct shop *shop, struct shop_order *order, bool restock, int64_t now_ms)
{
    if (is_unpaid(order))
        return shop_usual_expire(shop, order, now_ms);
    if (!shop_is_open(order))
        return -EALREADY;
    if (restock && need_moves(shop, order->line_count) < 0)
        return -E2BIG;
    for (uint32_t i = 0; i < order->line_count; i++) {
        struct shop_line *line = &order->lines[i];
        int64_t units = shop_open_units(order, line);
        line->cancelled += units;
        line->restored += restock ? units : 0;
        shop_take(shop, line, restock ? -units : 0, now_ms, now_ms);
    }
    shop_touch(shop, order, now_ms);
    return 0;
}

int shop_usual_ship(struct shop *shop, struct shop_order *order, uint32_t line, int64_t units, int64_t now_ms)
{
    if (is_unpaid(order) || !shop_is_open(order))
        return -EALREADY;
    if (units < 0 || (units && line >= order->line_count))
        return units < 0 ? -EINVAL : -ENOENT;
    if (units && units > shop_open_units(order, &order->lines[line]))
        return -ERANGE;
    if (units && units < shop_open_units(order, &order->lines[line]) && !shop->ops->ships_parts)
        return -ENOTSUP;
    for (uint32_t i = 0; i < order->line_count; i++)
        if (!units || i == line)
            order->lines[i].shipped += units ? units : shop_open_units(order, &order->lines[i]);
    shop_touch(shop, order, now_ms);
    return 0;
}

int shop_usual_refund(struct shop *shop, struct shop_order *order, uint32_t at, int64_t units, bool restock,
                      int64_t now_ms)
{
    if (at >= order->line_count)
        return -ENOENT;
    struct shop_line *line = &order->lines[at];
    int64_t open = shop_open_units(order, line);
    int64_t unsent = units < open ? units : open;
    int64_t sent = units - unsent;
    if (units < 1 || is_unpaid(order) || sent > line->shipped - line->refunded)
        return units < 1 ? -EINVAL : -ERANGE;
    if (restock && need_moves(shop, 1) < 0)
        return -E2BIG;
    line->cancelled += unsent;
    line->refunded += sent;
    if (restock) {
        line->returned_sellable += sent;
        line->restored += units;
        shop_take(shop, line, -units, now_ms, now_ms);
    }
    shop_touch(shop, order, now_ms);
    return 0;
}

static int edit_unpaid(struct shop *shop, struct shop_order *order, struct shop_line *line, int64_t delta,
                       int64_t now_ms)
{
    if (line->quantity + delta < 1 || line->quantity + delta < line->cancelled + line->shipped ||
        (delta > 0 && delta > shop_sellable(shop, line->listing)))
        return -ERANGE;
    line->quantity += delta;
    shop_touch(shop, order, now_ms);
    return 0;
}

static int edit_paid(struct shop *shop, struct shop_order *order, struct shop_line *line, int64_t delta,
                     bool restock, int64_t now_ms)
{
    if (delta > 0 ? delta > shop_sellable(shop, line->listing) : -delta > shop_open_units(order, line))
        return -ERANGE;
    if (delta > 0) {
        line->quantity += delta;
        shop_take(shop, line, delta, now_ms, now_ms);
    } else {
        line->cancelled -= delta;
        line->restored_unseen -= restock ? delta : 0;
        shop_take(shop, line, restock ? delta : 0, now_ms, now_ms);
    }
    shop_touch(shop, order, now_ms);
    return 0;
}

/* --- by number --------------------------------------------------------------------------------------- */

int shop_pay(struct shop *shop, uint32_t number, int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    struct shop_order *order = shop_find_order(shop, number);
    if (!order)
        return shop->practice ? -ENOTSUP : -ENOENT;
    return (shop->ops->pay ? shop->ops->pay : shop_usual_pay)(shop, order, now_ms);
}

int shop_expire(struct shop *shop, uint32_t number, int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    struct shop_order *order = shop_find_order(shop, number);
    if (!order)
        return shop->practice ? -ENOTSUP : -ENOENT;
    return (shop->ops->expire ? shop->ops->expire : shop_usual_expire)(shop, order, now_ms);
}

int shop_cancel(struct shop *shop, uint32_t number, bool restock, int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    if (shop->practice)
        return practice_model_cancel(shop, number, restock, now_ms);
    struct shop_order *order = shop_find_order(shop, number);
    if (!order || order->origin)
        return -ENOENT;
    return (shop->ops->cancel ? shop->ops->cancel : shop_usual_cancel)(shop, order, restock, now_ms);
}

int shop_ship(struct shop *shop, uint32_t number, uint32_t line, int64_t units, int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    if (shop->practice)
        return practice_model_ship(shop, number, line, units, now_ms);
    struct shop_order *order = shop_find_order(shop, number);
    if (!order || order->origin)
        return -ENOENT;
    return (shop->ops->ship ? shop->ops->ship : shop_usual_ship)(shop, order, line, units, now_ms);
}

int shop_refund(struct shop *shop, uint32_t number, uint32_t line, int64_t units, bool restock,
                int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    struct shop_order *order = shop_find_order(shop, number);
    if (!order || order->origin)
        return shop->practice ? -ENOTSUP : -ENOENT;
    return (shop->ops->refund ? shop->ops->refund : shop_usual_refund)(shop, order, line, units, restock,
                                                                       now_ms);
}

int shop_edit_order(struct shop *shop, uint32_t number, uint32_t line, int64_t delta, bool restock,
                    int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    struct shop_order *order = shop_find_order(shop, number);
    if (!order || order->origin || line >= order->line_count)
        return shop->practice ? -ENOTSUP : -ENOENT;
    bool unpaid = is_unpaid(order);
    if (!delta || delta > SHOP_LEVEL_MAX / 4 || delta < -SHOP_LEVEL_MAX / 4)
        return -EINVAL;
    if (order->phase == PHASE_GIVEN_UP)
        return -EALREADY;
    if (unpaid ? !shop->ops->edits_unpaid : !shop->ops->edits_paid)
        return -ENOTSUP;
    return unpaid ? edit_unpaid(shop, order, &order->lines[line], delta, now_ms)
                  : edit_paid(shop, order, &order->lines[line], delta, restock, now_ms);
}

int shop_set_status(struct shop *shop, uint32_t number, const char *status, int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    struct shop_order *order = shop_find_order(shop, number);
    if (!shop->ops->set_status)
        return -ENOTSUP;
    return order ? shop->ops->set_status(shop, order, status, now_ms) : -ENOENT;
}

int shop_delete_order(struct shop *shop, uint32_t number, int64_t now_ms)
{
    shop_clock(shop, now_ms);
    struct shop_order *order = shop_find_order(shop, number);
    if (!shop->ops->delete_order)
        return -ENOTSUP;
    return order ? shop->ops->delete_order(shop, order) : -ENOENT;
}
