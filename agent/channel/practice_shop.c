#include "channel/practice_shop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/practice_internal.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, OVERLAP_MS = 10 * 60 * 1000, POLL_MS = 1000 };

const struct channel_caps practice_caps = {
    .delta_down = true,
    .delta_up = true,
    .compare_and_set = true,
    .idempotency_key = true,
    .answer_shows_level = true,
    .cancels_orders = true,
    .keeps_claim = true,
    .batch_size = OPS_PER_REQUEST_MAX,
    .key_life_ms = DAY_MS,
    .order_overlap_ms = OVERLAP_MS,
    .poll_ms = POLL_MS,
};

int practice_grow(void **array, uint32_t *capacity, uint32_t count, uint32_t max, size_t size)
{
    enum { FIRST = 16 };
    if (count >= max)
        return -E2BIG;
    if (count < *capacity)
        return 0;
    uint32_t wider = *capacity ? *capacity * 2 : FIRST;
    void *grown = reallocarray(*array, wider, size);
    if (!grown)
        return -ENOMEM;
    *array = grown;
    *capacity = wider;
    return 0;
}

/* --- life -------------------------------------------------------------------------------------------- */

struct practice_shop *practice_shop_new(void)
{
    return calloc(1, sizeof(struct practice_shop));
}

void practice_shop_free(struct practice_shop *shop)
{
    if (!shop)
        return;
    for (uint32_t i = 0; i < shop->key_count; i++)
        free(shop->keys[i].levels);
    free(shop->keys);
    free(shop->orders);
    free(shop->listings);
    free(shop);
}

/* A copy of count elements; NULL for none. Sets *failed when out of memory. */
static void *copy_array(const void *from, uint32_t count, size_t size, bool *failed)
{
    if (!count)
        return NULL;
    void *copy = reallocarray(NULL, count, size);
    if (copy)
        memcpy(copy, from, count * size);
    *failed |= !copy;
    return copy;
}

struct practice_shop *practice_shop_copy(const struct practice_shop *shop)
{
    struct practice_shop *copy = practice_shop_new();
    if (!copy)
        return NULL;
    bool failed = false;
    *copy = *shop;
    copy->listing_capacity = shop->listing_count;
    copy->order_capacity = shop->order_count;
    copy->key_capacity = shop->key_count;
    copy->listings = copy_array(shop->listings, shop->listing_count, sizeof *shop->listings, &failed);
    copy->orders = copy_array(shop->orders, shop->order_count, sizeof *shop->orders, &failed);
    copy->keys = copy_array(shop->keys, shop->key_count, sizeof *shop->keys, &failed);
    if (!copy->keys)
        copy->key_count = 0;
    for (uint32_t i = 0; i < copy->key_count; i++)
        copy->keys[i].levels =
            copy_array(shop->keys[i].levels, shop->keys[i].count, sizeof *shop->keys[i].levels, &failed);
    if (failed) {
        practice_shop_free(copy);
        return NULL;
    }
    return copy;
}

void practice_forget_keys(struct practice_shop *shop, int64_t now_ms)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < shop->key_count; i++) {
        if (now_ms - shop->keys[i].used_ms >= practice_caps.key_life_ms)
            free(shop->keys[i].levels);
        else
            shop->keys[kept++] = shop->keys[i];
    }
    shop->key_count = kept;
}

/* --- listings ---------------------------------------------------------------------------------------- */

static struct practice_listing *find_sku(const struct practice_shop *shop, const char *sku)
{
    for (uint32_t i = 0; i < shop->listing_count; i++)
        if (strcmp(shop->listings[i].sku, sku) == 0)
            return &shop->listings[i];
    return NULL;
}

int practice_shop_add(struct practice_shop *shop, const char *sku, const char *barcode, const char *title,
                      int64_t level)
{
    if (!sku[0] || level > PRACTICE_LEVEL_MAX || level < -PRACTICE_LEVEL_MAX)
        return -EINVAL;
    if (find_sku(shop, sku))
        return -EEXIST;
    int result = practice_grow((void **)&shop->listings, &shop->listing_capacity, shop->listing_count,
                               PRACTICE_LISTINGS_MAX, sizeof *shop->listings);
    if (result < 0)
        return result;
    struct practice_listing *listing = &shop->listings[shop->listing_count++];
    *listing = (struct practice_listing){.level = level};
    (void)snprintf(listing->sku, sizeof listing->sku, "%s", sku);
    (void)snprintf(listing->barcode, sizeof listing->barcode, "%s", barcode);
    (void)snprintf(listing->title, sizeof listing->title, "%s", title);
    return 0;
}

