/* Life of a shop, its listings, and who does what: a kind's own way, or the usual one. */
#include "shop_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The practice shop never gets to the parts that these are for. */
static const struct shop_ops practice_ops = {
    .kind = SHOP_PRACTICE, .name = "practice", .caps = &practice_caps, .grain_ms = 1};

static const struct shop_ops *const kinds[] = {&practice_ops, &shopify_shop_ops, &square_shop_ops,
                                               &etsy_shop_ops, &woo_shop_ops};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const struct shop_ops *ops_of(enum shop_kind kind)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i]->kind == kind)
            return kinds[i];
    return NULL;
}

const char *shop_kind_name(enum shop_kind kind)
{
    const struct shop_ops *ops = ops_of(kind);
    return ops ? ops->name : "?";
}

bool shop_kind_find(const char *name, enum shop_kind *kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i]->name, name) != 0)
            continue;
        *kind = kinds[i]->kind;
        return true;
    }
    return false;
}

const struct channel_caps *shop_caps(const struct shop_settings *settings)
{
    const struct shop_ops *ops = ops_of(settings->kind);
    bool orders = ops && settings->order_writes && ops->order_caps;
    return !ops ? NULL : orders ? ops->order_caps : ops->caps;
}

/* --- life -------------------------------------------------------------------------------------------- */

struct shop *shop_new(const struct shop_settings *settings)
{
    const struct shop_ops *ops = ops_of(settings->kind);
    struct shop_settings full = *settings;
    if (!full.orders_max)
        full.orders_max = SHOP_ORDERS_USUAL;
    if (!full.writes_max)
        full.writes_max = SHOP_WRITES_USUAL;
    if (!full.page_orders)
        full.page_orders = ORDERS_PAGE_SIZE;
    if (!ops || full.orders_max > SHOP_CAPACITY_MAX || full.writes_max > SHOP_CAPACITY_MAX ||
        full.page_orders > ORDERS_PAGE_SIZE || full.order_lag_ms < 0 || full.key_life_ms < 0)
        return NULL;
    if (full.kind == SHOP_PRACTICE)
        full.orders_max = full.writes_max = 0; /* it keeps its own */
    size_t size = sizeof(struct shop) + full.orders_max * sizeof(struct shop_order) +
                  full.writes_max * sizeof(struct shop_record);
    struct shop *shop = calloc(1, size);
    if (!shop)
        return NULL;
    shop->ops = ops;
    shop->settings = full;
    shop->size = size;
    shop->next_order = SHOP_FIRST_ORDER;
    if (full.kind == SHOP_PRACTICE && practice_model_init(shop) < 0) {
        free(shop);
        return NULL;
    }
    return shop;
}

void shop_free(struct shop *shop)
{
    if (!shop)
        return;
    practice_shop_free(shop->practice);
    free(shop);
}

struct shop *shop_copy(const struct shop *shop)
{
    struct shop *copy = malloc(shop->size);
    if (!copy)
        return NULL;
    memcpy(copy, shop, shop->size);
    if (shop->practice && practice_model_copy(copy, shop) < 0) {
        free(copy);
        return NULL;
    }
    return copy;
}

const struct shop_settings *shop_settings(const struct shop *shop)
{
    return &shop->settings;
}

struct shop_record *shop_records(struct shop *shop)
{
    return (struct shop_record *)(void *)&shop->orders[shop->settings.orders_max];
}

const struct shop_record *shop_records_of(const struct shop *shop)
{
    return (const struct shop_record *)(const void *)&shop->orders[shop->settings.orders_max];
}

int64_t shop_clock(struct shop *shop, int64_t now_ms)
{
    if (now_ms > shop->clock_ms)
        shop->clock_ms = now_ms;
    return shop->clock_ms;
}

/* --- listings ---------------------------------------------------------------------------------------- */

int shop_add(struct shop *shop, const char *sku, int64_t level, uint32_t document)
{
    uint32_t known;
    if (!sku[0] || strlen(sku) > SKU_MAX_BYTES || level > SHOP_LEVEL_MAX || level < -SHOP_LEVEL_MAX)
        return -EINVAL;
    if (shop_find(shop, sku, &known))
        return -EEXIST;
    if (shop->listing_count == SHOP_LISTINGS_MAX)
        return -E2BIG;
    int result = shop->practice ? practice_model_add(shop, sku, level) : 0;
    if (result < 0)
        return result;
    struct shop_listing *listing = &shop->listings[shop->listing_count];
    *listing = (struct shop_listing){
        .level = level,
        .counted = level,
        .counted_ms = SHOP_NEVER_MS,
        .tracked = true,
        .enforces = true,
        .sold_out = shop->settings.kind == SHOP_ETSY && level <= 0,
        .document = document ? document : UINT32_MAX - shop->listing_count,
        .product_id = ++shop->next_product,
    };
    (void)snprintf(listing->sku, sizeof listing->sku, "%s", sku);
    shop->listing_count++;
    return 0;
}

uint32_t shop_listing_count(const struct shop *shop)
{
    return shop->listing_count;
}

