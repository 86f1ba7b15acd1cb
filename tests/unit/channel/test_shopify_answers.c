// link: channel json
/* What the adapter makes of any HTTP answer: transport, refusals, GraphQL errors, and the good answers of
 * CHECK, LISTINGS and LEVELS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shopify_fixture.h"

#define THROTTLED                                                                                            \
    "{\"errors\":[{\"message\":\"Throttled\",\"extensions\":{\"code\":\"THROTTLED\"}}],\"extensions\":{"     \
    "\"cost\":{\"requestedQueryCost\":972,\"actualQueryCost\":null,\"throttleStatus\":{"                     \
    "\"maximumAvailable\":2000.0,\"currentlyAvailable\":472,\"restoreRate\":100.0}}}}"
#define ERROR(code)       "{\"errors\":[{\"message\":\"No.\",\"extensions\":{\"code\":\"" code "\"}}]}"
#define ERROR_BESIDE_DATA "{\"data\":null,\"errors\":[{\"message\":\"Oops.\",\"path\":[\"x\"]}]}"
#define REFUSAL           "{\"errors\":\"[API] Invalid API key or access token\"}"

static const struct {
    const char *name;
    int status;
    bool reached;
    const char *content_type, *body;
    enum answer_outcome read, write;
} outcomes[] = {
    {"no route", 0, false, "", "", ANSWER_OFFLINE, ANSWER_OFFLINE},
    {"reply lost", 0, true, "", "", ANSWER_OFFLINE, ANSWER_UNKNOWN},
    {"portal page", 200, false, "text/html", "<html>login</html>", ANSWER_OFFLINE, ANSWER_OFFLINE},
    {"portal page on a verified peer", 200, true, "text/html", "<html>", ANSWER_OFFLINE, ANSWER_UNKNOWN},
    {"redirect", 302, true, "text/html", "", ANSWER_OFFLINE, ANSWER_UNKNOWN},
    {"portal's redirect", 302, false, "", "", ANSWER_OFFLINE, ANSWER_OFFLINE},
    {"portal's 511", 511, false, "text/html", "<html>", ANSWER_OFFLINE, ANSWER_OFFLINE},
    {"someone else's JSON", 200, true, "application/json", "{\"ok\":true}", ANSWER_OFFLINE, ANSWER_UNKNOWN},
    {"not an object", 200, true, "application/json", "[]", ANSWER_OFFLINE, ANSWER_UNKNOWN},
    {"cut short", 200, true, "application/json", "{\"data\":{\"shop\"", ANSWER_RETRY, ANSWER_UNKNOWN},
    {"empty", 200, true, "application/json", "", ANSWER_RETRY, ANSWER_UNKNOWN},
    {"data null", 200, true, "application/json", "{\"data\":null}", ANSWER_RETRY, ANSWER_UNKNOWN},
    {"data empty", 200, true, "application/json", "{\"data\":{}}", ANSWER_RETRY, ANSWER_UNKNOWN},
    {"500", 500, true, "application/json", "{\"errors\":\"x\"}", ANSWER_RETRY, ANSWER_UNKNOWN},
    {"502 page", 502, true, "text/html", "<html>", ANSWER_RETRY, ANSWER_UNKNOWN},
    {"429", 429, true, "application/json", "{\"errors\":\"Too many\"}", ANSWER_RETRY, ANSWER_UNKNOWN},
    {"430 page", 430, true, "text/html", "", ANSWER_RETRY, ANSWER_UNKNOWN},
    {"throttled", 200, true, "application/json", THROTTLED, ANSWER_RETRY, ANSWER_UNKNOWN},
    {"401", 401, true, "application/json", REFUSAL, ANSWER_REAUTHORISE, ANSWER_REAUTHORISE},
    {"403", 403, true, "application/json", REFUSAL, ANSWER_REAUTHORISE, ANSWER_REAUTHORISE},
    {"403 page of a proxy", 403, true, "text/html", "<html>", ANSWER_OFFLINE, ANSWER_UNKNOWN},
    {"402", 402, true, "application/json", REFUSAL, ANSWER_RETRY, ANSWER_RETRY},
    {"423", 423, true, "application/json", REFUSAL, ANSWER_RETRY, ANSWER_RETRY},
    {"404", 404, true, "application/json", "{\"errors\":\"Not Found\"}", ANSWER_RETRY, ANSWER_RETRY},
    {"400", 400, true, "application/json", "{\"errors\":\"Bad\"}", ANSWER_REJECTED, ANSWER_REJECTED},
    {"scope", 200, true, "application/json", ERROR("ACCESS_DENIED"), ANSWER_REAUTHORISE, ANSWER_REAUTHORISE},
    {"closed", 200, true, "application/json", ERROR("SHOP_INACTIVE"), ANSWER_RETRY, ANSWER_RETRY},
    {"not executed", 200, true, "application/json", ERROR("BAD_REQUEST"), ANSWER_REJECTED, ANSWER_REJECTED},
    {"too dear", 200, true, "application/json", ERROR("MAX_COST_EXCEEDED"), ANSWER_REJECTED, ANSWER_REJECTED},
    {"internal", 200, true, "application/json", ERROR("INTERNAL_SERVER_ERROR"), ANSWER_RETRY, ANSWER_UNKNOWN},
    {"failed half-way", 200, true, "application/json", ERROR_BESIDE_DATA, ANSWER_RETRY, ANSWER_UNKNOWN},
};

static struct http_answer answer_of(size_t i)
{
    return (struct http_answer){.status = outcomes[i].status,
                                .reached = outcomes[i].reached,
                                .network_words = "no route to the shop",
                                .content_type = outcomes[i].content_type,
                                .date_ms = 12345,
                                .body = outcomes[i].body,
                                .length = strlen(outcomes[i].body)};
}

static void each_answer_has_its_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct http_answer http = answer_of(i);
        for (int kind = 0; kind < FIXTURE_GOOD_COUNT; kind++) {
            struct channel_request request = fixture_good_request(kind);
            struct channel_answer answer = fixture_understand(&request, &http);
            bool write = request.kind == REQUEST_WRITE_LEVELS || request.kind == REQUEST_CANCEL_ORDER ||
                         request.kind == REQUEST_CLAIM;
            enum answer_outcome wanted = write ? outcomes[i].write : outcomes[i].read;
            if (outcomes[i].status == 404 && request.kind == REQUEST_CHECK)
                wanted = ANSWER_REJECTED;
            if (answer.outcome != wanted)
                fail_msg("%s, %s: outcome %d instead of %d", outcomes[i].name, fixture_good[kind].name,
                         (int)answer.outcome, (int)wanted);
            if (write && wanted == ANSWER_REJECTED)
                assert_true(answer.unproven); /* none of these looked at the key */
            assert_true(answer.words[0]);
            assert_int_equal(answer.count, 0);
            assert_int_equal(answer.shop_wall_ms, 12345);
            channel_answer_free(&answer);
            channel_request_free(&request);
        }
    }
}