bool practice_shop_level(const struct practice_shop *shop, const char *sku, int64_t *level)
{
    const struct practice_listing *listing = find_sku(shop, sku);
    if (listing)
        *level = listing->level;
    return listing != NULL;
}

uint32_t practice_shop_count(const struct practice_shop *shop)
{
    return shop->listing_count;
}

bool practice_shop_at(const struct practice_shop *shop, uint32_t index, const char **sku, int64_t *level)
{
    if (index >= shop->listing_count)
        return false;
    *sku = shop->listings[index].sku;
    *level = shop->listings[index].level;
    return true;
}

/* --- people at the shop ------------------------------------------------------------------------------ */

static int64_t next_version(struct practice_shop *shop, int64_t now_ms)
{
    shop->newest_version = now_ms > shop->newest_version ? now_ms : shop->newest_version + 1;
    return shop->newest_version;
}

int practice_shop_buy(struct practice_shop *shop, const char *sku, int64_t quantity, int64_t now_ms,
                      char order_name[NAME_MAX_BYTES + 1], struct err *err)
{
    struct practice_listing *listing = find_sku(shop, sku);
    if (!listing)
        return err_set(err, -ENOENT, "the practice shop does not offer %s", sku);
    if (quantity < 1)
        return err_set(err, -EINVAL, "a buyer buys at least one");
    if (quantity > listing->level)
        return err_set(err, -ERANGE, "the practice shop shows %lld of %s, a buyer cannot have %lld",
                       (long long)listing->level, sku, (long long)quantity);
    int result = practice_grow((void **)&shop->orders, &shop->order_capacity, shop->order_count,
                               PRACTICE_ORDERS_MAX, sizeof *shop->orders);
    if (result < 0)
        return err_set_errno(err, result, "the practice shop cannot take an order");
    int64_t version = next_version(shop, now_ms);
    struct practice_order *order = &shop->orders[shop->order_count];
    *order = (struct practice_order){
        .number = PRACTICE_FIRST_ORDER + shop->order_count,
        .listing = (uint32_t)(listing - shop->listings),
        .created_ms = version, /* a clock that went back must not make an order older than the last */
        .version = version,
        .state = {.ordered = quantity},
    };
    shop->order_count++;
    listing->level -= quantity;
    (void)snprintf(order_name, NAME_MAX_BYTES + 1, "#%u", order->number);
    return 0;
}

static struct practice_order *find_order(struct practice_shop *shop, const char *order_name)
{
    char name[NAME_MAX_BYTES + 1];
    for (uint32_t i = 0; i < shop->order_count; i++) {
        (void)snprintf(name, sizeof name, "#%u", shop->orders[i].number);
        if (strcmp(name, order_name) == 0)
            return &shop->orders[i];
    }
    return NULL;
}

static int64_t open_units(const struct practice_order *order)
{
    return order->state.ordered - order->state.cancelled - order->state.handed_over;
}

int practice_shop_cancel(struct practice_shop *shop, const char *order_name, bool restock, int64_t now_ms)
{
    struct practice_order *order = find_order(shop, order_name);
    if (!order)
        return -ENOENT;
    int64_t units = open_units(order);
    if (!units)
        return -EALREADY;
    order->state.cancelled += units;
    if (restock) {
        order->state.restored += units;
        shop->listings[order->listing].level += units;
    }
    order->version = next_version(shop, now_ms);
    return 0;
}

int practice_shop_ship(struct practice_shop *shop, const char *order_name, int64_t now_ms)
{
    struct practice_order *order = find_order(shop, order_name);
    if (!order)
        return -ENOENT;
    int64_t units = open_units(order);
    if (!units)
        return -EALREADY;
    order->state.handed_over += units;
    order->version = next_version(shop, now_ms);
    return 0;
}

int practice_shop_edit(struct practice_shop *shop, const char *sku, int64_t delta, int64_t now_ms)
{
    (void)now_ms; /* an edit has a time at a real shop, but nothing here reads it */
    struct practice_listing *listing = find_sku(shop, sku);
    if (!listing)
        return -ENOENT;
    if (delta > PRACTICE_LEVEL_MAX - listing->level || delta < -PRACTICE_LEVEL_MAX - listing->level)
        return -ERANGE;
    listing->level += delta;
    return 0;
}

void practice_shop_fault(struct practice_shop *shop, enum practice_fault fault, int64_t times)
{
    shop->fault = times > 0 ? fault : FAULT_NONE;
    shop->fault_times = times;
}
