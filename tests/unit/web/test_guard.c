/* The decision about one request, without a server: each thing that must be there, taken away alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/guard.h"

#define KEY "00112233445566778899aabbccddeeff"

static struct guard guard_made(void)
{
    struct guard guard;
    uint8_t secret[GUARD_SECRET_BYTES];
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)(i * 7 + 1);
    guard_init(&guard, secret, KEY, "fair.local  stall");
    return guard;
}

/* A request of our own page on the device itself. */
static struct guard_request good_post(const struct guard *guard)
{
    return (struct guard_request){
        .method = "POST",
        .path = "/api/v1/sell",
        .query = "",
        .loopback = true,
        .own_host = "127.0.0.1",
        .own_port = 8377,
        .host = "127.0.0.1:8377",
        .host_count = 1,
        .origin = "http://127.0.0.1:8377",
        .origin_count = 1,
        .csrf = guard->csrf,
        .csrf_count = 1,
        .fetch_site = "same-origin",
        .content_type = "application/json",
    };
}

static struct guard_request good_get(void)
{
    return (struct guard_request){.method = "GET",
                                  .path = "/api/v1/status",
                                  .query = "",
                                  .loopback = true,
                                  .own_host = "127.0.0.1",
                                  .own_port = 8377,
                                  .host = "127.0.0.1:8377",
                                  .host_count = 1};
}

static int judged(const struct guard *guard, struct guard_request request)
{
    struct guard_verdict verdict;
    guard_check(guard, &request, &verdict);
    assert_non_null(verdict.words);
    if (verdict.status) {
        assert_true(strlen(verdict.words) > 10); /* a sentence */
        assert_false(verdict.may_act);
        assert_false(verdict.set_cookie);
    }
    return verdict.status;
}

static void test_token_is_the_secret_in_hex(void **state)
{
    struct guard guard = guard_made();
    (void)state;
    assert_int_equal(strlen(guard.csrf), 2 * GUARD_SECRET_BYTES);
    assert_memory_equal(guard.csrf, "01080f161d242b32", 16);
}

static void test_our_own_page_may(void **state)
{
    struct guard guard = guard_made();
    struct guard_verdict verdict;
    struct guard_request request = good_post(&guard);
    (void)state;
    guard_check(&guard, &request, &verdict);
    assert_int_equal(verdict.status, 0);
    assert_true(verdict.may_act);
    assert_int_equal(judged(&guard, good_get()), 0);
    request.content_type = "Application/JSON; charset=utf-8";
    assert_int_equal(judged(&guard, request), 0);
    request.host = "LOCALHOST:8377";
    request.origin = "http://localhost:8377";
    assert_int_equal(judged(&guard, request), 0);
    request.host = "stall:8377";
    request.origin = "http://stall:8377";
    assert_int_equal(judged(&guard, request), 0);
}

#define REFUSES(code, change)                                                                                \
    do {                                                                                                     \
        struct guard_request request = good_post(&guard);                                                    \
        change;                                                                                              \
        assert_int_equal(judged(&guard, request), code);                                                     \
    } while (0)

static void test_each_thing_is_needed_to_act(void **state)
{
    struct guard guard = guard_made();
    char shorter[80], longer[80];
    (void)state;
    (void)snprintf(shorter, sizeof shorter, "%.*s", 63, guard.csrf);
    (void)snprintf(longer, sizeof longer, "%s0", guard.csrf);
    REFUSES(403, request.loopback = false);
    REFUSES(403, request.origin = NULL);
    REFUSES(403, request.origin = "");
    REFUSES(403, request.origin = "null");
    REFUSES(403, request.origin = "https://127.0.0.1:8377");
    REFUSES(403, request.origin = "http://127.0.0.1:8378");
    REFUSES(403, request.origin = "http://localhost:8377"); /* not the host that was asked */
    REFUSES(403, request.origin = "http://127.0.0.1:8377.evil.example");
    REFUSES(403, request.origin_count = 2);
    REFUSES(403, request.csrf = NULL);
    REFUSES(403, request.csrf = "");
    REFUSES(403, request.csrf = shorter);
    REFUSES(403, request.csrf = longer);
    REFUSES(403, request.csrf_count = 2);
    REFUSES(403, request.fetch_site = "cross-site");
    REFUSES(403, request.fetch_site = "same-site");
    REFUSES(415, request.content_type = NULL);
    REFUSES(415, request.content_type = "text/plain");
    REFUSES(415, request.content_type = "application/x-www-form-urlencoded");
    REFUSES(415, request.content_type = "application/json-patch");
    REFUSES(405, request.path = "/");
    REFUSES(405, request.method = "PUT");
    REFUSES(405, request.method = "post");
    REFUSES(0, request.fetch_site = NULL); /* older browsers and scripts do not send it */
}

