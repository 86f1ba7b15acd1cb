/* Tells when somebody sets the system's wall clock: a time server's client, a person. The kernel cancels a
 * timer that waits for a wall-clock time then (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET), so nothing is
 * polled. Reads no clock itself. */
#ifndef FAIRSTOCK_LOOP_CLOCK_WATCH_H
#define FAIRSTOCK_LOOP_CLOCK_WATCH_H

#include "loop/loop.h"

struct clock_watch;
typedef void clock_set_fn(void *user);

MUST_CHECK int clock_watch_new(struct loop *loop, clock_set_fn *set, void *user, struct clock_watch **watch);
void clock_watch_free(struct clock_watch *watch); /* accepts NULL */

#endif
