/* What the parts of the courier share among themselves: courier.c takes steps, courier_flights.c moves
 * requests and answers. */
#ifndef FAIRSTOCK_SYNC_COURIER_INTERNAL_H
#define FAIRSTOCK_SYNC_COURIER_INTERNAL_H

#include "sync/courier.h"

/* A request on its way. */
struct flight {
    struct courier *courier;
    bool used;
    struct channel_request request;
    uint64_t handle;
    int64_t sent_ms; /* monotonic */
};

/* An answer that waits for its engine step. */
struct arrival {
    struct channel_answer answer;
    int64_t at_ms; /* monotonic */
    struct arrival *next;
};

struct courier {
    struct courier_settings settings;
    struct engine *engine;
    struct loop_source *timer;
    struct turn turn;
    struct flight flights[REQUESTS_IN_FLIGHT_MAX];
    struct arrival *first, *last;
    bool committing; /* a batch of this engine waits for the disk, or is about to */
    bool wake, stock, sync_now, network_up, network_down;
    int64_t wake_ms;
    struct id128 random; /* for the next step */
    bool random_fresh;
    struct event_id holder;      /* of the shop's claim, once found in this ledger */
    struct engine_output output; /* of the step that is being committed */
    int64_t orders_ms;           /* when the orders that it books arrived; 0 none */
    struct traffic *traffic;
    struct sale_lag *lag;
};

/* The engine's next step is at this time; monotonic. */
void courier_arm(struct courier *courier, int64_t at_ms);
/* Sends what the last step wants to send. */
void courier_send_all(struct courier *courier);
/* Requests that left before the network changed wait for a connection that may be dead: the longer it was
 * away, the longer TCP waits until it tries again. What a write did is open; its key settles that. older_ms:
 * only those that wait so long. */
void courier_give_up_flights(struct courier *courier, int64_t older_ms);

#endif
