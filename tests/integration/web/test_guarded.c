/* What a foreign page, a rebound name or a careless program can do to the running server: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web_client.h"

static int start(void **state)
{
    static struct web_client client;
    static const char *const arguments[] = {"--listen", "127.0.0.1:0", "--hosts", "stall.example booth",
                                            NULL};
    web_client_start(&client, arguments);
    *state = &client;
    return 0;
}

static int stop(void **state)
{
    web_client_stop(*state);
    return 0;
}

static void body_of(const struct web_client *client, const char *path, char *text, size_t size)
{
    struct web_reply reply;
    web_client_ask(client, "GET", path, "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    (void)snprintf(text, size, "%s", reply.body);
    web_client_reply_free(&reply);
}

/* How many scans the stall remembers: whether anything acted. */
static int scans(const struct web_client *client)
{
    char text[8192];
    int count = 0;
    body_of(client, "/api/v1/scans", text, sizeof text);
    for (const char *at = text; (at = strstr(at, "\"position\"")); at++)
        count++;
    return count;
}

static void test_page_carries_its_protection(void **state)
{
    struct web_reply reply;
    web_client_ask(*state, "GET", "/", "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(web_client_header(&reply, "Content-Type"), "text/html; charset=utf-8");
    const char *policy = web_client_header(&reply, "Content-Security-Policy");
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_non_null(strstr(policy, "script-src 'self';"));
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_null(strstr(policy, "unsafe"));
    assert_string_equal(web_client_header(&reply, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(web_client_header(&reply, "Referrer-Policy"), "no-referrer");
    assert_string_equal(web_client_header(&reply, "X-Frame-Options"), "DENY");
    assert_string_equal(web_client_header(&reply, "Access-Control-Allow-Origin"), "");
    char known[128];
    (void)snprintf(known, sizeof known, "If-None-Match: %s\r\n", web_client_header(&reply, "ETag"));
    web_client_reply_free(&reply);
    assert_int_equal(web_client_status(*state, "GET", "/", known, NULL), 304);
    assert_int_equal(web_client_status(*state, "GET", "/", "If-None-Match: \"other\"\r\n", NULL), 200);
    assert_int_equal(web_client_status(*state, "GET", "/assets/../page.html", "", NULL), 404);
}

static void test_api_is_never_cached_nor_shared(void **state)
{
    struct web_reply reply;
    web_client_ask(*state, "GET", "/api/v1/status", "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(web_client_header(&reply, "Content-Type"), "application/json");
    assert_string_equal(web_client_header(&reply, "Cache-Control"), "no-store");
    assert_string_equal(web_client_header(&reply, "Cross-Origin-Resource-Policy"), "same-origin");
    web_client_reply_free(&reply);
}

static void test_host_must_be_ours(void **state)
{
    const struct web_client *client = *state;
    const char *port = strchr(client->host, ':') + 1;
    char header[128];
    const struct {
        const char *name;
        int status;
    } hosts[] = {{"127.0.0.1", 200},
                 {"localhost", 200},
                 {"LocalHost", 200},
                 {"stall.example", 200},
                 {"booth", 200},
                 {"evil.example", 403},
                 {"127.0.0.1.evil.example", 403},
                 {"127.0.0.2", 403},
                 {"[::1]", 403},
                 {"localhost.evil.example", 403},
                 {"stall.example.", 403}};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        (void)snprintf(header, sizeof header, "Host: %s:%s\r\n", hosts[i].name, port);
        if (web_client_status(client, "GET", "/api/v1/status", header, NULL) != hosts[i].status)
            fail_msg("Host %s: not %d", hosts[i].name, hosts[i].status);
        assert_int_equal(web_client_status(client, "GET", "/", header, NULL), hosts[i].status);
    }
    assert_int_equal(web_client_status(client, "GET", "/", "Host: 127.0.0.1\r\n", NULL), 403);
    assert_int_equal(web_client_status(client, "GET", "/", "Host: 127.0.0.1:1\r\n", NULL), 403);
    (void)snprintf(header, sizeof header, "Host: 127.0.0.1:%s\r\nHost: 127.0.0.1:%s\r\n", port, port);
    assert_int_equal(web_client_status(client, "GET", "/", header, NULL), 400);
    int fd = web_client_connect(client->host);
    struct web_reply reply;
    web_client_send(fd, "GET / HTTP/1.1\r\nX-No-Host: 1\r\n\r\n");
    web_client_read(fd, &reply);
    assert_int_equal(reply.status, 400);
    web_client_reply_free(&reply);
}

/* The attacker's name points to 127.0.0.1 now; her browser thinks our answers are the attacker's and sends
 * what it asks. */
static void test_rebound_name_cannot_act_nor_read(void **state)
{
    const struct web_client *client = *state;
    const char *port = strchr(client->host, ':') + 1;
    char headers[512];
    int before = scans(client);
    (void)snprintf(
        headers, sizeof headers,
        "Host: evil.example:%s\r\nOrigin: http://evil.example:%s\r\nSec-Fetch-Site: same-origin\r\n"
        "X-Fairstock-CSRF: %s\r\nContent-Type: application/json\r\n",
        port, port, client->csrf);
    assert_int_equal(web_client_status(client, "POST", "/api/v1/sell", headers, "{\"code\":\"MUG-BLU\"}"),
                     403);
    assert_int_equal(web_client_status(client, "GET", "/api/v1/session", headers, NULL), 403);
    assert_int_equal(scans(client), before);
}

/* Every single thing our own page sends is needed. */
static void test_foreign_page_cannot_act(void **state)
{
    const struct web_client *client = *state;
    int before = scans(client);
    char ours[128], token[160];
    const char *json = "Content-Type: application/json\r\n";
    (void)snprintf(ours, sizeof ours, "Origin: http://%s\r\n", client->host);
    (void)snprintf(token, sizeof token, "X-Fairstock-CSRF: %s\r\n", client->csrf);
    const struct {
        const char *origin, *token, *type, *more;
        int status;
    } tries[] = {
        {"Origin: http://evil.example\r\n", token, json, "", 403},
        {"Origin: null\r\n", token, json, "", 403},
        {"Origin: http://localhost:1\r\n", token, json, "", 403},
        {"", token, json, "", 403},
        {ours, "", json, "", 403},
        {ours, "X-Fairstock-CSRF: \r\n", json, "", 403},
        {ours, "X-Fairstock-CSRF: 0000000000000000000000000000000000000000000000000000000000000000\r\n", json,
         "", 403},
        {ours, token, json, token, 403},                        /* twice */
        {ours, token, "Content-Type: text/plain\r\n", "", 415}, /* what a form can send */
        {ours, token, "Content-Type: application/jsonp\r\n", "", 415},
        {ours, token, "", "", 415},
        {ours, token, json, "Sec-Fetch-Site: cross-site\r\n", 403},
        {ours, token, json, "Sec-Fetch-Site: same-site\r\n", 403},
        {ours, token, json, ours, 403},
    };
    char headers[1024];
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        (void)snprintf(headers, sizeof headers, "%s%s%s%s", tries[i].origin, tries[i].token, tries[i].type,
                       tries[i].more);
        int status = web_client_status(client, "POST", "/api/v1/sell", headers, "{\"code\":\"MUG-BLU\"}");
        if (status != tries[i].status)
            fail_msg("try %zu: %d, not %d", i, status, tries[i].status);
    }
    assert_int_equal(scans(client), before);
    assert_int_equal(web_client_act(client, "/api/v1/sell", "{\"code\":\"MUG-BLU\"}"), 200);
    assert_int_equal(scans(client), before + 1);
}

static void test_foreign_page_cannot_listen(void **state)
{
    assert_int_equal(
        web_client_status(*state, "GET", "/api/v1/events", "Sec-Fetch-Site: cross-site\r\n", NULL), 403);
    assert_int_equal(
        web_client_status(*state, "GET", "/api/v1/status", "Origin: http://evil.example\r\n", NULL), 403);
    assert_int_equal(web_client_status(*state, "GET", "/", "Sec-Fetch-Site: cross-site\r\n", NULL),
                     200); /* a link */
}

static void test_methods(void **state)
{
    const char *const others[] = {"PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(web_client_status(*state, others[i], "/api/v1/status", "", NULL), 405);
    assert_int_equal(web_client_act(*state, "/", "{}"), 405);
    assert_int_equal(web_client_act(*state, "/api/v1/session", "{}"), 404);
    assert_int_equal(web_client_act(*state, "/api/v1/sell", "not json"), 400);
    assert_int_equal(web_client_status(*state, "GET", "/api/v2/status", "", NULL), 404);
    assert_int_equal(web_client_status(*state, "GET", "/api/v1", "", NULL), 404);
    struct web_reply reply;
    web_client_ask(*state, "HEAD", "/api/v1/nothing", "Connection: close\r\n", NULL, &reply);
    assert_int_equal(reply.status, 404);
    assert_int_equal(reply.length, 0);
    web_client_reply_free(&reply);
}

static void test_errors_are_sentences(void **state)
{
    struct web_reply reply;
    web_client_ask(*state, "POST", "/api/v1/sell", "Content-Type: application/json\r\n", "{}", &reply);
    assert_memory_equal(reply.body, "{\"error\":\"", 10);
    web_client_reply_free(&reply);
    web_client_ask(*state, "GET", "/nothing", "", NULL, &reply);
    assert_int_equal(reply.status, 404);
    assert_non_null(strstr(reply.body, "<h1>Fairstock</h1>"));
    web_client_reply_free(&reply);
}

static void test_session_gives_the_token_to_our_page(void **state)
{
    const struct web_client *client = *state;
    char text[1024];
    body_of(client, "/api/v1/session", text, sizeof text);
    assert_int_equal(strlen(client->csrf), 64);
    assert_non_null(strstr(text, "\"may_act\":true"));
    assert_non_null(strstr(text, client->address));
    assert_non_null(strstr(text, "\"currency\":\"EUR\""));
}

static void test_one_connection_serves_many_requests(void **state)
{
    const struct web_client *client = *state;
    int fd = web_client_connect(client->host);
    for (int i = 0; i < 5; i++) {
        struct web_reply reply;
        web_client_send(fd, "GET /api/v1/status HTTP/1.1\r\nHost: %s\r\n\r\n", client->host);
        web_client_read(fd, &reply);
        assert_int_equal(reply.status, 200);
        assert_false(reply.closed);
        web_client_reply_free(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_carries_its_protection),
        cmocka_unit_test(test_api_is_never_cached_nor_shared),
        cmocka_unit_test(test_host_must_be_ours),
        cmocka_unit_test(test_rebound_name_cannot_act_nor_read),
        cmocka_unit_test(test_foreign_page_cannot_act),
        cmocka_unit_test(test_foreign_page_cannot_listen),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_errors_are_sentences),
        cmocka_unit_test(test_session_gives_the_token_to_our_page),
        cmocka_unit_test(test_one_connection_serves_many_requests),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