/* Metrics are read as every other part of the API that only reads. */
static void test_metrics_are_guarded_as_the_api_is(void **state)
{
    struct guard guard = guard_made();
    (void)state;
    assert_true(guard_is_api(GUARD_METRICS_PATH));
    assert_false(guard_is_api("/metrics/"));
    assert_false(guard_is_api("/metricsx"));
#define SCRAPE request = good_get(), request.path = GUARD_METRICS_PATH, request.query = ""
    REFUSES(0, SCRAPE);
    REFUSES(0, SCRAPE; request.fetch_site = "none");
    REFUSES(0, SCRAPE; request.loopback = false; request.query = "key=" KEY);
    REFUSES(0, SCRAPE; request.loopback = false; request.cookie = GUARD_COOKIE "=" KEY);
    REFUSES(403, SCRAPE; request.loopback = false);
    REFUSES(403, SCRAPE; request.loopback = false; request.query = "key=wrong");
    REFUSES(403, SCRAPE; request.host = "evil.example:8377");
    REFUSES(403, SCRAPE; request.fetch_site = "cross-site");
    REFUSES(403, SCRAPE; request.origin_count = 1; request.origin = "http://evil.example");
    REFUSES(405, SCRAPE; request.method = "DELETE");
#undef SCRAPE
}

/* A viewer's token says hello and nothing else; the seller's token is not one of a viewer. */
static void test_a_viewer_says_hello_and_nothing_else(void **state)
{
    struct guard guard = guard_made();
    (void)state;
    assert_int_equal(strlen(guard.viewer), 2 * GUARD_SECRET_BYTES);
    assert_string_not_equal(guard.viewer, guard.csrf);
#define FAR                                                                                                  \
    request.loopback = false, request.cookie = GUARD_COOKIE "=" KEY, request.csrf = guard.viewer,            \
    request.path = GUARD_VIEWER_PATH
    REFUSES(0, FAR);
    REFUSES(403, FAR; request.path = "/api/v1/sell");
    REFUSES(403, FAR; request.path = "/api/v1/hello/");
    REFUSES(403, FAR; request.path = "/api/v1/hello2");
    REFUSES(403, FAR; request.path = "/api/v1/hell");
    REFUSES(403, FAR; request.csrf = guard.csrf);
    REFUSES(403, FAR; request.csrf = NULL);
    REFUSES(403, FAR; request.csrf_count = 2);
    REFUSES(403, FAR; request.origin = NULL);
    REFUSES(403, FAR; request.origin = "http://evil.example");
    REFUSES(403, FAR; request.cookie = NULL);
    REFUSES(403, FAR; request.host = "evil.example:8377");
    REFUSES(403, FAR; request.fetch_site = "cross-site");
    REFUSES(415, FAR; request.content_type = "text/plain");
    REFUSES(403, request.csrf = guard.viewer); /* it acts nowhere */
#undef FAR
}

