/* The courier: moves one channel's engine through the world. Turns loop timers, network hints, book changes
 * and HTTP answers into engine inputs; commits what the engine decides; sends its requests only after that
 * commit. Owns no decisions. */
#ifndef FAIRSTOCK_SYNC_COURIER_H
#define FAIRSTOCK_SYNC_COURIER_H

#include "loop/loop.h"
#include "loop/turn.h"
#include "net/http.h"
#include "store/store.h"
#include "sync/engine_facts.h"
#include "sync/sale_lag.h"
#include "sync/traffic.h"

struct courier;

struct courier_settings {
    struct loop *loop;
    struct store *store;
    struct turns *turns;           /* the engine's steps take theirs */
    struct http *http;             /* NULL for a channel that is served in process */
    const struct channel_ops *ops; /* adapter; NULL for a channel that is served in process */
    struct channel_config config;  /* strings borrowed for the courier's life */
    struct engine_settings engine;
    /* In-process service (the practice shop). Fills the answer; 0 or -ENOMEM. NULL with ops. */
    int (*serve)(void *user, const struct channel_request *request, struct channel_answer *answer);
    struct id128 (*random)(void *user); /* 16 fresh random bytes */
    int64_t (*wall_ms)(void *user);     /* the true time as far as it is known, else 0 */
    void (*shop_time)(void *user, const char *channel,
                      int64_t date_ms); /* a shop's own word for it; may be NULL */
    int64_t (*boottime_ms)(void *user); /* CLOCK_BOOTTIME */
    void (*changed)(void *user);        /* something the page shows changed; stock, cards or channel state */
    void *user;
};

enum {
    COURIER_REQUEST_TIMEOUT_MS = 20000,
    COURIER_START_OVER_MS = 1000, /* after a step that could not be decided or booked */
    COURIER_UNANSWERED_MS = 1000, /* older requests are given up when a way to the world appears */
};

MUST_CHECK int courier_new(const struct courier_settings *settings, struct courier **courier,
                           struct err *err);
/* Drops requests in flight: their ops stay SENT and are settled after the next start. Not while its turn is
 * running or queued: turns_drain comes first. */
void courier_free(struct courier *courier);
/* ENGINE_STOCK, ENGINE_SYNC_NOW, ENGINE_NETWORK_UP, ENGINE_NETWORK_DOWN. Never runs the engine from inside:
 * the loop does. */
void courier_notify(struct courier *courier, enum engine_input_kind kind);
uint32_t courier_channel(const struct courier *courier); /* alias */
void courier_facts(const struct courier *courier, struct engine_facts *facts);
void courier_view(const struct courier *courier, struct engine_view *view);
int64_t courier_wanted(const struct courier *courier, const struct listing *listing);
/* A sale of the item was committed: how long until this channel has followed? */
void courier_sold(struct courier *courier, uint32_t item);
const struct traffic *courier_traffic(const struct courier *courier);   /* borrowed */
const struct sale_lag *courier_sale_lag(const struct courier *courier); /* borrowed */
/* Nothing in flight and nothing to send: true when stopping now loses no round trip. */
bool courier_idle(const struct courier *courier);

#endif
