#include "loop/clock_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct clock_watch {
    int fd;
    struct loop_source *source;
    clock_set_fn *set;
    void *user;
};

/* A time that does not come: the largest of a 32-bit time_t, so that 32-bit kernels take it too, or a day
 * from a clock that is already past it. */
static int arm(int fd)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    struct itimerspec never = {.it_value.tv_sec = now.tv_sec < INT32_MAX ? INT32_MAX : now.tv_sec + 86400};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 ? -errno : 0;
}

static int on_ready(void *user, int fd, uint32_t events)
{
    struct clock_watch *watch = user;
    uint64_t expired;
    (void)events;
    ssize_t got = read(fd, &expired, sizeof expired);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got < 0 && errno != ECANCELED)
        return -errno;
    int result = arm(fd); /* before anybody looks: a clock that is set again meanwhile is told again */
    watch->set(watch->user);
    return result;
}

int clock_watch_new(struct loop *loop, clock_set_fn *set, void *user, struct clock_watch **watch)
{
    struct clock_watch *made = calloc(1, sizeof *made);
    if (!made)
        return -ENOMEM;
    *made = (struct clock_watch){.set = set, .user = user};
    made->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    int result = made->fd < 0 ? -errno : arm(made->fd);
    if (result == 0)
        result = loop_add_fd(loop, "clock", LOOP_NORMAL, made->fd, LOOP_READ, on_ready, made, &made->source);
    if (result < 0) {
        clock_watch_free(made);
        return result;
    }
    *watch = made;
    return 0;
}

void clock_watch_free(struct clock_watch *watch)
{
    if (!watch)
        return;
    loop_remove(watch->source);
    if (watch->fd >= 0)
        (void)close(watch->fd);
    free(watch);
}
