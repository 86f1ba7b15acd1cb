/* What is true, for those who check the other side. */
#include "shop_internal.h"

#include <stdlib.h>
#include <string.h>

bool shop_level(const struct shop *shop, uint32_t listing, int64_t *level)
{
    if (listing >= shop->listing_count)
        return false;
    *level = shop->practice ? practice_model_level(shop, listing) : shop->listings[listing].level;
    return true;
}

bool shop_is_paused(const struct shop *shop, uint32_t listing)
{
    return listing < shop->listing_count && shop->listings[listing].paused;
}

uint32_t shop_fees(const struct shop *shop)
{
    return shop->fees;
}

uint32_t shop_product_id(const struct shop *shop, uint32_t listing)
{
    return listing < shop->listing_count ? shop->listings[listing].product_id : 0;
}

uint32_t shop_truths(const struct shop *shop, struct shop_truth *truths, uint32_t max)
{
    if (shop->practice)
        return practice_model_truths(shop, truths, max);
    uint32_t count = 0;
    for (uint32_t i = 0; i < shop->order_count; i++) {
        const struct shop_order *order = &shop->orders[i];
        for (uint32_t j = 0; j < order->line_count; j++, count++) {
            if (count >= max)
                continue;
            truths[count] = (struct shop_truth){
                .number = order->number,
                .line_index = j,
                .listing = order->lines[j].listing,
                .took = order->lines[j].took,
                .visible_ms = shop_visible_ms(shop, order),
                .unpaid = order->phase == PHASE_UNPAID,
                .deleted_from_lists = order->hidden || order->own,
            };
            shop_show_line(shop, order, j, &truths[count].line);
        }
    }
    return count;
}

enum shop_write_state shop_write_state(const struct shop *shop, struct id128 key, struct id128 op,
                                       int64_t now_ms)
{
    if (shop->practice)
        return practice_model_write_state(shop, key, now_ms);
    const struct shop_record *records = shop_records_of(shop);
    for (uint32_t i = 0; i < shop->record_count; i++) {
        const struct shop_record *record = &records[i];
        bool by_key = id128_equal(record->key, key) && now_ms - record->used_ms < shop_key_life(shop);
        bool by_reference = shop_caps(&shop->settings)->finds_writes && id128_equal(record->op, op);
        if (!id128_is_zero(record->key) && (by_key || by_reference))
            return record->applied ? SHOP_WRITE_APPLIED : SHOP_WRITE_FAILED;
    }
    for (uint32_t i = 0; i < shop->order_count; i++)
        if (shop->orders[i].own && id128_equal(shop->orders[i].reference, op))
            return shop->orders[i].lines[0].took ? SHOP_WRITE_APPLIED : SHOP_WRITE_FAILED;
    return SHOP_WRITE_UNKNOWN;
}

bool shop_repeated_level(const struct shop *shop, struct id128 key, int64_t now_ms, int64_t *level)
{
    if (shop->practice)
        return practice_model_repeated_level(shop, key, now_ms, level);
    const struct shop_record *records = shop_records_of(shop);
    for (uint32_t i = 0; i < shop->record_count; i++) {
        const struct shop_record *record = &records[i];
        if (id128_is_zero(record->key) || !id128_equal(record->key, key) || !record->applied ||
            now_ms - record->used_ms >= shop_key_life(shop))
            continue;
        *level = record->level_after;
        return true;
    }
    return false;
}

/* --- sameness ---------------------------------------------------------------------------------------- */

uint64_t shop_mix(uint64_t hash, int64_t value)
{
    hash ^= (uint64_t)value + UINT64_C(0x9e3779b97f4a7c15) + (hash << 6) + (hash >> 2);
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 29;
    return hash;
}

