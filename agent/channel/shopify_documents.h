/* The GraphQL documents we send, and how much they ask for at once. tests/schema validates each against the
 * vendor's schema.
 *
 * Cost. One query may cost 1,000 points at most, whatever the plan; a Standard shop restores 100 points a
 * second (shopify.dev/docs/api/usage/limits). We count conservatively: an object 1, a connection 2 + first
 * nodes, a list `first` elements, a mutation 10. The sizes below keep every document under SHOPIFY_COST_MAX
 * by that count; the sandbox counts the same way and refuses more. */
#ifndef FAIRSTOCK_CHANNEL_SHOPIFY_DOCUMENTS_H
#define FAIRSTOCK_CHANNEL_SHOPIFY_DOCUMENTS_H

#include <stdint.h>

#include "channel/shopify_cursor.h"

enum {
    SHOPIFY_COST_MAX = 1000,
    SHOPIFY_LISTINGS_PER_PAGE = 100,  /* 4 points each */
    SHOPIFY_LEVELS_PER_REQUEST = 250, /* 3 points each; input arrays hold at most 250 */
};

/* How many elements of each sub-list of an order one request asks for. */
struct shopify_order_sizes {
    uint32_t lines, refunds, refund_lines, fulfillments, fulfillment_lines;
};
/* A page of SHOPIFY_ORDERS_PER_PAGE orders with the claim: 974 points. A list that comes back full may have
 * more in it. */
extern const struct shopify_order_sizes shopify_page_sizes;
/* One order by itself, tried one after the other until its lists fit: a bit of everything; few long refunds
 * and parcels; many short ones; one very long one of each. Its lines are paged, the other lists are not.
 * 933 to 969 points. */
extern const struct shopify_order_sizes shopify_single_sizes[SHOPIFY_SINGLE_SIZES];

extern const char shopify_check_document[];
extern const char shopify_listings_document[];
extern const char shopify_levels_document[];
extern const char shopify_orders_document[];
extern const char shopify_order_document[];
extern const char shopify_adjust_document[];
extern const char shopify_cancel_document[];
extern const char shopify_claim_document[];

#endif
