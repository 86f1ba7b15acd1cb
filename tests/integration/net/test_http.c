/* The HTTP client against a real peer that means no good: limits, times, redirects, kept connections. Each
 * test runs one loop; its requests follow each other or go together. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "http_peer.h"
#include "net/http_internal.h"

enum { REQUESTS_MAX = 8, TIMEOUT_MS = 1000, PATIENCE_MS = 10000, MIB = 1024 * 1024 };

struct answer {
    bool came;
    int status;
    bool reached, too_large;
    char words[256], content_type[128], body[64];
    size_t length;
    int64_t date_ms, retry_after_ms, took_ms;
};

struct bench {
    struct http_peer peer;
    struct loop *loop;
    struct loop_source *patience;
    struct http *http;
    const char *paths[REQUESTS_MAX];
    struct answer answers[REQUESTS_MAX];
    int count, sent, came;
    int at_once;       /* requests sent at the start; each answer sends one more */
    int forget_before; /* number of the request before which connections are forgotten; 0 none */
    int64_t begun_ms, timeout_ms;
    uint64_t handle;
};

static void send_next(struct bench *bench);

static void take(struct answer *answer, const struct http_reply *reply)
{
    *answer = (struct answer){.came = true,
                              .status = reply->status,
                              .reached = reply->reached,
                              .too_large = reply->too_large,
                              .length = reply->body.length,
                              .date_ms = reply->date_ms,
                              .retry_after_ms = reply->retry_after_ms};
    (void)snprintf(answer->words, sizeof answer->words, "%s", reply->network_words);
    (void)snprintf(answer->content_type, sizeof answer->content_type, "%s", reply->content_type);
    (void)snprintf(answer->body, sizeof answer->body, "%s", buf_text(&reply->body));
}

static void on_reply(void *user, const struct http_reply *reply)
{
    struct bench *bench = user;
    struct answer *answer = &bench->answers[bench->came];
    take(answer, reply);
    answer->took_ms = loop_now_ms(bench->loop) - bench->begun_ms;
    bench->came++;
    if (bench->came == bench->count)
        loop_stop(bench->loop);
    else if (bench->sent < bench->count)
        send_next(bench);
}

static void send_next(struct bench *bench)
{
    char url[128];
    const char *path = bench->paths[bench->sent++];
    if (bench->forget_before == bench->sent)
        http_forget_connections(bench->http);
    bench->begun_ms = loop_now_ms(bench->loop);
    if (*path == '/')
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", bench->peer.port, path);
    else
        (void)snprintf(url, sizeof url, "%s", path);
    assert_int_equal(http_send(bench->http, "POST", url, "Content-Type: application/json\n", "{}", 2,
                               bench->timeout_ms, on_reply, bench, &bench->handle),
                     0);
}

static int give_up(void *user, int64_t now_ms)
{
    struct bench *bench = user;
    (void)now_ms;
    loop_stop(bench->loop);
    return 0;
}

static void run(struct bench *bench)
{
    assert_int_equal(loop_add_timer(bench->loop, "patience", LOOP_NORMAL, give_up, bench, &bench->patience),
                     0);
    assert_int_equal(loop_arm(bench->patience, loop_now_ms(bench->loop) + PATIENCE_MS), 0);
    while (bench->paths[bench->count])
        bench->count++;
    do
        send_next(bench);
    while (bench->sent < bench->at_once);
    assert_int_equal(bench->came, 0); /* never from inside */
    assert_int_equal(loop_run(bench->loop), 0);
    assert_int_equal(bench->came, bench->count);
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct err err = {0};
    if (!bench)
        return -1;
    bench->timeout_ms = TIMEOUT_MS;
    http_peer_start(&bench->peer);
    assert_int_equal(loop_new(&bench->loop, &err), 0);
    assert_int_equal(http_new(bench->loop, NULL, &bench->http, &err), 0);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    http_free(bench->http);
    loop_remove(bench->patience);
    loop_free(bench->loop);
    http_peer_stop(&bench->peer);
    free(bench);
    return 0;
}

static const struct answer *ask(struct bench *bench, const char *path)
{
    bench->paths[0] = path;
    run(bench);
    return &bench->answers[0];
}

/* --- what is understood ------------------------------------------------------------------------------ */

