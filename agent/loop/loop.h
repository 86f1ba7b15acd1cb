/* The event loop: sd-event behind a small face. Sources have priorities (scans first); a source whose
 * callback fails is disabled and reported, never fatal; behind one that is needed (loop_need) the service
 * manager's watchdog starts the program again. Single-threaded: another thread reaches it
 * through a descriptor only. */
#ifndef FAIRSTOCK_LOOP_LOOP_H
#define FAIRSTOCK_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct loop_source;

enum loop_priority {
    LOOP_SCAN = -100,
    LOOP_LIGHT = -50,
    LOOP_NORMAL = 0,
    LOOP_NET = 10,
    LOOP_WEB = 20,
    LOOP_IDLE = 1000
};
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

/* Return 0, or a negative errno that disables the source and is reported through the loop's failure callback.
 */
typedef int loop_fd_fn(void *user, int fd, uint32_t events);
typedef int loop_timer_fn(void *user, int64_t now_ms);
typedef int loop_idle_fn(void *user);

MUST_CHECK int loop_new(struct loop **loop, struct err *err);
void loop_free(struct loop *loop);
/* Runs until loop_stop. SIGTERM and SIGINT stop it. With $WATCHDOG_USEC it pets the service manager's
 * watchdog. 0 or -errno. */
MUST_CHECK int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
int64_t loop_now_ms(const struct loop *loop); /* CLOCK_MONOTONIC */
void loop_on_failure(struct loop *loop, void (*failed)(void *user, const char *name, int error), void *user);

/* fd is borrowed. A descriptor that epoll refuses (plain file) gives -EPERM: use a timer. name is for
 * reports, static. */
MUST_CHECK int loop_add_fd(struct loop *loop, const char *name, int priority, int fd, uint32_t events,
                           loop_fd_fn *fn, void *user, struct loop_source **source);
MUST_CHECK int loop_change_fd(struct loop_source *source, uint32_t events);
/* One-shot timer, unarmed. */
MUST_CHECK int loop_add_timer(struct loop *loop, const char *name, int priority, loop_timer_fn *fn,
                              void *user, struct loop_source **source);
/* at_ms: monotonic; INT64_MAX disarms. */
MUST_CHECK int loop_arm(struct loop_source *source, int64_t at_ms);
/* Runs once when nothing else is ready, each time it is armed by loop_arm_idle. */
MUST_CHECK int loop_add_idle(struct loop *loop, const char *name, loop_idle_fn *fn, void *user,
                             struct loop_source **source);
MUST_CHECK int loop_arm_idle(struct loop_source *source);
/* Without this source the program does not do its work: once it failed, the service manager's watchdog is not
 * fed any more. Until it strikes, and where there is none, everything else goes on. */
void loop_need(struct loop_source *source);
void loop_remove(struct loop_source *source); /* accepts NULL */

/* Tells the service manager (sd_notify): "READY=1", "STOPPING=1", "STATUS=…". Does nothing without one. */
void loop_notify(const char *state);

#endif