static uint64_t mix_order(uint64_t hash, const struct shop *shop, const struct shop_order *order,
                          int64_t now_ms)
{
    int64_t lag = shop_visible_ms(shop, order) - now_ms;
    hash = shop_mix(hash, (int64_t)order->phase << 4 | (int64_t)order->own << 3 |
                              (int64_t)order->hidden << 2 | (int64_t)order->reduced << 1);
    hash = shop_mix(hash, lag > 0 ? lag : 0);
    hash = shop_mix(hash, lag > 0 && order->indexed_ms != SHOP_NEVER_MS);
    hash = shop_mix(hash, order->origin != 0);
    for (uint32_t i = 0; i < order->line_count; i++) {
        const struct shop_line *line = &order->lines[i];
        const int64_t units[] = {line->listing,  line->quantity,          line->took,     line->cancelled,
                                 line->shipped,  line->returned_sellable, line->restored, line->elsewhere,
                                 line->refunded, line->restored_unseen};
        for (size_t j = 0; j < sizeof units / sizeof units[0]; j++)
            hash = shop_mix(hash, units[j]);
    }
    return hash;
}

/* Square: a late sale counts only if it was after the last count, which is soon three days ago for ever. */
static int64_t count_age_hours(const struct shop *shop, uint32_t listing, int64_t now_ms)
{
    int64_t newest_ms = shop->listings[listing].counted_ms;
    const struct shop_record *records = shop_records_of(shop);
    for (uint32_t i = 0; i < shop->record_count; i++)
        if (records[i].kind == RECORD_COUNT && records[i].listing == listing &&
            records[i].occurred_ms > newest_ms)
            newest_ms = records[i].occurred_ms;
    if (newest_ms == SHOP_NEVER_MS || now_ms - newest_ms > SHOP_LATE_MAX_MS)
        return SHOP_LATE_MAX_MS / SHOP_HOUR_MS;
    return (now_ms - newest_ms) / SHOP_HOUR_MS;
}

uint64_t shop_hash(const struct shop *shop, int64_t now_ms)
{
    uint64_t hash = shop_mix(0, shop->settings.kind);
    hash = shop_mix(hash, shop->started.used);
    for (uint32_t i = 0; shop->started.used && i < shop->listing_count; i++)
        hash = shop_mix(hash, shop->started.snapshot[i]);
    hash = shop_mix(hash, shop->started.reduced);
    if (shop->practice)
        return practice_model_hash(shop, hash);
    for (const char *at = shop->claim; *at; at++)
        hash = shop_mix(hash, *at);
    for (uint32_t i = 0; i < shop->listing_count; i++) {
        const struct shop_listing *listing = &shop->listings[i];
        hash = shop_mix(hash, listing->level);
        hash = shop_mix(hash, listing->tracked << 3 | listing->enforces << 2 | listing->paused << 1 |
                                  listing->sold_out);
        hash = shop_mix(hash, shop->ops->moves_are_recorded ? count_age_hours(shop, i, now_ms) : 0);
    }
    for (uint32_t i = 0; i < shop->order_count; i++)
        hash = mix_order(hash, shop, &shop->orders[i], now_ms);
    return hash;
}

/* --- long campaigns ---------------------------------------------------------------------------------- */

void shop_archive(struct shop *shop, int64_t before_ms)
{
    for (uint32_t i = shop->order_count; i > 0; i--) {
        struct shop_order *order = &shop->orders[i - 1];
        if (!shop_is_open(order) && order->changed_ms < before_ms &&
            shop_visible_ms(shop, order) <= shop->clock_ms)
            shop_remove_order(shop, order);
    }
    struct shop_record *records = shop_records(shop);
    uint32_t kept = 0;
    if (shop->ops->forget) {
        before_ms -= SHOP_LATE_MAX_MS;
        shop->ops->forget(shop, before_ms);
    }
    for (uint32_t i = 0; i < shop->record_count; i++)
        if (records[i].used_ms >= before_ms || records[i].occurred_ms >= before_ms)
            records[kept++] = records[i];
    memset(&records[kept], 0, (shop->record_count - kept) * sizeof *records);
    shop->record_count = kept;
}