static void test_host_is_the_address_it_came_in_on(void **state)
{
    struct guard guard = guard_made();
    (void)state;
    REFUSES(403, request.host = "evil.example:8377");
    REFUSES(403, request.host = "127.0.0.1");
    REFUSES(403, request.host = "127.0.0.1:80");
    REFUSES(403, request.host = "127.0.0.1:8377 ");
    REFUSES(403, request.host = "127.0.0.10:8377");
    REFUSES(403, request.host = "fair.local.:8377");
    REFUSES(403, request.host = "fair:8377");
    REFUSES(403, request.host = ":8377");
    REFUSES(403, request.host = "");
    REFUSES(400, request.host = NULL);
    REFUSES(400, request.host_count = 0);
    REFUSES(400, request.host_count = 2);
    struct guard_request plain = good_get();
    plain.host = "127.0.0.1";
    plain.own_port = 80;
    assert_int_equal(judged(&guard, plain), 0);
    plain.host = "[::1]";
    assert_int_equal(judged(&guard, plain), 403);
    plain.own_host = "[::1]";
    assert_int_equal(judged(&guard, plain), 0);
    plain.loopback = false; /* "localhost" is a name for loopback only */
    plain.host = "localhost";
    plain.query = "key=" KEY;
    assert_int_equal(judged(&guard, plain), 403);
}

static void test_looking_from_afar_needs_the_key(void **state)
{
    struct guard guard = guard_made();
    struct guard_request request = good_get();
    struct guard_verdict verdict;
    (void)state;
    request.loopback = false;
    request.path = "/";
    assert_int_equal(judged(&guard, request), 403);
    static const char *const wrong[] = {"key=",      "key=x", "notkey=" KEY,   "key=" KEY "0",
                                        "xkey=" KEY, "key",   "key=" KEY "%30"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        request.query = wrong[i];
        if (judged(&guard, request) != 403)
            fail_msg("%s opens", wrong[i]);
    }
    request.query = "a=b&key=" KEY "&c=d";
    guard_check(&guard, &request, &verdict);
    assert_int_equal(verdict.status, 0);
    assert_true(verdict.set_cookie);
    assert_false(verdict.may_act);
    request.query = "";
    request.cookie = "other=1;fairstock_view=" KEY;
    guard_check(&guard, &request, &verdict);
    assert_int_equal(verdict.status, 0);
    assert_false(verdict.set_cookie);
    request.cookie = "xfairstock_view=" KEY;
    assert_int_equal(judged(&guard, request), 403);
    char huge[1024];
    (void)snprintf(huge, sizeof huge, "key=%0*d", 1000, 0);
    request.query = huge;
    assert_int_equal(judged(&guard, request), 403);
}

static void test_no_key_opens_to_nobody(void **state)
{
    static const uint8_t secret[GUARD_SECRET_BYTES] = {1};
    struct guard guard;
    struct guard_request request = good_get();
    (void)state;
    guard_init(&guard, secret, NULL, NULL);
    request.loopback = false;
    request.query = "key=";
    request.cookie = "fairstock_view=";
    assert_int_equal(judged(&guard, request), 403);
}

static void test_unix_socket_needs_nothing_of_this(void **state)
{
    struct guard guard = guard_made();
    struct guard_request request = {
        .method = "POST", .path = "/api/v1/sell", .query = "", .unix_socket = true, .own_host = ""};
    struct guard_verdict verdict;
    (void)state;
    guard_check(&guard, &request, &verdict);
    assert_int_equal(verdict.status, 0);
    assert_true(verdict.may_act);
    request.method = "DELETE";
    assert_int_equal(judged(&guard, request), 405);
}

static void test_pages_may_be_linked_to(void **state)
{
    struct guard guard = guard_made();
    struct guard_request request = good_get();
    (void)state;
    request.fetch_site = "cross-site";
    assert_int_equal(judged(&guard, request), 403);
    request.path = "/practice";
    assert_int_equal(judged(&guard, request), 0);
    request.host = "evil.example:8377"; /* but never under a wrong name */
    assert_int_equal(judged(&guard, request), 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_is_the_secret_in_hex),
        cmocka_unit_test(test_our_own_page_may),
        cmocka_unit_test(test_each_thing_is_needed_to_act),
        cmocka_unit_test(test_metrics_are_guarded_as_the_api_is),
        cmocka_unit_test(test_a_viewer_says_hello_and_nothing_else),
        cmocka_unit_test(test_host_is_the_address_it_came_in_on),
        cmocka_unit_test(test_looking_from_afar_needs_the_key),
        cmocka_unit_test(test_no_key_opens_to_nobody),
        cmocka_unit_test(test_unix_socket_needs_nothing_of_this),
        cmocka_unit_test(test_pages_may_be_linked_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
