/* Shopify's GraphQL Admin API, version 2026-07: requests out, answers in. Pure like every adapter
 * (channel.h); talks to one location of one shop. What the vendor's schema cannot show is cited where it is
 * used; [U] marks what no document settles.
 *
 * Units and ids: a listing is an inventory item ("gid://shopify/InventoryItem/…") at the configured location,
 * its level is the quantity named "available". A source key is a line item's gid. An order's version is its
 * updatedAt, which has whole seconds: two states of one second have one version, so a reader must accept an
 * equal version. */
#ifndef FAIRSTOCK_CHANNEL_SHOPIFY_H
#define FAIRSTOCK_CHANNEL_SHOPIFY_H

#include "channel/channel.h"

#define SHOPIFY_VERSION "2026-07"
/* The newest version that tests/schema validates our requests against. A shop past 2026-07 serves the oldest
 * version it still has; up to this one we know that our requests mean the same. */
#define SHOPIFY_VERSION_LAST_TRIED "2026-10"

extern const struct channel_ops shopify_ops;

#endif
