#include "channel/shopify_documents.h"

const struct shopify_order_sizes shopify_page_sizes = {
    .lines = 10, .refunds = 2, .refund_lines = 5, .fulfillments = 2, .fulfillment_lines = 5};
const struct shopify_order_sizes shopify_single_sizes[SHOPIFY_SINGLE_SIZES] = {
    {.lines = 20, .refunds = 10, .refund_lines = 10, .fulfillments = 10, .fulfillment_lines = 25},
    {.lines = 5, .refunds = 3, .refund_lines = 50, .fulfillments = 3, .fulfillment_lines = 80},
    {.lines = 20, .refunds = 40, .refund_lines = 3, .fulfillments = 40, .fulfillment_lines = 3},
    {.lines = 5, .refunds = 2, .refund_lines = 100, .fulfillments = 2, .fulfillment_lines = 80},
};

/* The claim is app data: only this app of this shop reads and writes it, without a scope of its own
 * (shopify.dev, "App-data metafields"). No namespace means the app's own. */
#define CLAIM_PARTS " fragment Claim on AppInstallation { id metafield(key: $claim) { value compareDigest } }"

/* publicApiVersions tells whether the pinned version is still served: the header that would say so
 * (X-Shopify-API-Version) does not reach an adapter. */
const char shopify_check_document[] = "query Check($location: ID!, $claim: String!) {"
                                      " shop { name }"
                                      " location(id: $location) { name isActive }"
                                      " currentAppInstallation { accessScopes { handle } ...Claim }"
                                      " publicApiVersions { handle supported }"
                                      " }" CLAIM_PARTS;

const char shopify_listings_document[] =
    "query Listings($first: Int!, $after: String, $location: ID!, $names: [String!]!) {"
    " productVariants(first: $first, after: $after, sortKey: ID) {"
    " nodes { sku barcode displayName inventoryPolicy"
    " inventoryItem { id tracked inventoryLevel(locationId: $location) { quantities(names: $names) { name "
    "quantity } } } }"
    " pageInfo { hasNextPage endCursor } } }";

const char shopify_levels_document[] =
    "query Levels($ids: [ID!]!, $location: ID!, $names: [String!]!) {"
    " nodes(ids: $ids) { ... on InventoryItem {"
    " id inventoryLevel(locationId: $location) { quantities(names: $names) { name quantity } } } } }";

#define ORDER_VARIABLES                                                                                      \
    "$lines: Int!, $linesAfter: String, $refunds: Int!, $refundLines: Int!, $fulfillments: Int!, "           \
    "$fulfillmentLines: Int!"

#define ORDER_PARTS                                                                                          \
    " fragment Parts on Order {"                                                                             \
    " id name test confirmed createdAt updatedAt cancelledAt"                                                \
    " lineItems(first: $lines, after: $linesAfter) {"                                                        \
    " nodes { id sku quantity currentQuantity unfulfilledQuantity variant { inventoryItem { id } } }"        \
    " pageInfo { hasNextPage endCursor } }"                                                                  \
    " refunds(first: $refunds) { refundLineItems(first: $refundLines) {"                                     \
    " nodes { quantity restockType restocked lineItem { id } location { id } }"                              \
    " pageInfo { hasNextPage } } }"                                                                          \
    " fulfillments(first: $fulfillments) { status location { id }"                                           \
    " fulfillmentLineItems(first: $fulfillmentLines) {"                                                      \
    " nodes { quantity lineItem { id } }"                                                                    \
    " pageInfo { hasNextPage } } } }"

/* Ascending by change: an order touched while we page moves to the end and is met twice, never missed. */
const char shopify_orders_document[] =
    "query Orders($first: Int!, $after: String, $query: String, $claim: String!, " ORDER_VARIABLES ") {"
    " orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {"
    " nodes { ...Parts }"
    " pageInfo { hasNextPage endCursor } }"
    " currentAppInstallation { ...Claim } }" ORDER_PARTS CLAIM_PARTS;

const char shopify_order_document[] = "query Order($id: ID!, " ORDER_VARIABLES ") {"
                                      " order(id: $id) { ...Parts } }" ORDER_PARTS;

/* @idempotent and changeFromQuantity are demanded at run time from 2026-04 on although the schema shows both
 * as optional. */
const char shopify_adjust_document[] =
    "mutation Adjust($input: InventoryAdjustQuantitiesInput!, $key: String!) {"
    " inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {"
    " inventoryAdjustmentGroup { id changes { name delta quantityAfterChange item { id } } }"
    " userErrors { field message code } } }";

/* orderCancel takes no idempotency key; a second cancel of a cancelled order is refused by the shop, so it is
 * harmless. */
const char shopify_cancel_document[] =
    "mutation Cancel($order: ID!) {"
    " orderCancel(orderId: $order, reason: INVENTORY, restock: false, notifyCustomer: true,"
    " refundMethod: { originalPaymentMethodsRefund: true }) {"
    " job { id done }"
    " orderCancelUserErrors { field message code } } }";

/* Atomic, and compared since 2024-07: a null digest means that there is none yet (shopify.dev,
 * metafieldsSet). */
const char shopify_claim_document[] = "mutation Claim($metafields: [MetafieldsSetInput!]!) {"
                                      " metafieldsSet(metafields: $metafields) {"
                                      " metafields { value compareDigest }"
                                      " userErrors { field message code } } }";