bool shop_find(const struct shop *shop, const char *sku, uint32_t *listing)
{
    for (uint32_t i = 0; i < shop->listing_count; i++) {
        if (strcmp(shop->listings[i].sku, sku) != 0)
            continue;
        *listing = i;
        return true;
    }
    return false;
}

/* Etsy's product ids change with every write, so its listings are named by document and SKU. */
void shop_remote_id(const struct shop *shop, uint32_t listing, char remote_id[REMOTE_ID_MAX_BYTES + 1])
{
    if (listing >= shop->listing_count)
        remote_id[0] = '\0';
    else if (shop->settings.kind == SHOP_ETSY)
        (void)snprintf(remote_id, REMOTE_ID_MAX_BYTES + 1, "%u/%s", shop->listings[listing].document,
                       shop->listings[listing].sku);
    else
        (void)snprintf(remote_id, REMOTE_ID_MAX_BYTES + 1, "listing-%u", listing + 1);
}

struct shop_listing *shop_find_remote(struct shop *shop, const char *remote_id, uint32_t *listing)
{
    char name[REMOTE_ID_MAX_BYTES + 1];
    for (uint32_t i = 0; i < shop->listing_count; i++) {
        shop_remote_id(shop, i, name);
        if (strcmp(name, remote_id) != 0)
            continue;
        *listing = i;
        return &shop->listings[i];
    }
    return NULL;
}

int shop_set_policy(struct shop *shop, uint32_t listing, bool tracked, bool enforces)
{
    if (listing >= shop->listing_count)
        return -ENOENT;
    if (!shop->ops->policies)
        return -ENOTSUP;
    shop->listings[listing].tracked = tracked;
    shop->listings[listing].enforces = enforces;
    return 0;
}

static int set_paused(struct shop *shop, uint32_t listing, bool paused, int64_t now_ms)
{
    shop_clock(shop, now_ms);
    if (listing >= shop->listing_count)
        return -ENOENT;
    if (shop->practice)
        return -ENOTSUP;
    if (shop->ops->pause)
        return shop->ops->pause(shop, listing, paused);
    shop->listings[listing].paused = paused;
    return 0;
}

int shop_pause(struct shop *shop, uint32_t listing, int64_t now_ms)
{
    return set_paused(shop, listing, true, now_ms);
}

int shop_resume(struct shop *shop, uint32_t listing, int64_t now_ms)
{
    return set_paused(shop, listing, false, now_ms);
}

/* --- levels ------------------------------------------------------------------------------------------ */

int shop_need_records(const struct shop *shop, uint32_t count)
{
    return shop->settings.writes_max - shop->record_count < count ? -E2BIG : 0;
}

struct shop_record *shop_new_record(struct shop *shop)
{
    if (shop->record_count == shop->settings.writes_max)
        return NULL;
    struct shop_record *record = &shop_records(shop)[shop->record_count++];
    memset(record, 0, sizeof *record);
    return record;
}

void shop_move_level(struct shop *shop, uint32_t listing, int64_t delta, int64_t occurred_ms, int64_t now_ms)
{
    if (shop->ops->move)
        shop->ops->move(shop, listing, delta, occurred_ms, now_ms);
    else
        shop->listings[listing].level += delta;
}

void shop_take(struct shop *shop, struct shop_line *line, int64_t units, int64_t occurred_ms, int64_t now_ms)
{
    if (!units || !shop->listings[line->listing].tracked)
        return;
    line->took += units;
    shop_move_level(shop, line->listing, -units, occurred_ms, now_ms);
}

int shop_edit_level(struct shop *shop, uint32_t listing, int64_t delta, int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    if (listing >= shop->listing_count)
        return -ENOENT;
    if (shop->practice)
        return practice_model_edit_level(shop, listing, delta, now_ms);
    int64_t level = shop->listings[listing].level;
    if (delta > SHOP_LEVEL_MAX - level || delta < -SHOP_LEVEL_MAX - level)
        return -ERANGE;
    if (shop->ops->set_level && !shop->ops->moves_are_recorded)
        return shop->ops->set_level(shop, listing, level + delta, now_ms, now_ms);
    if (shop->ops->moves_are_recorded && shop_need_records(shop, 1) < 0)
        return -E2BIG;
    shop_move_level(shop, listing, delta, now_ms, now_ms);
    return 0;
}

int shop_set_level(struct shop *shop, uint32_t listing, int64_t level, int64_t occurred_ms, int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    if (listing >= shop->listing_count)
        return -ENOENT;
    if (level > SHOP_LEVEL_MAX || level < -SHOP_LEVEL_MAX || occurred_ms > now_ms)
        return -ERANGE;
    if (shop->practice)
        return practice_model_edit_level(shop, listing, level - practice_model_level(shop, listing), now_ms);
    if (shop->ops->set_level)
        return shop->ops->set_level(shop, listing, level, occurred_ms ? occurred_ms : now_ms, now_ms);
    shop->listings[listing].level = level;
    return 0;
}
