#include "shopify_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct channel_config fixture_config = {
    .name = "pottery", .url = "https://pottery.myshopify.com", .location_id = "1", .token = "shpat_test"};

/* Bodies as the shop gives them: wanted members in the asked order, extensions at the end. */
#define COST                                                                                                 \
    ",\"extensions\":{\"cost\":{\"requestedQueryCost\":5,\"actualQueryCost\":5,\"throttleStatus\":{"         \
    "\"maximumAvailable\":2000.0,\"currentlyAvailable\":1995,\"restoreRate\":100.0}}}}"

const struct fixture_good fixture_good[FIXTURE_GOOD_COUNT] = {
    {"check",
     "{\"data\":{\"shop\":{\"name\":\"Pottery\"},\"location\":{\"name\":\"Studio\",\"isActive\":true},"
     "\"currentAppInstallation\":{\"accessScopes\":[{\"handle\":\"write_products\"},{\"handle\":\"read_"
     "orders\"},"
     "{\"handle\":\"write_inventory\"},{\"handle\":\"read_locations\"}],\"id\":\"" FIXTURE_INSTALLATION
     "\",\"metafield\":{\"value\":\"fairstock 1 x\",\"compareDigest\":\"d1\"}},"
     "\"publicApiVersions\":[{\"handle\":\"2026-04\",\"supported\":true},{\"handle\":\"2026-07\","
     "\"supported\":true},"
     "{\"handle\":\"unstable\",\"supported\":false}]}" COST},
    {"listings",
     "{\"data\":{\"productVariants\":{\"nodes\":[{\"sku\":\"MUG-BLU\",\"barcode\":\"4006381333931\","
     "\"displayName\":\"Blue mug\",\"inventoryPolicy\":\"DENY\",\"inventoryItem\":{"
     "\"id\":\"gid://shopify/InventoryItem/100\",\"tracked\":true,\"inventoryLevel\":{\"quantities\":[{"
     "\"name\":\"available\",\"quantity\":37}]}}},{\"sku\":null,\"barcode\":null,\"displayName\":\"Gift "
     "card\","
     "\"inventoryPolicy\":\"CONTINUE\",\"inventoryItem\":{\"id\":\"gid://shopify/InventoryItem/101\","
     "\"tracked\":false,\"inventoryLevel\":null}}],"
     "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"eyJsYXN0X2lkIjoxMDF9\"}}}" COST},
    {"levels",
     "{\"data\":{\"nodes\":[{\"id\":\"gid://shopify/InventoryItem/100\",\"inventoryLevel\":{\"quantities\":[{"
     "\"name\":\"available\",\"quantity\":-3}]}},null,{\"id\":\"gid://shopify/InventoryItem/102\","
     "\"inventoryLevel\":null}]}" COST},
    {"orders",
     "{\"data\":{\"orders\":{\"nodes\":[{\"id\":\"gid://shopify/Order/"
     "5000\",\"name\":\"#1001\",\"test\":false,"
     "\"confirmed\":true,\"createdAt\":\"2026-11-23T10:00:00Z\",\"updatedAt\":\"2026-11-23T10:05:00Z\","
     "\"cancelledAt\":null,\"lineItems\":{\"nodes\":[{\"id\":\"gid://shopify/LineItem/"
     "5001\",\"sku\":\"MUG-BLU\","
     "\"quantity\":7,\"currentQuantity\":5,\"unfulfilledQuantity\":2,\"variant\":{\"inventoryItem\":{"
     "\"id\":\"gid://shopify/InventoryItem/"
     "100\"}}}],\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":\"bGluZQ==\"}},"
     "\"refunds\":[{\"refundLineItems\":{\"nodes\":[{\"quantity\":2,\"restockType\":\"CANCEL\",\"restocked\":"
     "true,"
     "\"lineItem\":{\"id\":\"gid://shopify/LineItem/5001\"},\"location\":{\"id\":\"gid://shopify/Location/"
     "1\"}}],"
     "\"pageInfo\":{\"hasNextPage\":false}}}],"
     "\"fulfillments\":[{\"status\":\"SUCCESS\",\"location\":{\"id\":\"gid://shopify/Location/1\"},"
     "\"fulfillmentLineItems\":{\"nodes\":[{\"quantity\":3,\"lineItem\":{\"id\":\"gid://shopify/LineItem/"
     "5001\"}}],"
     "\"pageInfo\":{\"hasNextPage\":false}}}]}],"
     "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":\"b3JkZXI=\"}}," FIXTURE_UNCLAIMED "}" COST},
    {"order",
     "{\"data\":{\"order\":{\"id\":\"gid://shopify/Order/5000\",\"name\":\"#1001\",\"test\":false,"
     "\"confirmed\":true,\"createdAt\":\"2026-11-23T10:00:00Z\",\"updatedAt\":\"2026-11-23T10:05:00Z\","
     "\"cancelledAt\":\"2026-11-23T10:05:00Z\",\"lineItems\":{\"nodes\":[{\"id\":\"gid://shopify/LineItem/"
     "5001\","
     "\"sku\":\"MUG-BLU\",\"quantity\":7,\"currentQuantity\":0,\"unfulfilledQuantity\":0,\"variant\":null}],"
     "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"bGluZQ==\"}},"
     "\"refunds\":[{\"refundLineItems\":{\"nodes\":[{\"quantity\":7,\"restockType\":\"NO_RESTOCK\","
     "\"restocked\":false,\"lineItem\":{\"id\":\"gid://shopify/LineItem/5001\"},\"location\":null}],"
     "\"pageInfo\":{\"hasNextPage\":false}}}],\"fulfillments\":[]}}" COST},
    {"adjust", "{\"data\":{\"inventoryAdjustQuantities\":{\"inventoryAdjustmentGroup\":{"
               "\"id\":\"gid://shopify/InventoryAdjustmentGroup/1\",\"changes\":["
               "{\"name\":\"on_hand\",\"delta\":-1,\"quantityAfterChange\":null,\"item\":{\"id\":\"gid://"
               "shopify/InventoryItem/100\"}},"
               "{\"name\":\"available\",\"delta\":-1,\"quantityAfterChange\":36,\"item\":{\"id\":\"gid://"
               "shopify/InventoryItem/100\"}}]},"
               "\"userErrors\":[]}}" COST},
    {"cancel", "{\"data\":{\"orderCancel\":{\"job\":{\"id\":\"gid://shopify/Job/1\",\"done\":false},"
               "\"orderCancelUserErrors\":[]}}" COST},
    {"claim", "{\"data\":{\"metafieldsSet\":{\"metafields\":[{\"value\":\"fairstock 1 x\",\"compareDigest\":"
              "\"d2\"}],\"userErrors\":[]}}" COST},
};

