#include "cli/sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LISTINGS_AT_ONCE = 256 };

static int64_t *on_hand_of(struct sums *sums, uint32_t item)
{
    if (item >= sums->item_capacity) {
        size_t capacity = ((size_t)item + 1) * 2;
        int64_t *grown = reallocarray(sums->on_hand, capacity, sizeof *grown);
        if (!grown) {
            sums->error = -ENOMEM;
            return NULL;
        }
        memset(grown + sums->item_capacity, 0, (capacity - sums->item_capacity) * sizeof *grown);
        sums->on_hand = grown;
        sums->item_capacity = capacity;
    }
    return &sums->on_hand[item];
}

static void add_on_hand(struct sums *sums, uint32_t item, int64_t delta)
{
    int64_t *units = item ? on_hand_of(sums, item) : NULL;
    if (units)
        *units += delta;
}

static struct listing_sum *listing_of(struct sums *sums, uint32_t channel, uint32_t listing)
{
    for (size_t i = sums->listing_count; i-- > 0;)
        if (sums->listings[i].channel == channel && sums->listings[i].listing == listing)
            return &sums->listings[i];
    if (sums->listing_count == sums->listing_capacity) {
        size_t capacity = sums->listing_capacity + LISTINGS_AT_ONCE;
        struct listing_sum *grown = reallocarray(sums->listings, capacity, sizeof *grown);
        if (!grown) {
            sums->error = -ENOMEM;
            return NULL;
        }
        sums->listings = grown;
        sums->listing_capacity = capacity;
    }
    struct listing_sum *made = &sums->listings[sums->listing_count++];
    *made = (struct listing_sum){.channel = channel, .listing = listing};
    return made;
}

static void add_expected(struct sums *sums, uint32_t channel, uint32_t listing, int64_t delta)
{
    struct listing_sum *sum = listing ? listing_of(sums, channel, listing) : NULL;
    if (sum)
        sum->expected += delta;
}

static void note_sale(struct sums *sums, uint64_t position)
{
    if (sums->sales == sums->sale_capacity) {
        size_t capacity = sums->sale_capacity ? sums->sale_capacity * 2 : 1024;
        uint64_t *grown = reallocarray(sums->sale_positions, capacity, sizeof *grown);
        if (!grown) {
            sums->error = -ENOMEM;
            return;
        }
        sums->sale_positions = grown;
        sums->sale_capacity = capacity;
    }
    sums->sale_positions[sums->sales++] = position;
}

static void add_order(struct sums *sums, const struct event *event)
{
    const struct order_vector *d = &event->order.difference;
    add_on_hand(sums, event->order.item,
                (d->returned_sellable - d->handed_over) * (int64_t)event->order.pack);
    add_expected(sums, event->order.channel, event->order.listing, d->restored - d->ordered);
}

static void add_event(struct sums *sums, uint64_t position, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        note_sale(sums, position);
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            add_on_hand(sums, event->sale.lines[i].item, -event->sale.lines[i].quantity);
        break;
    case EVENT_VOID:
        for (uint32_t i = 0; i < event->voided.effect_count; i++)
            add_on_hand(sums, event->voided.effects[i].item, event->voided.effects[i].delta);
        break;
    case EVENT_UNKNOWN_NAMED:
        add_on_hand(sums, event->named.item, -event->named.quantity);
        break;
    case EVENT_ADJUSTMENT:
        add_on_hand(sums, event->adjustment.item, event->adjustment.delta);
        break;
    case EVENT_LISTING_LINKED: {
        struct listing_sum *sum = listing_of(sums, event->listing.channel, event->listing.listing);
        if (sum) {
            sum->item = event->listing.item;
            text_copy(event->listing.remote_id, sum->remote_id, sizeof sum->remote_id);
        }
        break;
    }
    case EVENT_BASELINE:
        add_expected(sums, event->baseline.channel, event->baseline.listing, event->baseline.level);
        break;
    case EVENT_GRANT:
        add_expected(sums, event->allocation.channel, event->allocation.listing,
                     (int64_t)event->allocation.units);
        break;
    case EVENT_REVOKE:
        add_expected(sums, event->allocation.channel, event->allocation.listing,
                     -(int64_t)event->allocation.units);
        break;
    case EVENT_ORDER_STATE:
        add_order(sums, event);
        break;
    case EVENT_LEVEL_EDIT:
        add_expected(sums, event->edit.channel, event->edit.listing, event->edit.delta);
        break;
    default:
        break;
    }
}

static int sum_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                     const uint8_t tag[4])
{
    struct sums *sums = user;
    (void)id;
    (void)tag;
    int result = event_decode(bytes, length, &sums->event);
    if (result == 0)
        add_event(sums, position, &sums->event);
    return result < 0 ? result : sums->error;
}

/* --- life --- */

int sums_read(struct store *store, struct sums **sums)
{
    struct sums *made = calloc(1, sizeof *made);
    int result = made ? store_walk(store, 0, sum_event, made) : -ENOMEM;
    if (result < 0)
        sums_free(made);
    else
        *sums = made;
    return result;
}

void sums_free(struct sums *sums)
{
    if (!sums)
        return;
    free(sums->listings);
    free(sums->on_hand);
    free(sums->sale_positions);
    free(sums);
}

int64_t sums_on_hand(const struct sums *sums, uint32_t item)
{
    return item < sums->item_capacity ? sums->on_hand[item] : 0;
}
