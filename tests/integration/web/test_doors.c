/* The ways in: the Unix socket's file, addresses that are taken or are not ours, IPv6, and looking from
 * another machine. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "web_client.h"

#define KEY "0123456789abcdef0123456789abcdef"

/* A folder of its own, and the socket's path in it. */
struct place {
    char folder[64], path[96];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    (void)snprintf(place->folder, sizeof place->folder, "%s", "/tmp/fairstock-web-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof place->path, "%s/control.sock", place->folder);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    (void)unlink(place->path);
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static int act_unix(const char *path, const char *call, const char *body)
{
    struct web_reply reply;
    int fd = web_client_connect_unix(path);
    web_client_send(fd, "POST %s HTTP/1.1\r\nHost: anything\r\nContent-Length: %zu\r\n\r\n%s", call,
                    strlen(body), body);
    web_client_read(fd, &reply);
    (void)close(fd);
    web_client_reply_free(&reply);
    return reply.status;
}

static void test_socket_acts_without_ceremony(void **state)
{
    const struct place *place = *state;
    const char *const arguments[] = {"--unix", place->path, NULL};
    struct web_client client;
    struct stat status;
    web_client_start(&client, arguments);
    assert_int_equal(lstat(place->path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0660);
    assert_int_equal(act_unix(place->path, "/api/v1/sell", "{\"code\":\"MUG-BLU\"}"), 200);
    assert_int_equal(act_unix(place->path, "/api/v1/undo", "{}"), 200);
    assert_int_equal(act_unix(place->path, "/api/v1/undo", "{}"), 409);
    web_client_stop(&client);
    assert_int_equal(lstat(place->path, &status), -1); /* it cleans up behind itself */
}

/* Binds a socket at path as a killed program leaves it: nobody listens. */
static void leave_socket(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    (void)close(fd);
}

static void test_left_over_socket_is_replaced(void **state)
{
    const struct place *place = *state;
    const char *const arguments[] = {"--unix", place->path, NULL};
    struct web_client client;
    leave_socket(place->path);
    web_client_start(&client, arguments);
    assert_int_equal(act_unix(place->path, "/api/v1/sync", "{}"), 200);
    web_client_stop(&client);
}

static void test_answering_socket_is_left_alone(void **state)
{
    const struct place *place = *state;
    const char *const arguments[] = {"--unix", place->path, NULL};
    struct web_client first;
    char said[512];
    web_client_start(&first, arguments);
    assert_int_equal(web_client_start_fails(arguments, said, sizeof said), 4);
    assert_non_null(strstr(said, place->path));
    assert_non_null(strstr(said, "another fairstockd"));
    assert_int_equal(act_unix(place->path, "/api/v1/sync", "{}"), 200);
    web_client_stop(&first);
}

static void test_file_in_the_way_is_left_alone(void **state)
{
    const struct place *place = *state;
    const char *const arguments[] = {"--unix", place->path, NULL};
    struct stat status;
    char said[512];
    int fd = open(place->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(web_client_start_fails(arguments, said, sizeof said), 1);
    assert_non_null(strstr(said, "no socket"));
    assert_int_equal(lstat(place->path, &status), 0);
    assert_true(S_ISREG(status.st_mode));
}

/* What another program put there while we ran is not ours to remove. */
static void test_somebody_elses_socket_survives_our_stop(void **state)
{
    const struct place *place = *state;
    const char *const arguments[] = {"--unix", place->path, NULL};
    struct web_client client;
    struct stat status;
    web_client_start(&client, arguments);
    assert_int_equal(unlink(place->path), 0);
    leave_socket(place->path);
    web_client_stop(&client);
    assert_int_equal(lstat(place->path, &status), 0);
}

static void test_taken_address_is_named(void **state)
{
    static const char *const arguments[] = {"--listen", "127.0.0.1:0", NULL};
    struct web_client first;
    char said[512];
    (void)state;
    web_client_start(&first, arguments);
    const char *const again[] = {"--listen", first.host, NULL};
    assert_int_equal(web_client_start_fails(again, said, sizeof said), 4);
    assert_non_null(strstr(said, first.host));
    assert_non_null(strstr(said, "--listen"));
    web_client_stop(&first);
}

static void test_wrong_addresses_are_refused(void **state)
{
    static const char *const wrong[] = {"8377",        "127.0.0.1",        "127.0.0.1:70000",
                                        "127.0.0.1:x", "stall.example:80", "[::1:80",
                                        ":80",         "192.0.2.77:8377"};
    char said[512];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *const arguments[] = {"--listen", wrong[i], NULL};
        assert_int_equal(web_client_start_fails(arguments, said, sizeof said), 1);
        assert_non_null(strstr(said, wrong[i]));
    }
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    if (fd >= 0)
        (void)close(fd);
    return bound;
}

static void test_ipv6_loopback(void **state)
{
    static const char *const arguments[] = {"--listen", "[::1]:0", NULL};
    struct web_client client;
    (void)state;
    if (!has_ipv6()) {
        print_message("SKIP: no IPv6 loopback address here\n");
        skip();
    }
    web_client_start(&client, arguments);
    assert_memory_equal(client.host, "[::1]:", 6);
    assert_int_equal(web_client_act(&client, "/api/v1/sell", "{\"code\":\"MUG-BLU\"}"), 200);
    assert_int_equal(web_client_status(&client, "GET", "/", "Host: 127.0.0.1:80\r\n", NULL), 403);
    web_client_stop(&client);
}

/* --- from another machine
 * ------------------------------------------------------------------------------------------------------ */

static bool up(int fd, const char *name)
{
    struct ifreq request = {0};
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

/* A network of our own, in which 192.0.2.1 (RFC 5737) is this machine: to the server its caller is not
 * loopback. */
static bool enter_network(void)
{
    struct ifreq request = {0};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return false;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", "lo:1");
    memcpy(&request.ifr_addr, &own, sizeof own);
    assert_true(up(fd, "lo") && ioctl(fd, SIOCSIFADDR, &request) == 0 && up(fd, "lo:1"));
    (void)close(fd);
    return true;
}

static void ask_far(const struct web_client *client, const char *path, const char *extra, int status)
{
    int got = web_client_status(client, "GET", path, extra, NULL);
    if (got != status)
        fail_msg("%s with \"%s\": %d, not %d", path, extra, got, status);
}

/* The one thing that a viewer may say, and all that is needed for it. The fixture knows no such call: 404 is
 * past the guard. */
static void check_far_hello(const struct web_client *client, const char *token)
{
    const char *key = "Cookie: fairstock_view=" KEY "\r\n", *json = "Content-Type: application/json\r\n";
    const struct {
        const char *path, *key, *origin, *token, *type;
        int status;
    } tries[] = {
        {"/api/v1/hello", key, client->host, token, json, 404},
        {"/api/v1/hello", "", client->host, token, json, 403},
        {"/api/v1/hello", key, "evil.example", token, json, 403},
        {"/api/v1/hello", key, client->host, client->csrf, json, 403},
        {"/api/v1/hello", key, client->host, "", json, 403},
        {"/api/v1/hello", key, client->host, token, "Content-Type: text/plain\r\n", 415},
        {"/api/v1/sell", key, client->host, token, json, 403},
        {"/api/v1/hello/", key, client->host, token, json, 403},
        {"/api/v1/helloo", key, client->host, token, json, 403},
    };
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        char headers[512];
        (void)snprintf(headers, sizeof headers, "%sOrigin: http://%s\r\nX-Fairstock-CSRF: %s\r\n%s",
                       tries[i].key, tries[i].origin, tries[i].token, tries[i].type);
        int got = web_client_status(client, "POST", tries[i].path, headers, "{\"wall_ms\":1}");
        if (got != tries[i].status)
            fail_msg("try %zu: %d, not %d", i, got, tries[i].status);
    }
}

static void check_far_reading(const struct web_client *client)
{
    char token[65] = "";
    struct web_reply reply;
    ask_far(client, "/", "", 403);
    ask_far(client, "/assets/page.css", "", 403);
    ask_far(client, "/api/v1/status", "", 403);
    ask_far(client, "/api/v1/events", "", 403);
    ask_far(client, "/?key=wrong", "", 403);
    ask_far(client, "/?key=", "", 403);
    ask_far(client, "/api/v1/status", "Cookie: fairstock_view=\r\n", 403);
    ask_far(client, "/api/v1/status", "Cookie: fairstock_view=" KEY "0\r\n", 403);
    web_client_ask(client, "GET", "/?key=" KEY, "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(web_client_header(&reply, "Set-Cookie"),
                        "fairstock_view=" KEY "; Path=/; HttpOnly; SameSite=Strict");
    web_client_reply_free(&reply);
    ask_far(client, "/", "Cookie: a=b; fairstock_view=" KEY "; c=d\r\n", 200);
    web_client_ask(client, "GET", "/api/v1/session", "Cookie: fairstock_view=" KEY "\r\n", NULL, &reply);
    assert_non_null(strstr(reply.body, "\"may_act\":false"));
    assert_int_equal(sscanf(reply.body, "{\"csrf\":\"%64[0-9a-f]\"", token), 1);
    assert_string_not_equal(token, client->csrf); /* the viewer's own */
    web_client_reply_free(&reply);
    check_far_hello(client, token);
    ask_far(client, "/", "Host: evil.example:80\r\nCookie: fairstock_view=" KEY "\r\n", 403);
}

static void check_far_acting(struct web_client *client)
{
    char headers[512];
    (void)snprintf(headers, sizeof headers,
                   "Cookie: fairstock_view=" KEY "\r\nOrigin: http://%s\r\nX-Fairstock-CSRF: %s\r\n"
                   "Content-Type: application/json\r\n",
                   client->host, client->csrf);
    assert_int_equal(web_client_status(client, "POST", "/api/v1/sell", headers, "{\"code\":\"MUG-BLU\"}"),
                     403);
}

/* Runs last: the process stays in its own network. */
static void test_another_machine_may_look_with_the_key(void **state)
{
    static const char *const arguments[] = {"--listen", "192.0.2.1:0", "--view-key", KEY, NULL};
    static const char *const keyless[] = {"--listen", "192.0.2.1:0", NULL};
    static const char *const everywhere[] = {"--listen", "0.0.0.0:0", "--view-key", KEY, NULL};
    struct web_client client;
    (void)state;
    if (!enter_network()) {
        print_message("SKIP: this kernel gives no network namespace: %s\n", strerror(errno));
        skip();
    }
    web_client_start(&client, arguments);
    assert_memory_equal(client.link, client.address, strlen(client.address));
    assert_string_equal(client.link + strlen(client.address), "?key=" KEY);
    check_far_reading(&client);
    check_far_acting(&client);
    web_client_stop(&client);

    web_client_start(&client, keyless); /* no key: nobody */
    ask_far(&client, "/?key=", "", 403);
    ask_far(&client, "/", "Cookie: fairstock_view=\r\n", 403);
    web_client_stop(&client);

    /* On all addresses: loopback acts, the other address looks; the token of one does not help the other. */
    web_client_start(&client, everywhere);
    struct web_reply reply;
    web_client_ask(&client, "GET", "/api/v1/session", "", NULL, &reply);
    (void)sscanf(reply.body, "{\"csrf\":\"%64[0-9a-f]", client.csrf);
    web_client_reply_free(&reply);
    assert_int_equal(web_client_act(&client, "/api/v1/sell", "{\"code\":\"MUG-BLU\"}"), 200);
    (void)snprintf(client.host, sizeof client.host, "192.0.2.1:%s", strrchr(client.address, ':') + 1);
    client.host[strcspn(client.host, "/")] = '\0';
    check_far_reading(&client);
    check_far_acting(&client);
    web_client_stop(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_socket_acts_without_ceremony, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_left_over_socket_is_replaced, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_answering_socket_is_left_alone, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_file_in_the_way_is_left_alone, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_somebody_elses_socket_survives_our_stop, make_place,
                                        remove_place),
        cmocka_unit_test(test_taken_address_is_named),
        cmocka_unit_test(test_wrong_addresses_are_refused),
        cmocka_unit_test(test_ipv6_loopback),
        cmocka_unit_test(test_another_machine_may_look_with_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
