/* How items are shown in several shops (domain/publish.h), kept up to date while the agent runs: an hourly
 * estimate of demand, and whether mirroring is allowed now. Does nothing while there is one shop only. */
#ifndef FAIRSTOCK_APP_DAEMON_SHOWING_H
#define FAIRSTOCK_APP_DAEMON_SHOWING_H

#include "domain/estimate.h"
#include "loop/loop.h"
#include "loop/turn.h"

struct daemon;

enum {
    SHOWING_LOOK_MS = 60000,       /* distance of looks */
    SHOWING_ESTIMATE_MS = 3600000, /* distance of estimates */
    SHOWING_MARKET_MS =
        12 * 3600000,          /* after a sale at the stall, where the shops sell from the stall's place */
    SHOWING_REQUEST_MS = 5000, /* 95 % of requests take less: an assumption */
};

struct daemon_showing {
    struct estimate estimate; /* as of estimated_ms */
    int64_t estimated_ms;     /* monotonic; 0 never */
    int64_t reached_ms;       /* monotonic: since then every shop is within reach; 0 one is not */
    int64_t sold_ms;          /* monotonic: the last sale at the stall; 0 none since the start */
    struct loop_source *timer;
    struct turn turn;
};

MUST_CHECK int daemon_showing_add(struct daemon *daemon);
void daemon_showing_remove(struct daemon *daemon);
/* A shop's state may have changed: what may not be mirrored any more is not, at once. */
void daemon_showing_look(struct daemon *daemon);
/* What the booth keeps at a place: nothing where it does not sell. */
uint32_t daemon_showing_booth_percent(const struct daemon *daemon, uint32_t location);
/* The window that the model is asked about: the longest of the shops'. */
int64_t daemon_showing_window_ms(const struct daemon *daemon);

#endif