static void good_answers_are_done(void **state)
{
    (void)state;
    for (int kind = 0; kind < FIXTURE_GOOD_COUNT; kind++) {
        struct channel_request request = fixture_good_request(kind);
        struct channel_answer answer = fixture_read(&request, fixture_good[kind].body);
        if (answer.outcome != ANSWER_DONE)
            fail_msg("%s: %s", fixture_good[kind].name, answer.words);
        channel_answer_free(&answer);
        channel_request_free(&request);
    }
}

static void throttling_says_how_long(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_ORDERS);
    struct channel_answer answer = fixture_read(&request, THROTTLED);
    assert_int_equal(answer.retry_ms, 5000); /* 972 - 472 points at 100 a second */
    struct http_answer http = fixture_json("{\"errors\":\"Too many\"}");
    http.status = 429;
    answer = fixture_understand(&request, &http);
    assert_int_equal(answer.retry_ms, 1000);
    http.retry_after_ms = 2500;
    answer = fixture_understand(&request, &http);
    assert_int_equal(answer.retry_ms, 2500);
    http.retry_after_ms = 86400000;
    answer = fixture_understand(&request, &http);
    assert_int_equal(answer.retry_ms, 60000);
}

static void long_words_are_cut_between_characters(void **state)
{
    (void)state;
    char body[2048] = "{\"errors\":\"", *end = body + strlen(body);
    for (int i = 0; i < 300; i++, end += 3)
        memcpy(end, "\xe2\x82\xac", 3); /* euro signs */
    (void)snprintf(end, 3, "\"}");
    struct channel_request request = fixture_request(REQUEST_CHECK);
    struct http_answer http = fixture_json(body);
    http.status = 400;
    struct channel_answer answer = fixture_understand(&request, &http);
    size_t length = strlen(answer.words);
    assert_true(length > REASON_MAX_BYTES - 3 && length <= REASON_MAX_BYTES);
    assert_memory_equal(answer.words + length - 3, "\xe2\x82\xac", 3);
}

