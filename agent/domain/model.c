#include "domain/model.h"

int64_t listing_expected(const struct listing *listing)
{
    return listing->baseline + listing->granted - listing->revoked - listing->sold + listing->restored +
           listing->edits;
}

int64_t listing_shown(const struct listing *listing)
{
    return listing_expected(listing) - listing->held_off;
}

int64_t listing_allocated(const struct listing *listing)
{
    int64_t units = listing_expected(listing);
    if (units < listing->held)
        units = listing->held;
    return (units > 0 ? units : 0) + listing->may_return;
}

void item_fill_event(const struct item *item, struct event *event)
{
    event->item.item = item->alias;
    event->item.sku = text_of(item->sku);
    event->item.title = text_of(item->title);
    event->item.price_minor = item->price_minor;
    event->item.cost_minor = item->cost_minor;
    event->item.currency = text_of(item->currency);
    event->item.flags = item->flags;
    event->item.reorder_point = item->reorder_point;
    event->item.lead_days = item->lead_days;
}
