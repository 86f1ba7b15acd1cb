// link: channel json
/* Requests: address, headers, variables, limits. That the documents are valid is tests/schema's business. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shopify_fixture.h"

static struct http_request blank(void)
{
    return (struct http_request){.url = buf_new(HTTP_URL_MAX_BYTES),
                                 .body = buf_new(HTTP_BODY_MAX_BYTES),
                                 .headers = buf_new(2 * TOKEN_MAX_BYTES)};
}

static void clear(struct http_request *http)
{
    buf_free(&http->url);
    buf_free(&http->body);
    buf_free(&http->headers);
}

/* Builds and returns the "variables" part of the body; free the request with clear. */
static const char *variables(const struct channel_request *request, struct http_request *http)
{
    struct err err = {0};
    *http = blank();
    int result = shopify_ops.build(&fixture_config, request, http, &err);
    if (result < 0)
        fail_msg("%d: %s", result, err_text(&err));
    const char *at = strstr(buf_text(&http->body), "\"variables\":");
    assert_non_null(at);
    return at + strlen("\"variables\":");
}

static void assert_variables(const struct channel_request *request, const char *wanted)
{
    struct http_request http;
    char with_end[4096];
    (void)snprintf(with_end, sizeof with_end, "%s}", wanted); /* the body's own closing brace */
    assert_string_equal(variables(request, &http), with_end);
    clear(&http);
}

static int refused(const struct channel_config *config, const struct channel_request *request)
{
    struct err err = {0};
    struct http_request http = blank();
    int result = shopify_ops.build(config, request, &http, &err);
    assert_true(result < 0);
    assert_true(err_text(&err)[0]);
    clear(&http);
    return result;
}

static void the_address_names_the_version(void **state)
{
    (void)state;
    struct http_request http;
    struct channel_request request = fixture_request(REQUEST_CHECK);
    (void)variables(&request, &http);
    assert_string_equal(http.method, "POST");
    assert_string_equal(buf_text(&http.url), "https://pottery.myshopify.com/admin/api/2026-07/graphql.json");
    assert_non_null(strstr(buf_text(&http.headers), "X-Shopify-Access-Token: shpat_test\n"));
    assert_non_null(strstr(buf_text(&http.headers), "Content-Type: application/json\n"));
    clear(&http);
}

static void simple_requests(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_CHECK);
    assert_variables(&request, "{\"location\":\"" FIXTURE_LOCATION "\",\"claim\":\"writer-1\"}");
    request.kind = REQUEST_LISTINGS;
    assert_variables(&request, "{\"first\":100,\"after\":null,\"location\":\"" FIXTURE_LOCATION
                               "\",\"names\":[\"available\"]}");
    (void)snprintf(request.cursor, sizeof request.cursor, "bmV4dA==");
    assert_variables(&request, "{\"first\":100,\"after\":\"bmV4dA==\",\"location\":\"" FIXTURE_LOCATION
                               "\",\"names\":[\"available\"]}");
}

#define CLAIM "\"claim\":\"writer-1\","
#define PAGE_SIZES                                                                                           \
    "\"lines\":10,\"linesAfter\":null,\"refunds\":2,\"refundLines\":5,\"fulfillments\":2,"                   \
    "\"fulfillmentLines\":5"
#define SINGLE_SIZES "\"refunds\":10,\"refundLines\":10,\"fulfillments\":10,\"fulfillmentLines\":25"

static void order_requests(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_ORDERS);
    assert_variables(&request, "{\"first\":10,\"after\":null," CLAIM PAGE_SIZES ",\"query\":null}");
    request.since_ms = 1795428000999;
    assert_variables(&request, "{\"first\":10,\"after\":null," CLAIM PAGE_SIZES
                               ",\"query\":\"updated_at:>='2026-11-23T10:00:00Z'\"}");
    request.open_only = true;
    (void)snprintf(request.cursor, sizeof request.cursor, "bmV4dA==");
    assert_variables(&request,
                     "{\"first\":10,\"after\":\"bmV4dA==\"," CLAIM PAGE_SIZES ",\"query\":\"status:open\"}");
    (void)snprintf(request.cursor, sizeof request.cursor, "sub:5001,5002:0:bGluZQ==:bmV4dA==");
    assert_variables(
        &request,
        "{\"id\":\"gid://shopify/Order/5001\",\"lines\":20,\"linesAfter\":\"bGluZQ==\"," SINGLE_SIZES "}");
    (void)snprintf(request.cursor, sizeof request.cursor, "sub:5001:3::");
    assert_variables(&request,
                     "{\"id\":\"gid://shopify/Order/5001\",\"lines\":5,\"linesAfter\":null,\"refunds\":2,"
                     "\"refundLines\":100,\"fulfillments\":2,\"fulfillmentLines\":80}");
    (void)snprintf(request.cursor, sizeof request.cursor, "sub:1,,2:0::");
    assert_int_equal(refused(&fixture_config, &request), -EINVAL);
}

static const char *const two_items[] = {"gid://shopify/InventoryItem/100", "gid://shopify/InventoryItem/200"};
#define UUID "11111111-1111-1111-1111-111111111111"

