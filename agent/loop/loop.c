#include "loop/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "base/log.h"

struct loop {
    sd_event *event;
    void (*failed)(void *user, const char *name, int error);
    void *failed_user;
    sd_event_source *terminate, *interrupt;
    struct loop_source *running; /* whose callback runs now; NULL once it removed itself */
};

struct loop_source {
    struct loop *loop;
    const char *name;
    sd_event_source *source;
    sd_event_source *soon; /* of a timer: what is due already needs no timer of the kernel */
    union {
        loop_fd_fn *fd;
        loop_timer_fn *timer;
        loop_idle_fn *idle;
    } fn;
    void *user;
    bool needed;
};

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
    (void)source;
    (void)info;
    loop_stop(user);
    return 0;
}

static int block_stop_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

int loop_new(struct loop **loop, struct err *err)
{
    struct loop *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    int result = sd_event_new(&made->event);
    if (result >= 0)
        result = block_stop_signals();
    if (result >= 0)
        result = sd_event_add_signal(made->event, &made->terminate, SIGTERM, on_stop_signal, made);
    if (result >= 0)
        result = sd_event_add_signal(made->event, &made->interrupt, SIGINT, on_stop_signal, made);
    if (result >= 0)
        result = sd_event_set_watchdog(made->event, 1); /* does nothing without $WATCHDOG_USEC */
    if (result < 0) {
        loop_free(made);
        return err_set_errno(err, result, "cannot make the event loop");
    }
    *loop = made;
    return 0;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    sd_event_source_disable_unref(loop->terminate);
    sd_event_source_disable_unref(loop->interrupt);
    sd_event_unref(loop->event);
    free(loop);
}

int loop_run(struct loop *loop)
{
    int result = sd_event_loop(loop->event);
    return result < 0 ? result : 0;
}

void loop_stop(struct loop *loop)
{
    int result = sd_event_exit(loop->event, 0);
    if (result < 0)
        log_error("cannot stop the event loop: %s", strerrordesc_np(-result));
}

