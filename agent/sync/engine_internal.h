/* The sync engine's memory, shared by its parts and by nobody else. Nothing here is the truth: a restart
 * forgets it all, and the engine finds its way again from the book and by reading the shop.
 *
 * A step either digests an answer (and books) or plans the next request, never both: a request is always
 * planned from a book that is committed. At most one request is on its way. */
#ifndef FAIRSTOCK_SYNC_ENGINE_INTERNAL_H
#define FAIRSTOCK_SYNC_ENGINE_INTERNAL_H

#include "sync/engine_memory.h"

enum {
    ENGINE_BACKOFF_FIRST_MS = 250,
    ENGINE_BACKOFF_MAX_MS = 4000,       /* while something is owed; with connecting, catch-up begins in 5 s */
    ENGINE_PROBE_IDLE_MS = 60000,       /* offline and nothing owed */
    ENGINE_REFUSED_READ_MS = 60000,     /* a read was refused: asking again soon is useless */
    ENGINE_RETRY_AFTER_MAX_MS = 300000, /* a shop's wish to wait is believed up to here */
    ENGINE_ANSWER_LOST_MS = 60000,      /* the courier answers long before; then the answer itself was lost */
    ENGINE_AUDIT_MS = 600000,           /* distance of whole readings of the catalogue */
    ENGINE_DRIFT_PATIENCE_MS =
        10000, /* an unexplained level waits so long for an order that is not visible yet */
    ENGINE_IN_TRANSIT_MAX_MS = 300000, /* a request that was sent is not applied later than this */
    ENGINE_KEY_MARGIN_MS = 3600000,    /* a key is not used in the last hour of its life */
    ENGINE_CLOCK_STEP_MS = 5000,       /* a shop's Date has whole seconds and travels: less is no news */
    ENGINE_BASELINE_MARGIN_MS = 5000,  /* the same doubt, where the baseline's moment divides orders */
    ENGINE_REFUSALS_MAX = 3,           /* then the listing is parked */
    ENGINE_STALES_MAX = 10,
    ENGINE_CANCEL_REFUSALS_MAX = 2,
    ENGINE_CLAIM_RENEW_MS =
        3600000,                 /* the shop's claim names an event at most this much older than the last */
    ENGINE_BASELINE_CHUNK = 256, /* listings of one commit */
    ENGINE_BASELINE_LINES_MAX = 1024, /* open order lines at connecting */
};

struct gather; /* engine_baseline.c */

struct engine {
    struct engine_settings settings;
    const struct book *book;
    uint64_t serial;
    struct engine_memory memory;
    struct listing_watch *watches; /* by listing alias */
    uint32_t watch_count;
    struct gather *gather;
    struct engine_view view;
    struct id128 random; /* of the step */
    uint32_t random_used;
};

/* One step on its way. */
struct step {
    struct engine *engine;
    const struct engine_input *input;
    struct engine_output *output;
    const struct channel *channel; /* NULL: not configured in the book yet */
};

/* Listings that a plan may take, at most one request's worth. */
struct candidates {
    uint32_t count, most;
    bool closed; /* one that must travel alone is in it */
    uint32_t aliases[LEVELS_PER_PAGE_MAX];
};

/* What one walk over the listings found. */
struct survey {
    uint32_t owed;
    struct candidates lower, raise, read, find;
};

/* How an op that was sent and not answered is settled. */
enum op_fate {
    FATE_SEND_AGAIN, /* with the same key: the shop does it once, whatever happened */
    FATE_READ,       /* by reading the level and deciding between "applied" and "not" */
    FATE_WAIT,       /* by reading, but not yet: it may still be on its way */
    FATE_FIND,       /* by asking the shop whether it was applied */
    FATE_SETTLE,     /* absolute, and its moment is known: by the orders read after it */
};

/* --- engine.c ---------------------------------------------------------------------------------------- */

struct id128 engine_new_id(struct engine *engine);
struct event engine_event(const struct step *step, enum event_kind kind);
/* The ledger may be a copy (domain/suspicion.h): the shop is read and never written. */
bool engine_stopped(const struct step *step);
/* The shop's clock now, as well as we know it. */
int64_t engine_shop_now(const struct step *step);
/* More units, or fewer, are in orders that may still be paid. */
void engine_add_held(const struct step *step, struct listing *row, int64_t units);
/* A level that what is booked explains; units that are held may have left it or not. */
bool engine_explains(const struct listing *listing, int64_t level);
/* The watch of a listing; the step made room for every listing of the book. */
struct listing_watch *engine_watch(struct engine *engine, uint32_t alias);
/* An empty request of this kind, put on its way. */
struct channel_request *engine_request(struct step *step, enum request_kind kind);
/* What went wrong, for the page. */
void engine_say(struct step *step, const char *words);
int64_t engine_backoff(uint32_t failures);
/* Nothing is asked before this time; monotonic. */
int64_t engine_hold(const struct engine *engine);
void engine_wake_at(struct step *step, int64_t at_ms);

