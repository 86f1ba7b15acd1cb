/* Event streams: every reader hears, none can hold up the others, and one that left gives its place back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/stream.h"
#include "web_client.h"

enum { TEXT_MAX_BYTES = 256 * 1024, LARGE_EVENT_BYTES = 48 * 1024, LARGE_EVENTS = 160 };

static int start(void **state)
{
    static struct web_client client;
    static const char *const arguments[] = {"--listen",     "127.0.0.1:0", "--beat-ms", "3600000",
                                            "--request-ms", "1000",        NULL};
    web_client_start(&client, arguments);
    *state = &client;
    return 0;
}

static int stop(void **state)
{
    web_client_stop(*state);
    return 0;
}

static int open_stream(const struct web_client *client)
{
    char text[8192] = "";
    int fd = web_client_connect(client->host);
    web_client_send(fd, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\n\r\n", client->host);
    assert_true(web_client_wait_for(fd, text, sizeof text, "retry: "));
    assert_non_null(strstr(text, "HTTP/1.1 200"));
    assert_non_null(strstr(text, "Content-Type: text/event-stream"));
    return fd;
}

static void hears(int fd, char *text, const char *what)
{
    text[0] = '\0';
    if (!web_client_wait_for(fd, text, TEXT_MAX_BYTES, what))
        fail_msg("the stream ended without %s", what);
}

static void test_every_reader_hears_a_scan(void **state)
{
    const struct web_client *client = *state;
    char *text = malloc(TEXT_MAX_BYTES);
    int readers[4];
    for (int i = 0; i < 4; i++)
        readers[i] = open_stream(client);
    assert_int_equal(web_client_act(client, "/api/v1/sell", "{\"code\":\"SOAP-LAV\"}"), 200);
    for (int i = 0; i < 4; i++)
        hears(readers[i], text, "event: cards");
    assert_non_null(strstr(text, "event: scan\ndata: {"));
    assert_non_null(strstr(text, "event: status\n"));
    assert_int_equal(write(client->input, "MUG-BLU\n", 8), 8); /* a scanner's code, not a request */
    for (int i = 0; i < 4; i++) {
        hears(readers[i], text, "Blue mug");
        (void)close(readers[i]);
    }
    free(text);
}

/* The answer to a request wakes the stream while the library runs. A browser keeps its connection open, so
 * nothing else would make the library run again. */
static void test_news_of_a_request_on_a_kept_connection(void **state)
{
    static const char body[] = "{\"code\":\"SOAP-LAV\"}";
    static const char *const arguments[] = {"--listen",     "127.0.0.1:0", "--beat-ms", "3600000",
                                            "--request-ms", "3600000",     NULL};
    struct web_client client;
    struct web_reply reply = {0};
    char *text = malloc(TEXT_MAX_BYTES);
    (void)state;
    web_client_start(&client, arguments);
    int stream = open_stream(&client), fd = web_client_connect(client.host);
    web_client_send(fd,
                    "POST /api/v1/sell HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nX-Fairstock-CSRF: %s\r\n"
                    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                    client.host, client.host, client.csrf, sizeof body - 1, body);
    web_client_read(fd, &reply);
    assert_int_equal(reply.status, 200);
    assert_false(reply.closed);
    hears(stream, text, "event: cards"); /* the last one that a sale publishes */
    web_client_reply_free(&reply);
    (void)close(fd);
    (void)close(stream);
    web_client_stop(&client);
    free(text);
}

static void test_beats_come_when_nothing_happens(void **state)
{
    static const char *const arguments[] = {"--listen", "127.0.0.1:0", "--beat-ms", "30", NULL};
    struct web_client client;
    char *text = malloc(TEXT_MAX_BYTES);
    (void)state;
    web_client_start(&client, arguments);
    int fd = open_stream(&client);
    hears(fd, text, ": beat\nevent: beat\n");
    hears(fd, text, ": beat\nevent: beat\n");
    (void)close(fd);
    web_client_stop(&client);
    free(text);
}

static void test_places_are_bounded_and_come_back(void **state)
{
    const struct web_client *client = *state;
    int readers[STREAM_READERS_MAX];
    /* More than there are places, one after the other: each that left gives its place back without waiting
     * for a beat. */
    for (int i = 0; i < 3 * STREAM_READERS_MAX; i++) {
        int fd = open_stream(client);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        assert_true(web_client_sees_end(fd));
        (void)close(fd);
    }
    for (int i = 0; i < STREAM_READERS_MAX; i++)
        readers[i] = open_stream(client);
    assert_int_equal(web_client_status(client, "GET", "/api/v1/events", "", NULL), 503);
    assert_int_equal(web_client_status(client, "GET", "/api/v1/status", "", NULL), 200);
    for (int i = 0; i < STREAM_READERS_MAX; i++) {
        assert_int_equal(shutdown(readers[i], SHUT_WR), 0);
        assert_true(web_client_sees_end(readers[i]));
        (void)close(readers[i]);
    }
    (void)close(open_stream(client));
}

static void publish_large(const struct web_client *client, int number)
{
    static char line[LARGE_EVENT_BYTES + 64];
    int length = snprintf(line, sizeof line, "publish large {\"fill\":\"%0*d\",\"number\":%d}\n",
                          LARGE_EVENT_BYTES - 64, 0, number);
    for (int sent = 0; sent < length;) {
        ssize_t now = write(client->input, line + sent, (size_t)(length - sent));
        assert_true(now > 0);
        sent += (int)now;
    }
}

/* Two readers; one never reads. What it leaves unread fills the kernel's buffers, then its queue; then it is
 * dropped. */
static void test_slow_reader_is_dropped_alone(void **state)
{
    const struct web_client *client = *state;
    char *text = malloc(TEXT_MAX_BYTES), what[64];
    int good = open_stream(client), slow = open_stream(client);
    for (int i = 0; i < LARGE_EVENTS; i++) {
        publish_large(client, i);
        (void)snprintf(what, sizeof what, "\"number\":%d}", i);
        hears(good, text, what);
    }
    assert_true(
        web_client_sees_end(slow)); /* after what the kernel still held; a live stream would time out here */
    publish_large(client, LARGE_EVENTS);
    hears(good, text, "\"number\":160}");
    (void)close(good);
    (void)close(slow);
    free(text);
}

static void test_stopping_ends_streams(void **state)
{
    static const char *const arguments[] = {"--listen", "127.0.0.1:0", NULL};
    struct web_client client;
    (void)state;
    web_client_start(&client, arguments);
    int asleep = open_stream(&client), other = open_stream(&client);
    web_client_stop(&client); /* exit 0, nothing leaked */
    assert_true(web_client_sees_end(asleep));
    assert_true(web_client_sees_end(other));
    (void)close(asleep);
    (void)close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_news_of_a_request_on_a_kept_connection),
        cmocka_unit_test(test_every_reader_hears_a_scan),
        cmocka_unit_test(test_beats_come_when_nothing_happens),
        cmocka_unit_test(test_places_are_bounded_and_come_back),
        cmocka_unit_test(test_slow_reader_is_dropped_alone),
        cmocka_unit_test(test_stopping_ends_streams),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
