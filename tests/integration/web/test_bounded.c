/* Too much, too slow, too many: each meets its limit, and the others are served meanwhile. */
#include <poll.h>
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

#include "base/limits.h"
#include "web_client.h"

enum { REQUEST_MS = 400, TRICKLE_MS = 20, PER_ADDRESS = WEB_CONNECTIONS_MAX / 2 };

static int start(void **state)
{
    static struct web_client client;
    static const char *const arguments[] = {"--listen", "127.0.0.1:0", "--request-ms", "400", NULL};
    web_client_start(&client, arguments);
    *state = &client;
    return 0;
}

static int stop(void **state)
{
    web_client_stop(*state);
    return 0;
}

static void send_post_head(const struct web_client *client, int fd, const char *more)
{
    web_client_send(fd,
                    "POST /api/v1/sell HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nX-Fairstock-CSRF: %s\r\n"
                    "Content-Type: application/json\r\n%s\r\n",
                    client->host, client->host, client->csrf, more);
}

static void test_announced_body_is_refused_before_it_comes(void **state)
{
    const struct web_client *client = *state;
    char length[64];
    struct web_reply reply;
    (void)snprintf(length, sizeof length, "Content-Length: %d\r\n", WEB_BODY_MAX_BYTES + 1);
    int fd = web_client_connect(client->host);
    send_post_head(client, fd, length);
    web_client_read(fd, &reply);
    assert_int_equal(reply.status, 413);
    assert_true(reply.closed);
    web_client_reply_free(&reply);
    (void)close(fd);
}

/* Sends a chunked body of size bytes in all. */
static int send_chunked(const struct web_client *client, size_t size)
{
    static char chunk[64 * 1024 + 1];
    struct web_reply reply;
    memset(chunk, ' ', sizeof chunk - 1);
    int fd = web_client_connect(client->host);
    send_post_head(client, fd, "Transfer-Encoding: chunked\r\n");
    for (size_t sent = 0; sent < size;) {
        size_t now = size - sent < sizeof chunk - 1 ? size - sent : sizeof chunk - 1;
        web_client_send(fd, "%zx\r\n%.*s\r\n", now, (int)now, chunk);
        sent += now;
    }
    web_client_send(fd, "0\r\n\r\n");
    web_client_read(fd, &reply);
    (void)close(fd);
    web_client_reply_free(&reply);
    return reply.status;
}

static void test_unannounced_body_meets_the_limit(void **state)
{
    assert_int_equal(send_chunked(*state, WEB_BODY_MAX_BYTES),
                     400); /* all spaces: no JSON, but it was read */
    assert_int_equal(send_chunked(*state, WEB_BODY_MAX_BYTES + 1), 413);
}

static void test_long_address_and_long_headers(void **state)
{
    const struct web_client *client = *state;
    char *path = calloc(1, 64 * 1024), *extra = calloc(1, 64 * 1024);
    (void)snprintf(path, 64 * 1024, "/api/v1/stock?search=%0*d", 2000, 0);
    assert_int_equal(web_client_status(client, "GET", path, "", NULL), 200);
    (void)snprintf(path, 64 * 1024, "/api/v1/stock?search=%0*d", 3000, 0);
    assert_int_equal(web_client_status(client, "GET", path, "", NULL), 414);
    (void)snprintf(extra, 64 * 1024, "X-Long: %0*d\r\n", 40000, 0);
    int status = web_client_status(client, "GET", "/", extra, NULL);
    assert_true(status == 431 || status == 413); /* which one depends on the library's version */
    free(path);
    free(extra);
}

/* Sends one byte of text every TRICKLE_MS until the server closes; how long that took. */
static int64_t trickle(int fd, const char *text)
{
    int64_t begun = web_client_now_ms();
    for (size_t i = 0; web_client_now_ms() - begun < WEB_CLIENT_PATIENCE_MS; i++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        char byte = text[i % strlen(text)];
        if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
            break;
        if (poll(&wait, 1, TRICKLE_MS) == 1)
            break; /* the end, or an answer that says so */
    }
    assert_true(web_client_sees_end(fd));
    (void)close(fd);
    return web_client_now_ms() - begun;
}

static void test_slow_senders_are_closed(void **state)
{
    const struct web_client *client = *state;
    int headers = web_client_connect(client->host);
    web_client_send(headers, "GET / HTTP/1.1\r\nHost: %s\r\nX-Slow: ", client->host);
    assert_in_range(trickle(headers, "a"), REQUEST_MS / 2, WEB_CLIENT_PATIENCE_MS / 2);

    int body = web_client_connect(client->host);
    send_post_head(client, body, "Content-Length: 100000\r\n");
    assert_in_range(trickle(body, " "), REQUEST_MS / 2, WEB_CLIENT_PATIENCE_MS / 2);

    int lines = web_client_connect(client->host);
    assert_in_range(trickle(lines, "GET"), REQUEST_MS / 2, WEB_CLIENT_PATIENCE_MS / 2);

    int silent = web_client_connect(client->host);
    assert_true(web_client_sees_end(silent));
    (void)close(silent);
    assert_int_equal(web_client_status(client, "GET", "/api/v1/status", "", NULL), 200);
}

static void test_idle_connection_is_closed(void **state)
{
    const struct web_client *client = *state;
    struct web_reply reply;
    int fd = web_client_connect(client->host);
    web_client_send(fd, "GET /api/v1/status HTTP/1.1\r\nHost: %s\r\n\r\n", client->host);
    web_client_read(fd, &reply);
    web_client_reply_free(&reply);
    assert_true(web_client_sees_end(fd));
    (void)close(fd);
}

/* One address may hold half of all connections; the next is closed at once, and the place is free again
 * afterwards. */
static void test_connections_of_one_address(void **state)
{
    const struct web_client *client = *state;
    static const char *const patient[] = {"--listen", "127.0.0.1:0", NULL};
    struct web_client other;
    int fds[PER_ADDRESS];
    (void)client;
    web_client_start(&other, patient);
    for (int i = 0; i < PER_ADDRESS; i++) {
        struct web_reply reply;
        fds[i] = web_client_connect(other.host);
        web_client_send(fds[i], "GET /api/v1/status HTTP/1.1\r\nHost: %s\r\n\r\n", other.host);
        web_client_read(fds[i], &reply);
        assert_int_equal(reply.status, 200);
        web_client_reply_free(&reply);
    }
    int64_t begun = web_client_now_ms();
    int one_more = web_client_connect(other.host);
    web_client_send(one_more, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", other.host);
    assert_true(web_client_sees_end(one_more));
    assert_true(web_client_now_ms() - begun < 5000); /* at once, not by a time limit */
    (void)close(one_more);
    for (int i = 0; i < PER_ADDRESS; i++)
        (void)close(fds[i]);
    /* The server notices the closed ones in its own time: the first try may still find the place taken. */
    int status = 0;
    while (status != 200 && web_client_now_ms() - begun < WEB_CLIENT_PATIENCE_MS)
        status = web_client_status(&other, "GET", "/", "", NULL);
    assert_int_equal(status, 200);
    web_client_stop(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_announced_body_is_refused_before_it_comes),
        cmocka_unit_test(test_unannounced_body_meets_the_limit),
        cmocka_unit_test(test_long_address_and_long_headers),
        cmocka_unit_test(test_slow_senders_are_closed),
        cmocka_unit_test(test_idle_connection_is_closed),
        cmocka_unit_test(test_connections_of_one_address),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