/* --- check --- */

static struct channel_answer check(const char *location, const char *scopes, const char *versions)
{
    char body[1024];
    struct channel_request request = fixture_request(REQUEST_CHECK);
    (void)snprintf(body, sizeof body,
                   "{\"data\":{\"shop\":{\"name\":\"Pottery\"},\"location\":%s,\"currentAppInstallation\":{"
                   "\"id\":\"" FIXTURE_INSTALLATION "\",\"metafield\":null,"
                   "\"accessScopes\":[%s]},\"publicApiVersions\":[%s]}}",
                   location, scopes, versions);
    return fixture_read(&request, body);
}

#define SCOPE(name)              "{\"handle\":\"" name "\"}"
#define VERSION(name, supported) "{\"handle\":\"" name "\",\"supported\":" supported "}"
#define HERE                     "{\"name\":\"Studio\",\"isActive\":true}"
#define SCOPES                                                                                               \
    SCOPE("read_products") "," SCOPE("read_orders") "," SCOPE("write_inventory") "," SCOPE("read_locations")
#define VERSIONS VERSION("2026-04", "true") "," VERSION("2026-07", "true")

static void check_names_the_shop(void **state)
{
    (void)state;
    struct channel_answer answer = check(HERE, SCOPES, VERSIONS);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_string_equal(answer.words, "Pottery");
}

static void check_names_a_missing_scope(void **state)
{
    (void)state;
    struct channel_answer answer = check(HERE,
                                         SCOPE("read_products") "," SCOPE("read_orders") "," SCOPE(
                                             "read_inventory") "," SCOPE("read_locations"),
                                         VERSIONS);
    assert_int_equal(answer.outcome, ANSWER_REAUTHORISE);
    assert_non_null(strstr(answer.words, "write_inventory"));
    answer = check(HERE, "", VERSIONS);
    assert_int_equal(answer.outcome, ANSWER_REAUTHORISE);
}

static void check_wants_the_location(void **state)
{
    (void)state;
    assert_int_equal(check("null", SCOPES, VERSIONS).outcome, ANSWER_REJECTED);
    assert_int_equal(check("{\"name\":\"Old\",\"isActive\":false}", SCOPES, VERSIONS).outcome,
                     ANSWER_REJECTED);
}

static void check_refuses_versions_nobody_tried(void **state)
{
    (void)state;
    assert_int_equal(check(HERE, SCOPES, VERSION("2026-10", "true") "," VERSION("2027-01", "true")).outcome,
                     ANSWER_DONE);
    struct channel_answer answer =
        check(HERE, SCOPES,
              VERSION("2026-07", "false") "," VERSION("2027-04", "true") "," VERSION("2027-01", "true"));
    assert_int_equal(answer.outcome, ANSWER_REJECTED);
    assert_non_null(strstr(answer.words, "2027-01"));
    assert_int_equal(check(HERE, SCOPES, VERSION("unstable", "true")).outcome, ANSWER_REJECTED);
}

/* --- listings and levels --- */

static void listings_are_read(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_LISTINGS);
    struct channel_answer answer = fixture_read(&request, fixture_good[1].body);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.listings[0].remote_id, "gid://shopify/InventoryItem/100");
    assert_string_equal(answer.listings[0].sku, "MUG-BLU");
    assert_string_equal(answer.listings[0].barcode, "4006381333931");
    assert_string_equal(answer.listings[0].title, "Blue mug");
    assert_true(answer.listings[0].tracked && answer.listings[0].enforces);
    assert_int_equal(answer.listings[0].level, 37);
    assert_false(answer.listings[1].tracked || answer.listings[1].enforces);
    assert_string_equal(answer.listings[1].sku, "");
    assert_true(answer.has_more);
    assert_string_equal(answer.cursor, "eyJsYXN0X2lkIjoxMDF9");
    channel_answer_free(&answer);
}

#define ONE_LISTING(sku, barcode, level)                                                                     \
    "{\"sku\":\"" sku "\",\"barcode\":\"" barcode "\",\"displayName\":\"X\",\"inventoryPolicy\":\"DENY\","   \
    "\"inventoryItem\":{\"id\":\"gid://shopify/InventoryItem/7\",\"tracked\":true,\"inventoryLevel\":" level \
    "}}"