struct channel_request fixture_request(enum request_kind kind)
{
    return (struct channel_request){.kind = kind, .channel = 3, .serial = 77};
}

struct channel_request fixture_write(uint32_t count, const char *const *remote_ids)
{
    struct channel_request request = fixture_request(REQUEST_WRITE_LEVELS);
    memset(request.key.bytes, 0x11, sizeof request.key.bytes);
    request.writes = calloc(count ? count : 1, sizeof *request.writes);
    assert_non_null(request.writes);
    request.count = count;
    for (uint32_t i = 0; i < count; i++) {
        request.writes[i].delta = -1;
        (void)snprintf(request.writes[i].remote_id, sizeof request.writes[i].remote_id, "%s", remote_ids[i]);
    }
    return request;
}

struct channel_request fixture_good_request(int index)
{
    static const char *const items[] = {"gid://shopify/InventoryItem/100", "gid://shopify/InventoryItem/101",
                                        "gid://shopify/InventoryItem/102"};
    static const enum request_kind kinds[FIXTURE_GOOD_COUNT] = {
        REQUEST_CHECK,  REQUEST_LISTINGS,     REQUEST_LEVELS,       REQUEST_ORDERS,
        REQUEST_ORDERS, REQUEST_WRITE_LEVELS, REQUEST_CANCEL_ORDER, REQUEST_CLAIM};
    struct channel_request request = fixture_request(kinds[index]);
    if (kinds[index] == REQUEST_WRITE_LEVELS)
        request = fixture_write(1, items);
    if (kinds[index] == REQUEST_LEVELS) {
        request = fixture_write(3, items);
        request.kind = REQUEST_LEVELS;
    }
    if (strcmp(fixture_good[index].name, "order") == 0)
        (void)snprintf(request.cursor, sizeof request.cursor, "sub:5000,6000:0::b3V0ZXI=");
    if (kinds[index] == REQUEST_CANCEL_ORDER)
        (void)snprintf(request.order, sizeof request.order, "gid://shopify/Order/5000");
    if (kinds[index] == REQUEST_CLAIM)
        (void)snprintf(request.claim_token, sizeof request.claim_token, FIXTURE_INSTALLATION " d1");
    return request;
}

struct http_answer fixture_json(const char *body)
{
    return (struct http_answer){.status = 200,
                                .reached = true,
                                .network_words = "",
                                .content_type = "application/json; charset=utf-8",
                                .date_ms = 1795428000000,
                                .body = body,
                                .length = strlen(body)};
}

struct channel_answer fixture_understand(const struct channel_request *request,
                                         const struct http_answer *http)
{
    struct channel_answer answer = {0};
    assert_int_equal(shopify_ops.understand(&fixture_config, request, http, &answer), 0);
    assert_int_equal(answer.kind, request->kind);
    assert_int_equal(answer.channel, request->channel);
    assert_int_equal(answer.serial, request->serial);
    assert_true(answer.outcome >= ANSWER_DONE && answer.outcome <= ANSWER_REAUTHORISE);
    return answer;
}

struct channel_answer fixture_read(const struct channel_request *request, const char *body)
{
    struct http_answer http = fixture_json(body);
    return fixture_understand(request, &http);
}
