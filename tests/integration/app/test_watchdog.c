/* The service manager's watchdog, played by a socket: fed as long as everything runs that is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop/loop.h"

enum { PERIOD_MS = 200, FEEDS = 3, SILENCE_MS = 5 * PERIOD_MS, PATIENCE_MS = 20000 };

struct manager {
    struct loop *loop;
    struct loop_source *heard, *failing, *end;
    char path[64];
    int fd, feeds; /* since the failure */
    bool failed, timed_out;
};

static int on_heard(void *user, int fd, uint32_t events)
{
    struct manager *manager = user;
    char text[64] = "";
    (void)events;
    assert_true(recv(fd, text, sizeof text - 1, 0) > 0);
    if (!manager->failed) /* it is fed: now the source fails */
        return loop_arm(manager->failing, 0);
    manager->feeds += strcmp(text, "WATCHDOG=1") == 0;
    if (manager->feeds == FEEDS)
        loop_stop(manager->loop);
    return 0;
}

static int on_failing(void *user, int64_t now_ms)
{
    (void)user;
    (void)now_ms;
    return -EIO;
}

static void on_failure(void *user, const char *name, int error)
{
    struct manager *manager = user;
    char text[64];
    assert_string_equal(name, "failing");
    assert_int_equal(error, -EIO);
    manager->failed = true;
    while (recv(manager->fd, text, sizeof text, MSG_DONTWAIT) > 0)
        continue; /* fed before */
}

static int on_end(void *user, int64_t now_ms)
{
    struct manager *manager = user;
    (void)now_ms;
    manager->timed_out = true;
    loop_stop(manager->loop);
    return 0;
}

/* How often the watchdog is fed within wait_ms once a source failed. */
static int feeds_behind_failure(bool needed, int64_t wait_ms)
{
    struct manager manager = {.path = "/tmp/fairstock-watchdog-XXXXXX"};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[sizeof manager.path], period[32];
    assert_non_null(mkdtemp(manager.path));
    memcpy(folder, manager.path, sizeof folder);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", folder);
    manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(manager.fd >= 0);
    assert_int_equal(bind(manager.fd, (const struct sockaddr *)&address, sizeof address), 0);
    (void)snprintf(period, sizeof period, "%d", PERIOD_MS * 1000);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", period, 1), 0);
    assert_int_equal(loop_new(&manager.loop, NULL), 0);
    loop_on_failure(manager.loop, on_failure, &manager);
    assert_int_equal(loop_add_fd(manager.loop, "manager", LOOP_NORMAL, manager.fd, LOOP_READ, on_heard,
                                 &manager, &manager.heard),
                     0);
    assert_int_equal(
        loop_add_timer(manager.loop, "failing", LOOP_NORMAL, on_failing, &manager, &manager.failing), 0);
    assert_int_equal(loop_add_timer(manager.loop, "end", LOOP_NORMAL, on_end, &manager, &manager.end), 0);
    assert_int_equal(loop_arm(manager.end, loop_now_ms(manager.loop) + wait_ms), 0);
    if (needed)
        loop_need(manager.failing);
    assert_int_equal(loop_run(manager.loop), 0);
    assert_true(manager.failed);
    assert_int_equal(manager.timed_out, manager.feeds < FEEDS);
    loop_remove(manager.heard);
    loop_remove(manager.failing);
    loop_remove(manager.end);
    loop_free(manager.loop);
    (void)close(manager.fd);
    (void)unlink(address.sun_path);
    (void)rmdir(folder);
    return manager.feeds;
}

static void one_that_is_not_needed_lets_it_be_fed(void **state)
{
    (void)state;
    assert_int_equal(feeds_behind_failure(false, PATIENCE_MS), FEEDS);
}

static void behind_one_that_is_needed_it_starves(void **state)
{
    (void)state;
    assert_int_equal(feeds_behind_failure(true, SILENCE_MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_not_needed_lets_it_be_fed),
        cmocka_unit_test(behind_one_that_is_needed_it_starves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