/* --- engine_plan.c: what to ask next ----------------------------------------------------------------- */

int engine_plan(struct step *step);

/* --- engine_watch.c: does the level agree with what we expect ---------------------------------------- */

/* Brings the watch of a listing without unsettled op up to date with its row. */
void engine_watch_refresh(struct step *step, const struct listing *listing);
/* Notes that level and expectation differ, whatever becomes of it. */
void engine_watch_doubt(struct step *step, const struct listing *listing, const struct op *op);
/* The shop shows this level of a listing whose row is as this step leaves it; writes level and time into the
 * row and returns true when that changed it. op: an unsettled op that makes the level ambiguous, NULL none.
 */
bool engine_watch_observe(struct step *step, struct listing *row, int64_t level, const struct op *op);
/* A difference that a complete order reading begun after it was seen did not explain becomes a card, or
 * decides its op. */
void engine_watch_settle(struct step *step, const struct listing *listing, const struct op *op);
enum op_fate engine_op_fate(const struct step *step, const struct op *op);
/* No sending of it can be on its way any more. */
bool engine_is_quiet(const struct step *step, const struct op *op);
/* The other ops of its request cannot be sent again without it: with another content the key is refused. */
void engine_forget_key(struct step *step, const struct op *settled);

/* --- engine_write.c: ops that change levels ---------------------------------------------------------- */

int engine_send_again(struct step *step, bool *sent);
/* Brings the candidates to what they should show, as new ops of one request. */
int engine_send_changes(struct step *step, const struct candidates *candidates, bool *sent);
void engine_digest_write(struct step *step, const struct channel_answer *answer);
/* Whether a write could bring it nearer to what is wanted now; else it would only take a place in the
 * request. */
bool engine_can_change(const struct step *step, const struct listing *listing);
void engine_fill_write(struct level_write *write, const struct op *op, const struct listing *listing);
/* Ends an op: its row, and for a grant that was not applied the revocation with this proof. row: the listing
 * as this step leaves it; the caller puts it. */
void engine_end_op(struct step *step, const struct op *op, struct listing *row, enum op_state state,
                   uint32_t proof, const char *words);
/* Units of a listing's allocation are free again (units > 0). The caller puts the row. */
void engine_revoke(struct step *step, struct listing *row, int64_t units, struct id128 op,
                   enum revoke_proof proof);
void engine_op_result(struct step *step, const struct op *op, uint32_t outcome, const char *words);
void engine_park(struct step *step, struct listing *row, const char *words);

/* --- engine_cancel.c: ops that cancel orders --------------------------------------------------------- */

/* again: those that were sent before and not answered. */
int engine_send_cancel(struct step *step, bool again, bool *sent);
void engine_digest_cancel(struct step *step, const struct channel_answer *answer);
/* An order line as the shop shows it: settles the cancel op that waits for it. */
void engine_cancel_seen(struct step *step, const struct answer_order_line *line);

/* --- engine_orders.c --------------------------------------------------------------------------------- */

void engine_begin_orders(struct step *step);
void engine_send_orders(struct step *step);
int engine_digest_orders(struct step *step, const struct channel_answer *answer);
/* Books what is new in the lines of one answer whose listings are linked; keeps the others. 0 or -ENOMEM. */
int engine_book_lines(struct step *step, const struct channel_answer *answer, bool *booked);
/* The row of a line with nothing booked yet. */
struct order_line engine_order_row(const struct step *step, const struct answer_order_line *line,
                                   const struct listing *listing);
void engine_put_unlinked(struct step *step, const struct answer_order_line *line);
/* The card that asked for an item for this order has no subject any more. */
void engine_settle_unlinked(struct step *step, const struct order_line *row, const char *words);

/* --- engine_levels.c --------------------------------------------------------------------------------- */

int engine_send_levels(struct step *step, const struct candidates *candidates, bool *sent);
void engine_digest_levels(struct step *step, const struct channel_answer *answer);
/* The whole catalogue, page by page: levels that people changed, listings that are new. */
void engine_send_audit(struct step *step, bool *sent);
void engine_digest_audit(struct step *step, const struct channel_answer *answer);

/* --- engine_baseline.c ------------------------------------------------------------------------------- */

/* True while a baseline (of the whole channel, or of listings found later) is being taken. */
bool engine_gathering(const struct engine *engine);
MUST_CHECK int engine_gather_begin(struct step *step);
/* The next request of the gathering, or the next chunk of changes when all was read twice and equal. */
MUST_CHECK int engine_gather_plan(struct step *step, bool *sent);
MUST_CHECK int engine_gather_digest(struct step *step, const struct channel_answer *answer);
void engine_gather_free(struct engine *engine);

#endif