static void one_connection_serves_many_requests(void **state)
{
    struct bench *bench = *state;
    static const char *const paths[] = {"/ok", "/chunked", "/html", "/redirect", "/ok"};
    memcpy(bench->paths, paths, sizeof paths);
    run(bench);
    assert_int_equal(bench->peer.seen->connections, 1);
    assert_int_equal(bench->peer.seen->requests, 5);
    assert_string_equal(bench->answers[0].body, "{\"ok\":1}");
    assert_string_equal(bench->answers[0].content_type, "application/json");
    assert_string_equal(bench->answers[1].body, "{\"ok\":1}");
    assert_int_equal(bench->answers[1].status, 200);
    assert_string_equal(bench->answers[2].content_type, "text/html; charset=utf-8");
    assert_string_equal(bench->answers[2].body, "<html>");
}

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(ask(bench, "/redirect")->status, 302);
    assert_int_equal(bench->peer.seen->requests, 1);
}

/* A body that decompresses to a thousand times its size would pass every limit on what comes in. */
static void nothing_is_asked_for_or_taken_compressed(void **state)
{
    struct bench *bench = *state;
    const struct answer *answer = ask(bench, "/gzip");
    assert_int_equal(bench->peer.seen->encodings, 0);
    assert_int_equal(answer->status, 200);
    assert_int_equal(answer->length, 29);
    assert_int_equal(bench->peer.seen->continues, 0);
}

static void times_are_read_or_left_out(void **state)
{
    struct bench *bench = *state;
    static const char *const paths[] = {"/dated", "/seconds", "/strange_times"};
    memcpy(bench->paths, paths, sizeof paths);
    run(bench);
    assert_int_equal(bench->answers[0].date_ms, 1795507200000);
    assert_int_equal(bench->answers[0].retry_after_ms, 7000);
    assert_int_equal(bench->answers[1].retry_after_ms, 86400000); /* at most a day */
    assert_int_equal(bench->answers[2].date_ms, 0);
    assert_int_equal(bench->answers[2].retry_after_ms, 0);
}

/* --- limits ------------------------------------------------------------------------------------------ */

static void check_too_large(struct bench *bench, const char *path, uint64_t most_sent)
{
    const struct answer *answer = ask(bench, path);
    assert_int_equal(answer->status, 0);
    assert_true(answer->too_large);
    assert_true(answer->reached);
    assert_true(answer->length <= HTTP_BODY_MAX_BYTES);
    assert_string_equal(answer->words, "the answer is larger than the limit");
    assert_true(answer->took_ms < TIMEOUT_MS);
    assert_true(bench->peer.seen->sent_bytes < most_sent);
}

static void a_large_body_ends_at_the_limit(void **state)
{
    check_too_large(*state, "/large", MIB);
}

/* The sockets' own buffers hold some megabytes. */
static void an_endless_body_ends_at_the_limit(void **state)
{
    check_too_large(*state, "/endless", (uint64_t)16 * MIB);
}

static void many_headers_end_at_the_limit(void **state)
{
    check_too_large(*state, "/many_headers", MIB);
}

static void long_headers_end_at_the_limit(void **state)
{
    check_too_large(*state, "/long_headers", MIB);
}

static void endless_headers_end_at_the_limit(void **state)
{
    check_too_large(*state, "/endless_headers", (uint64_t)16 * MIB);
}

static void a_trickle_ends_in_time(void **state)
{
    const struct answer *answer = ask(*state, "/loris");
    assert_int_equal(answer->status, 0);
    assert_true(answer->reached);
    assert_string_equal(answer->words, "no answer in time");
    assert_true(answer->took_ms >= TIMEOUT_MS && answer->took_ms < TIMEOUT_MS + 500);
}

/* --- what breaks ------------------------------------------------------------------------------------- */

static void a_broken_connection_may_have_reached_the_shop(void **state)
{
    struct bench *bench = *state;
    static const char *const paths[] = {"/cut_short", "/nothing", "/reset"};
    memcpy(bench->paths, paths, sizeof paths);
    run(bench);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bench->answers[i].status, 0);
        assert_true(bench->answers[i].reached);
        assert_string_equal(bench->answers[i].words, "the connection broke before the answer was there");
    }
}

static void what_speaks_no_http_is_not_the_shop(void **state)
{
    const struct answer *answer = ask(*state, "/garbage");
    assert_int_equal(answer->status, 0);
    assert_non_null(strstr(answer->words, "login page"));
}

static void nobody_there_is_surely_not_reached(void **state)
{
    struct bench *bench = *state;
    bench->paths[0] = "http://127.0.0.1:1/";
    bench->paths[1] = "https://127.0.0.1:1/";
    run(bench);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bench->answers[i].status, 0);
        assert_false(bench->answers[i].reached);
        assert_string_equal(bench->answers[i].words, "the shop cannot be reached: the connection is refused");
    }
}

/* A plain server behind https:// is what a portal on port 443 looks like. */
static void no_tls_is_not_the_shop(void **state)
{
    struct bench *bench = *state;
    char url[64];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/ok", bench->peer.port);
    const struct answer *answer = ask(bench, url);
    assert_int_equal(answer->status, 0);
    assert_false(answer->reached);
    assert_int_equal(bench->peer.seen->requests, 0);
}