int64_t loop_now_ms(const struct loop *loop)
{
    struct timespec now = {0};
    (void)loop;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void loop_on_failure(struct loop *loop, void (*failed)(void *user, const char *name, int error), void *user)
{
    loop->failed = failed;
    loop->failed_user = user;
}

/* A watchdog that cannot be left alone any other way is left alone by ending. */
static void starve_watchdog(struct loop *loop)
{
    int result = sd_event_set_watchdog(loop->event, 0);
    if (result >= 0)
        return;
    log_error("the watchdog cannot be left: %s", strerrordesc_np(-result));
    loop_stop(loop);
}

/* A failing source is switched off and named; the loop goes on. */
static int finish(struct loop *loop, struct loop_source *source, int result)
{
    bool removed = loop->running != source; /* then source is freed memory */
    loop->running = NULL;
    if (result >= 0 || removed)
        return 0;
    (void)sd_event_source_set_enabled(source->source, SD_EVENT_OFF);
    if (source->soon)
        (void)sd_event_source_set_enabled(source->soon, SD_EVENT_OFF);
    if (source->needed)
        starve_watchdog(loop);
    if (loop->failed)
        loop->failed(loop->failed_user, source->name, result);
    return 0;
}

static struct loop *begin(struct loop_source *source)
{
    source->loop->running = source;
    return source->loop;
}

static uint32_t to_epoll(uint32_t events)
{
    return (events & LOOP_READ ? (uint32_t)EPOLLIN : 0U) | (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0U);
}

static int on_fd(sd_event_source *event_source, int fd, uint32_t revents, void *user)
{
    struct loop_source *source = user;
    (void)event_source;
    uint32_t events = (revents & EPOLLIN ? (uint32_t)LOOP_READ : 0U) |
                      (revents & EPOLLOUT ? (uint32_t)LOOP_WRITE : 0U) |
                      (revents & (EPOLLHUP | EPOLLERR) ? (uint32_t)LOOP_HANGUP : 0U);
    struct loop *loop = begin(source);
    return finish(loop, source, source->fn.fd(source->user, fd, events));
}

static int on_timer(sd_event_source *event_source, uint64_t usec, void *user)
{
    struct loop_source *source = user;
    (void)event_source;
    (void)usec;
    struct loop *loop = begin(source);
    return finish(loop, source, source->fn.timer(source->user, loop_now_ms(loop)));
}

static int on_soon(sd_event_source *event_source, void *user)
{
    return on_timer(event_source, 0, user);
}

static int on_idle(sd_event_source *event_source, void *user)
{
    struct loop_source *source = user;
    (void)event_source;
    struct loop *loop = begin(source);
    return finish(loop, source, source->fn.idle(source->user));
}

static struct loop_source *make_source(struct loop *loop, const char *name, void *user)
{
    struct loop_source *source = calloc(1, sizeof *source);
    if (source)
        *source = (struct loop_source){.loop = loop, .name = name, .user = user};
    return source;
}

/* Takes over what sd-event answered when it was asked to add the source. */
static int keep(struct loop_source *made, int result, int priority, struct loop_source **source)
{
    if (result >= 0)
        result = sd_event_source_set_priority(made->source, priority);
    if (result < 0) {
        loop_remove(made);
        return result;
    }
    *source = made;
    return 0;
}

int loop_add_fd(struct loop *loop, const char *name, int priority, int fd, uint32_t events, loop_fd_fn *fn,
                void *user, struct loop_source **source)
{
    struct loop_source *made = make_source(loop, name, user);
    if (!made)
        return -ENOMEM;
    made->fn.fd = fn;
    return keep(made, sd_event_add_io(loop->event, &made->source, fd, to_epoll(events), on_fd, made),
                priority, source);
}

int loop_change_fd(struct loop_source *source, uint32_t events)
{
    return sd_event_source_set_io_events(source->source, to_epoll(events));
}

int loop_add_timer(struct loop *loop, const char *name, int priority, loop_timer_fn *fn, void *user,
                   struct loop_source **source)
{
    struct loop_source *made = make_source(loop, name, user);
    if (!made)
        return -ENOMEM;
    made->fn.timer = fn;
    /* Accuracy 1 ms: sd-event's default of 250 ms would delay lights and lowerings. */
    int result = sd_event_add_time(loop->event, &made->source, CLOCK_MONOTONIC, 0, 1000, on_timer, made);
    if (result >= 0)
        result = sd_event_source_set_enabled(made->source, SD_EVENT_OFF);
    if (result >= 0)
        result = sd_event_add_defer(loop->event, &made->soon, on_soon, made);
    if (result >= 0)
        result = sd_event_source_set_enabled(made->soon, SD_EVENT_OFF);
    if (result >= 0)
        result = sd_event_source_set_priority(made->soon, priority);
    return keep(made, result, priority, source);
}

int loop_arm(struct loop_source *source, int64_t at_ms)
{
    bool due = at_ms <= loop_now_ms(source->loop);
    int result = sd_event_source_set_enabled(source->soon, due ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
    if (result >= 0 && (due || at_ms == INT64_MAX))
        return sd_event_source_set_enabled(source->source, SD_EVENT_OFF);
    if (result >= 0)
        result = sd_event_source_set_time(source->source, (uint64_t)at_ms * 1000);
    return result < 0 ? result : sd_event_source_set_enabled(source->source, SD_EVENT_ONESHOT);
}

int loop_add_idle(struct loop *loop, const char *name, loop_idle_fn *fn, void *user,
                  struct loop_source **source)
{
    struct loop_source *made = make_source(loop, name, user);
    if (!made)
        return -ENOMEM;
    made->fn.idle = fn;
    int result = sd_event_add_defer(loop->event, &made->source, on_idle, made);
    if (result >= 0)
        result = sd_event_source_set_enabled(made->source, SD_EVENT_OFF);
    return keep(made, result, LOOP_IDLE, source);
}

int loop_arm_idle(struct loop_source *source)
{
    return sd_event_source_set_enabled(source->source, SD_EVENT_ONESHOT);
}

void loop_need(struct loop_source *source)
{
    source->needed = true;
}

void loop_remove(struct loop_source *source)
{
    if (!source)
        return;
    if (source->loop->running == source)
        source->loop->running = NULL;
    sd_event_source_disable_unref(source->source);
    sd_event_source_disable_unref(source->soon);
    free(source);
}

void loop_notify(const char *state)
{
    int result = sd_notify(0, state);
    if (result < 0)
        log_warning("the service manager cannot be told %s: %s", state, strerrordesc_np(-result));
}
