/* The sync engine: for one channel, decides what to ask the shop and what to book. Pure: no I/O, no clock, no
 * randomness; time and random keys come in, changes and requests come out. The shell commits the changes
 * before any request leaves.
 *
 * Laws (tests/sim proves them on the mini world):
 *  - no action of ours creates or enlarges a deficit (promise 4);
 *  - ops come only from wanted - expected, at most one unsettled op per listing, lowerings before grants;
 *  - a request leaves only after its ops are durable as SENT; an unknown outcome is settled with the same key
 * or by reading;
 *  - orders are booked before levels are raised; an older order state is ignored; a duplicate changes
 * nothing.
 *
 * The shell's part: one step at a time; after a step, commit its changes and apply them to the book before
 * the next step of this or any other engine (two engines that plan from the same uncommitted book could grant
 * the same unit twice); then send. Facts (scans) may be committed in between. */
#ifndef FAIRSTOCK_SYNC_ENGINE_H
#define FAIRSTOCK_SYNC_ENGINE_H

#include "channel/channel.h"
#include "domain/book.h"

struct engine;

struct engine_settings {
    uint32_t channel;
    struct channel_caps caps;
    uint32_t booth_percent; /* share of available units kept for the booth; the channels share the rest */
    bool auto_live;         /* practice: no preview needed */
};

enum engine_input_kind {
    ENGINE_WAKE = 1,     /* the timer of the last output, or start */
    ENGINE_STOCK,        /* the book changed: look for what is owed */
    ENGINE_SYNC_NOW,     /* the seller asked */
    ENGINE_NETWORK_UP,   /* a link or route appeared: probe at once */
    ENGINE_NETWORK_DOWN, /* the last route went */
    ENGINE_ANSWER,
};

struct engine_input {
    enum engine_input_kind kind;
    const struct channel_answer *answer; /* ENGINE_ANSWER */
    const struct order_line
        *known; /* parallel to answer->orders: what is accounted of each line; source_key "" when new */
    const uint32_t
        *listing_items; /* parallel to answer->listings: item alias matched by SKU then barcode, 0 none */
    const bool *listing_moved; /* parallel too: the item has stock movements already; NULL: judge by its stock
                                  alone */
    bool claim_known;          /* the holder of answer->claim is an event of this ledger */
    struct event_id last;      /* this ledger's last event */
    int64_t now_ms;            /* monotonic: timers */
    int64_t wall_ms;           /* the true time as far as it is known, 0 while it is not: labels */
    uint64_t event_time_ms;    /* for the events' time field */
    struct id128 random;       /* fresh; all keys of this step are derived from it by counting up */
};

struct engine_output {
    struct changes changes;                                  /* commit first */
    struct channel_request requests[REQUESTS_IN_FLIGHT_MAX]; /* then send; owned by the taker */
    uint32_t request_count;
    int64_t wake_ms; /* call again with ENGINE_WAKE at this monotonic time; INT64_MAX: only on input */
};
struct engine_output engine_output_new(void);
void engine_output_free(struct engine_output *output);

enum engine_phase {
    ENGINE_CONNECTING = 1,
    ENGINE_BASELINE,
    ENGINE_PREVIEW,
    ENGINE_READY,
    ENGINE_SYNCING,
    ENGINE_OFFLINE,
    ENGINE_NEEDS_LOGIN
};

/* What the page shows of a channel; memory only. */
struct engine_view {
    enum engine_phase phase;
    uint32_t owed; /* listings whose expected or unsettled level differs from wanted, + unsettled ops of other
                      kinds */
    int64_t oldest_owed_ms;  /* monotonic time since when something is owed; 0 nothing */
    int64_t last_success_ms; /* monotonic; 0 never */
    char last_error[REASON_MAX_BYTES + 1];
    int64_t last_error_ms; /* monotonic */
    uint64_t requests, failures;
};

/* book is borrowed and must outlive the engine; the engine reads it, never changes it. NULL: out of memory.
 */
struct engine *engine_new(const struct engine_settings *settings, const struct book *book);
void engine_free(struct engine *engine);
/* One step. 0, -ENOMEM, or -E2BIG (more changes than one commit holds): then the output is empty and the
 * engine starts over as after engine_not_committed. */
MUST_CHECK int engine_step(struct engine *engine, const struct engine_input *input,
                           struct engine_output *output);
/* The commit of the last output failed: forget the requests it wanted to send and what it thought it had
 * booked. */
void engine_not_committed(struct engine *engine);
void engine_view(const struct engine *engine, struct engine_view *view);
/* What this channel should show for a listing now, in listing units. */
int64_t engine_wanted(const struct engine *engine, const struct listing *listing);

#endif
