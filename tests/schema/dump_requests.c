/* Prints every request the Shopify adapter can make, as the shop would receive it: one JSON object a line,
 * {"name":…,"url":…,"body":{…}}. tests/schema/validate.mjs checks each against the vendor's schema. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/channel.h"
#include "channel/shopify.h"
#include "channel/shopify_cursor.h"

static const struct channel_config config = {
    .name = "pottery", .url = "https://pottery.myshopify.com", .location_id = "1", .token = "shpat_test"};

static int dump(const char *name, const struct channel_request *request)
{
    struct err err = {0};
    struct http_request http = {.url = buf_new(HTTP_URL_MAX_BYTES),
                                .body = buf_new(HTTP_BODY_MAX_BYTES),
                                .headers = buf_new(2 * TOKEN_MAX_BYTES)};
    int result = shopify_ops.build(&config, request, &http, &err);
    if (result < 0)
        (void)fprintf(stderr, "%s: %s\n", name, err_text(&err));
    else
        (void)printf("{\"name\":\"%s\",\"url\":\"%s\",\"body\":%s}\n", name, buf_text(&http.url),
                     buf_text(&http.body));
    buf_free(&http.url);
    buf_free(&http.body);
    buf_free(&http.headers);
    return result;
}

static int dump_reads(void)
{
    struct channel_request request = {.kind = REQUEST_CHECK};
    int result = dump("check", &request);
    request.kind = REQUEST_LISTINGS;
    result |= dump("listings, first page", &request);
    (void)snprintf(request.cursor, sizeof request.cursor, "bmV4dA==");
    result |= dump("listings, next page", &request);
    request.kind = REQUEST_ORDERS;
    request.since_ms = 1795428000000;
    result |= dump("orders, next page", &request);
    request.cursor[0] = '\0';
    result |= dump("orders, first page", &request);
    request.open_only = true;
    result |= dump("open orders", &request);
    (void)snprintf(request.cursor, sizeof request.cursor, "sub:5000:0::bmV4dA==");
    result |= dump("one order", &request);
    (void)snprintf(request.cursor, sizeof request.cursor, "sub:5000:0:bGluZQ==:bmV4dA==");
    result |= dump("more lines of one order", &request);
    for (char sizes = '1'; sizes < '0' + SHOPIFY_SINGLE_SIZES; sizes++) {
        (void)snprintf(request.cursor, sizeof request.cursor, "sub:5000:%c::bmV4dA==", sizes);
        result |= dump("one order, other sizes", &request);
    }
    return result;
}

static int dump_writes(void)
{
    struct channel_request request = {.kind = REQUEST_WRITE_LEVELS, .count = OPS_PER_REQUEST_MAX};
    request.writes = calloc(OPS_PER_REQUEST_MAX, sizeof *request.writes);
    if (!request.writes)
        return -ENOMEM;
    memset(request.key.bytes, 0x5a, sizeof request.key.bytes);
    for (uint32_t i = 0; i < request.count; i++) {
        struct level_write *write = &request.writes[i];
        write->delta = i % 2 ? -1 : 3;
        write->method = i % 3 == 0 ? WRITE_COMPARE : WRITE_DELTA;
        write->from = -(int64_t)i;
        (void)snprintf(write->remote_id, sizeof write->remote_id, "gid://shopify/InventoryItem/%u", 100 + i);
    }
    int result = dump("write levels", &request);
    request.kind = REQUEST_LEVELS;
    result |= dump("levels", &request);
    channel_request_free(&request);
    request = (struct channel_request){.kind = REQUEST_CANCEL_ORDER, .order = "gid://shopify/Order/5000"};
    result |= dump("cancel order", &request);
    request = (struct channel_request){.kind = REQUEST_CLAIM,
                                       .claim = {.word = CLAIM_HELD},
                                       .claim_token = "gid://shopify/AppInstallation/1 "};
    result |= dump("first claim", &request);
    (void)snprintf(request.claim_token, sizeof request.claim_token, "gid://shopify/AppInstallation/1 abc");
    result |= dump("claim", &request);
    return result;
}

int main(void)
{
    int reads = dump_reads(), writes = dump_writes();
    return reads || writes || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
