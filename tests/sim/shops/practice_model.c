/* The practice shop is the product's own (agent/channel/practice_shop.c); here it only gets the models'
 * interface. It has one line an order, no unpaid orders, no refunds, no pause. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/practice_internal.h"
#include "shop_internal.h"

int practice_model_init(struct shop *shop)
{
    shop->practice = practice_shop_new();
    return shop->practice ? 0 : -ENOMEM;
}

int practice_model_copy(struct shop *copy, const struct shop *shop)
{
    copy->practice = practice_shop_copy(shop->practice);
    return copy->practice ? 0 : -ENOMEM;
}

int practice_model_add(struct shop *shop, const char *sku, int64_t level)
{
    return practice_shop_add(shop->practice, sku, "", sku, level);
}

int practice_model_buy(struct shop *shop, const struct shop_basket *basket, int64_t now_ms, uint32_t *order)
{
    char name[NAME_MAX_BYTES + 1];
    if (basket->count != 1 || basket->unpaid || basket->offline)
        return -ENOTSUP;
    int result = practice_shop_buy(shop->practice, shop->listings[basket->lines[0].listing].sku,
                                   basket->lines[0].quantity, now_ms, name, NULL);
    if (result == 0)
        *order = (uint32_t)strtoul(name + 1, NULL, 10);
    return result;
}

int practice_model_cancel(struct shop *shop, uint32_t order, bool restock, int64_t now_ms)
{
    char name[NAME_MAX_BYTES + 1];
    (void)snprintf(name, sizeof name, "#%" PRIu32, order);
    return practice_shop_cancel(shop->practice, name, restock, now_ms);
}

int practice_model_ship(struct shop *shop, uint32_t order, uint32_t line, int64_t units, int64_t now_ms)
{
    char name[NAME_MAX_BYTES + 1];
    (void)snprintf(name, sizeof name, "#%" PRIu32, order);
    if (units)
        return line ? -ENOENT : -ENOTSUP;
    return practice_shop_ship(shop->practice, name, now_ms);
}

int practice_model_edit_level(struct shop *shop, uint32_t listing, int64_t delta, int64_t now_ms)
{
    return practice_shop_edit(shop->practice, shop->listings[listing].sku, delta, now_ms);
}

int64_t practice_model_level(const struct shop *shop, uint32_t listing)
{
    int64_t level = 0;
    (void)practice_shop_level(shop->practice, shop->listings[listing].sku, &level);
    return level;
}

uint32_t practice_model_truths(const struct shop *shop, struct shop_truth *truths, uint32_t max)
{
    const struct practice_shop *practice = shop->practice;
    for (uint32_t i = 0; i < practice->order_count && i < max; i++) {
        const struct practice_order *order = &practice->orders[i];
        struct answer_order_line *line = &truths[i].line;
        truths[i] = (struct shop_truth){
            .line = {.version = order->version,
                     .created_wall_ms = order->created_ms,
                     .lines_in_order = 1,
                     .complete = true,
                     .state = order->state},
            .number = order->number,
            .listing = order->listing,
            .took = order->state.ordered - order->state.restored,
            .visible_ms = order->version,
        };
        (void)snprintf(line->order, sizeof line->order, "order-%" PRIu32, order->number);
        (void)snprintf(line->order_name, sizeof line->order_name, "#%" PRIu32, order->number);
        (void)snprintf(line->source_key, sizeof line->source_key, "order-%" PRIu32 "/1", order->number);
        shop_remote_id(shop, order->listing, line->remote_id);
        (void)snprintf(line->sku, sizeof line->sku, "%s", practice->listings[order->listing].sku);
    }
    return practice->order_count;
}

static const struct practice_key *find_key(const struct shop *shop, struct id128 key, int64_t now_ms)
{
    const struct practice_shop *practice = shop->practice;
    for (uint32_t i = 0; i < practice->key_count; i++)
        if (id128_equal(practice->keys[i].key, key) &&
            now_ms - practice->keys[i].used_ms < practice_caps.key_life_ms)
            return &practice->keys[i];
    return NULL;
}

enum shop_write_state practice_model_write_state(const struct shop *shop, struct id128 key, int64_t now_ms)
{
    const struct practice_key *known = find_key(shop, key, now_ms);
    return !known ? SHOP_WRITE_UNKNOWN : known->applied ? SHOP_WRITE_APPLIED : SHOP_WRITE_FAILED;
}

bool practice_model_repeated_level(const struct shop *shop, struct id128 key, int64_t now_ms, int64_t *level)
{
    const struct practice_key *known = find_key(shop, key, now_ms);
    if (!known || !known->applied || !known->count)
        return false;
    *level = known->levels[0];
    return true;
}

uint64_t practice_model_hash(const struct shop *shop, uint64_t hash)
{
    const struct practice_shop *practice = shop->practice;
    for (uint32_t i = 0; i < practice->listing_count; i++)
        hash = shop_mix(hash, practice->listings[i].level);
    for (uint32_t i = 0; i < practice->order_count; i++) {
        const struct order_vector *state = &practice->orders[i].state;
        hash = shop_mix(hash, practice->orders[i].listing);
        hash = shop_mix(hash, state->ordered);
        hash = shop_mix(hash, state->cancelled);
        hash = shop_mix(hash, state->handed_over);
        hash = shop_mix(hash, state->restored);
    }
    return hash;
}