static void other_protocols_are_refused(void **state)
{
    struct bench *bench = *state;
    bench->paths[0] = "file:///etc/passwd";
    bench->paths[1] = "ftp://127.0.0.1/";
    run(bench);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bench->answers[i].status, 0);
        assert_int_equal(bench->answers[i].length, 0);
        assert_false(bench->answers[i].reached);
    }
}

/* Accepts by the kernel's hand and never says a word: a very slow way looks like this at first. */
static void a_peer_that_is_slow_but_there_gets_more_time(void **state)
{
    struct bench *bench = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int mute = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char url[64];
    assert_int_equal(bind(mute, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(mute, 4), 0);
    assert_int_equal(getsockname(mute, (struct sockaddr *)&address, &length), 0);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", ntohs(address.sin_port));
    bench->paths[0] = bench->paths[1] = url;
    bench->timeout_ms = HTTP_CONNECT_MAX_MS + 500;
    run(bench);
    for (int i = 0; i < 2; i++) {
        assert_false(bench->answers[i].reached);
        assert_non_null(strstr(bench->answers[i].words, "no secure connection in time"));
    }
    assert_in_range(bench->answers[0].took_ms, HTTP_CONNECT_MAX_MS - 10, HTTP_CONNECT_MAX_MS + 300);
    assert_true(bench->answers[1].took_ms >= HTTP_CONNECT_MAX_MS + 490);
    (void)close(mute);
}

/* --- connections that are forgotten ------------------------------------------------------------------ */

static void forgotten_connections_are_not_used_again(void **state)
{
    struct bench *bench = *state;
    static const char *const paths[] = {"/ok", "/ok", "/ok", "/ok"};
    memcpy(bench->paths, paths, sizeof paths);
    bench->forget_before = 3;
    run(bench);
    assert_int_equal(bench->peer.seen->requests, 4);
    assert_int_equal(bench->peer.seen->connections, 2);
}

static void what_is_on_its_way_is_not_cut(void **state)
{
    struct bench *bench = *state;
    bench->paths[0] = "/slow";
    bench->paths[1] = "/ok"; /* leaves its connection behind while the slow one is on its way */
    bench->paths[2] = "/ok";
    bench->at_once = 2;
    bench->forget_before = 3;
    run(bench);
    assert_int_equal(bench->peer.seen->connections, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bench->answers[i].status, 200);
    assert_true(bench->answers[2].took_ms >= 200); /* the slow one came last, whole */
}

static int cancel_and_ask_again(void *user, int64_t now_ms)
{
    struct bench *bench = user;
    (void)now_ms;
    http_cancel(bench->http, bench->handle);
    http_cancel(bench->http, bench->handle); /* unknown by now: nothing happens */
    bench->came = bench->sent = 0;
    bench->count = 2;
    bench->paths[0] = "/ok";
    bench->paths[1] = "/slow"; /* as long as the first would have taken */
    send_next(bench);
    return 0;
}

static void a_cancelled_request_is_never_answered(void **state)
{
    struct bench *bench = *state;
    struct loop_source *timer;
    assert_int_equal(loop_add_timer(bench->loop, "cancel", LOOP_NORMAL, cancel_and_ask_again, bench, &timer),
                     0);
    assert_int_equal(loop_arm(timer, loop_now_ms(bench->loop) + 100), 0);
    assert_string_equal(ask(bench, "/slow")->body, "{\"ok\":1}");
    assert_int_equal(bench->peer.seen->requests, 3);
    assert_true(bench->answers[1].took_ms >= 380); /* the second one's, not the first one's */
    loop_remove(timer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_connection_serves_many_requests),
        TEST(a_redirect_is_an_answer_and_not_followed),
        TEST(nothing_is_asked_for_or_taken_compressed),
        TEST(times_are_read_or_left_out),
        TEST(a_large_body_ends_at_the_limit),
        TEST(an_endless_body_ends_at_the_limit),
        TEST(many_headers_end_at_the_limit),
        TEST(long_headers_end_at_the_limit),
        TEST(endless_headers_end_at_the_limit),
        TEST(a_trickle_ends_in_time),
        TEST(a_broken_connection_may_have_reached_the_shop),
        TEST(what_speaks_no_http_is_not_the_shop),
        TEST(nobody_there_is_surely_not_reached),
        TEST(no_tls_is_not_the_shop),
        TEST(other_protocols_are_refused),
        TEST(a_peer_that_is_slow_but_there_gets_more_time),
        TEST(forgotten_connections_are_not_used_again),
        TEST(what_is_on_its_way_is_not_cut),
        TEST(a_cancelled_request_is_never_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
