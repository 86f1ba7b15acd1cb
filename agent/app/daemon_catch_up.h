/* Catching up with the shops after an outage (domain/catch_up.h): notes begin and end in the ledger, so that
 * a report covers all of it whatever happens in between, and tells how far it is. */
#ifndef FAIRSTOCK_APP_DAEMON_CATCH_UP_H
#define FAIRSTOCK_APP_DAEMON_CATCH_UP_H

#include "base/err.h"
#include "base/limits.h"
#include "domain/catch_up.h"
#include "loop/loop.h"
#include "loop/turn.h"

struct daemon;

struct daemon_catch_up {
    struct catch_up state;
    struct turn turn;
    struct loop_source *timer;
    uint64_t begun_position; /* of the event that began it; 0 none */
    bool rested;             /* when the shops were last looked at */
    uint64_t done_before;    /* changes of it that earlier starts brought home, as far as it is known */
    uint64_t done_base[CHANNELS_MAX]; /* of each courier, changes that were done when it was last at rest */
};

/* How far it is, over all live shops. */
struct daemon_progress {
    bool active;          /* a catch-up that was worth noting, else an ordinary change or nothing */
    bool away;            /* a shop is out of reach */
    uint64_t done, total; /* changes of listings */
    uint32_t shops_done, shops;
    bool estimated; /* least and most are measured, else not known */
    int64_t least_ms, most_ms;
};

/* Before the couriers. */
MUST_CHECK int daemon_catch_up_open(struct daemon *daemon, struct err *err);
void daemon_catch_up_close(struct daemon *daemon);
/* Something was heard of a shop. */
void daemon_catch_up_look(struct daemon *daemon);
void daemon_catch_up_progress(struct daemon *daemon, struct daemon_progress *progress);
/* The last event before what the catch_up event at this position covers. 0 or -errno. */
MUST_CHECK int daemon_catch_up_after(struct daemon *daemon, uint64_t position, const struct event *event,
                                     uint64_t *after);

#endif