#define LISTINGS(nodes)                                                                                      \
    "{\"data\":{\"productVariants\":{\"nodes\":[" nodes                                                      \
    "],\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}}}}"
#define LEVEL(name, number) "{\"quantities\":[{\"name\":\"" name "\",\"quantity\":" number "}]}"
#define TEN                 "0123456789"
#define LONG                TEN TEN TEN TEN TEN TEN TEN

static void variants_that_share_an_item_are_one_listing(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_LISTINGS);
    struct channel_answer answer =
        fixture_read(&request, LISTINGS(ONE_LISTING("A", "1", LEVEL("available", "4")) "," ONE_LISTING(
                                   "B", "2", LEVEL("available", "4"))));
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.listings[0].sku, "A");
    channel_answer_free(&answer);
}

/* Half a code is another code. */
static void codes_are_whole_or_absent(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_LISTINGS);
    struct channel_answer answer =
        fixture_read(&request, LISTINGS(ONE_LISTING(LONG, LONG LONG, LEVEL("available", "4"))));
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_string_equal(answer.listings[0].sku, "");
    assert_string_equal(answer.listings[0].barcode, "");
    channel_answer_free(&answer);
}

static void a_level_is_never_guessed(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_LISTINGS);
    static const char *const bad[] = {
        LISTINGS(ONE_LISTING("A", "1", LEVEL("on_hand", "4"))),
        LISTINGS(ONE_LISTING("A", "1", LEVEL("available", "4.5"))),
        LISTINGS(ONE_LISTING("A", "1", LEVEL("available", "\"4\""))),
        LISTINGS(ONE_LISTING("A", "1", LEVEL("available", "null"))),
        LISTINGS(ONE_LISTING("A", "1", LEVEL("available", "3000000000"))),
        LISTINGS(ONE_LISTING("A", "1", "{}")),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct channel_answer answer = fixture_read(&request, bad[i]);
        assert_int_equal(answer.outcome, ANSWER_RETRY);
        assert_int_equal(answer.count, 0);
        assert_null(answer.listings);
    }
    struct channel_answer answer = fixture_read(&request, LISTINGS(ONE_LISTING("A", "1", "null")));
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_false(answer.listings[0].tracked); /* not stocked at our location: no number, not zero */
    channel_answer_free(&answer);
}

static void a_page_that_goes_on_needs_a_cursor(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_LISTINGS);
    struct channel_answer answer = fixture_read(
        &request, "{\"data\":{\"productVariants\":{\"nodes\":[],\"pageInfo\":{\"hasNextPage\":true,"
                  "\"endCursor\":null}}}}");
    assert_int_equal(answer.outcome, ANSWER_RETRY);
    assert_false(answer.has_more);
}

static void levels_are_read_by_id(void **state)
{
    (void)state;
    struct channel_request request = fixture_good_request(2);
    struct channel_answer answer = fixture_read(&request, fixture_good[2].body);
    assert_int_equal(answer.count, 1); /* 101 is gone, 102 is not stocked here */
    assert_string_equal(answer.listings[0].remote_id, "gid://shopify/InventoryItem/100");
    assert_int_equal(answer.listings[0].level, -3);
    channel_answer_free(&answer);
    answer = fixture_read(
        &request, "{\"data\":{\"nodes\":[{\"id\":\"gid://shopify/InventoryItem/9\",\"inventoryLevel\":" LEVEL(
                      "available", "4") "}]}}");
    assert_int_equal(answer.outcome, ANSWER_RETRY); /* nobody asked for item 9 */
    channel_request_free(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_has_its_outcome),
        cmocka_unit_test(good_answers_are_done),
        cmocka_unit_test(throttling_says_how_long),
        cmocka_unit_test(long_words_are_cut_between_characters),
        cmocka_unit_test(check_names_the_shop),
        cmocka_unit_test(check_names_a_missing_scope),
        cmocka_unit_test(check_wants_the_location),
        cmocka_unit_test(check_refuses_versions_nobody_tried),
        cmocka_unit_test(listings_are_read),
        cmocka_unit_test(variants_that_share_an_item_are_one_listing),
        cmocka_unit_test(codes_are_whole_or_absent),
        cmocka_unit_test(a_level_is_never_guessed),
        cmocka_unit_test(a_page_that_goes_on_needs_a_cursor),
        cmocka_unit_test(levels_are_read_by_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