static void a_write_carries_key_reference_and_comparison(void **state)
{
    (void)state;
    struct channel_request request = fixture_write(2, two_items);
    request.writes[1] = (struct level_write){.delta = 3, .method = WRITE_COMPARE, .from = -2};
    memcpy(request.writes[1].remote_id, two_items[1], strlen(two_items[1]) + 1);
    assert_variables(
        &request,
        "{\"key\":\"" UUID "\",\"input\":{\"name\":\"available\",\"reason\":\"correction\","
        "\"referenceDocumentUri\":\"gid://fairstock/Op/" UUID "\",\"changes\":["
        "{\"inventoryItemId\":\"gid://shopify/InventoryItem/100\",\"locationId\":\"" FIXTURE_LOCATION
        "\",\"delta\":-1,\"changeFromQuantity\":null},"
        "{\"inventoryItemId\":\"gid://shopify/InventoryItem/200\",\"locationId\":\"" FIXTURE_LOCATION
        "\",\"delta\":3,\"changeFromQuantity\":-2}]}}");
    channel_request_free(&request);
}

static void a_write_that_cannot_be_sent_is_refused(void **state)
{
    (void)state;
    struct channel_request request = fixture_write(2, two_items);
    request.writes[1].delta = 0;
    assert_int_equal(refused(&fixture_config, &request), -EINVAL);
    request.writes[1].delta = (int64_t)1 << 32;
    assert_int_equal(refused(&fixture_config, &request), -EINVAL);
    request.writes[1].delta = 1;
    request.writes[1].from = (int64_t)1 << 32;
    assert_int_equal(refused(&fixture_config, &request), -EINVAL);
    request.writes[1].from = 0;
    memset(request.key.bytes, 0, sizeof request.key.bytes);
    assert_int_equal(refused(&fixture_config, &request), -EINVAL); /* no key: it could apply twice */
    memset(request.key.bytes, 1, sizeof request.key.bytes);
    request.count = 0;
    assert_int_equal(refused(&fixture_config, &request), -EINVAL);
    request.kind = REQUEST_LEVELS;
    assert_int_equal(refused(&fixture_config, &request), -E2BIG);
    request.count = 251;
    assert_int_equal(refused(&fixture_config, &request), -E2BIG);
    channel_request_free(&request);
}

static void levels_and_cancel(void **state)
{
    (void)state;
    struct channel_request request = fixture_write(2, two_items);
    request.kind = REQUEST_LEVELS;
    assert_variables(&request,
                     "{\"ids\":[\"gid://shopify/InventoryItem/100\",\"gid://shopify/InventoryItem/200\"],"
                     "\"location\":\"" FIXTURE_LOCATION "\",\"names\":[\"available\"]}");
    channel_request_free(&request);
    request = fixture_request(REQUEST_CANCEL_ORDER);
    assert_int_equal(refused(&fixture_config, &request), -EINVAL);
    (void)snprintf(request.order, sizeof request.order, "gid://shopify/Order/5000");
    assert_variables(&request, "{\"order\":\"gid://shopify/Order/5000\"}");
}

static void the_configuration_is_checked(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_CHECK);
    struct channel_config config = fixture_config;
    static const char *const bad_places[] = {
        "", "studio", "1x", "gid://shopify/Location/", "gid://shopify/Shop/1", "-1"};
    for (size_t i = 0; i < sizeof bad_places / sizeof bad_places[0]; i++) {
        config.location_id = bad_places[i];
        assert_int_equal(refused(&config, &request), -EINVAL);
    }
    config = fixture_config;
    config.token = "";
    assert_int_equal(refused(&config, &request), -EINVAL);
    config.token = "a\nX-Evil: b";
    assert_int_equal(refused(&config, &request), -EINVAL);
    request.kind = (enum request_kind)99;
    assert_int_equal(refused(&fixture_config, &request), -EINVAL);
}

static void a_whole_location_id_is_taken_too(void **state)
{
    (void)state;
    struct channel_config config = fixture_config;
    struct channel_request request = fixture_request(REQUEST_CHECK);
    struct http_request http = blank();
    config.location_id = FIXTURE_LOCATION;
    assert_int_equal(shopify_ops.build(&config, &request, &http, NULL), 0);
    assert_non_null(
        strstr(buf_text(&http.body), "{\"location\":\"" FIXTURE_LOCATION "\",\"claim\":\"writer-1\"}"));
    clear(&http);
}

static void an_address_that_is_too_long_is_an_error(void **state)
{
    (void)state;
    char url[HTTP_URL_MAX_BYTES + 1];
    memset(url, 'x', sizeof url - 1);
    url[sizeof url - 1] = '\0';
    struct channel_config config = fixture_config;
    struct channel_request request = fixture_request(REQUEST_CHECK);
    struct http_request http = blank();
    config.url = url;
    assert_int_equal(shopify_ops.build(&config, &request, &http, NULL), -E2BIG);
    clear(&http);
}

static void the_adapter_is_registered(void **state)
{
    (void)state;
    assert_ptr_equal(channel_find("shopify"), &shopify_ops);
    assert_null(channel_find("practice"));
    assert_true(shopify_ops.caps.batch_size > 0 && shopify_ops.caps.batch_size <= OPS_PER_REQUEST_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_names_the_version),
        cmocka_unit_test(simple_requests),
        cmocka_unit_test(order_requests),
        cmocka_unit_test(a_write_carries_key_reference_and_comparison),
        cmocka_unit_test(a_write_that_cannot_be_sent_is_refused),
        cmocka_unit_test(levels_and_cancel),
        cmocka_unit_test(the_configuration_is_checked),
        cmocka_unit_test(a_whole_location_id_is_taken_too),
        cmocka_unit_test(an_address_that_is_too_long_is_an_error),
        cmocka_unit_test(the_adapter_is_registered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
