#include "sync/engine_absolute.h"

#include <stdio.h>

#include "domain/allocation.h"

/* Levels beyond this are not a shop's truth. */
#define LEVEL_MAX INT64_C(2000000000)

enum {
    /* A Date header has whole seconds: what it dates happened before its next second began. */
    DATE_GRAIN_MS = 1000,
    /* …and after the request left; one that took longer than this dates nothing. */
    DATED_REQUEST_MAX_MS = 4000,
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool engine_absolute_only(const struct step *step)
{
    const struct channel_caps *caps = &step->engine->settings.caps;
    return !caps->delta_down || !caps->delta_up;
}

bool engine_absolute_op(const struct op *op)
{
    return op->kind == OP_LEVEL && (op->method == WRITE_ABSOLUTE || op->method == WRITE_PAUSE);
}

/* --- choosing ---------------------------------------------------------------------------------------- */

/* Nothing is for sale any more; always allowed, for it gives nothing. */
static void choose_zero(const struct step *step, struct op *op)
{
    op->method = step->engine->settings.caps.pause ? WRITE_PAUSE : WRITE_ABSOLUTE;
    op->to = op->delta = 0;
}

/* The level becomes `to`, on top of what may be sold before that. What is expected below 0 no buyer can use;
 * orders whose units are in the level still take them when they are paid, however little is expected. */
static void choose_level(const struct listing *listing, int64_t expected, int64_t to, struct op *op)
{
    int64_t unpaid = listing->held - listing->held_off - most(listing_expected(listing), 0);
    op->method = WRITE_ABSOLUTE;
    op->to = to;
    op->delta = to + most(0, -expected) + most(0, unpaid);
}

/* Whether lowering it would change anything; wanted: of the level. */
static bool lowers(const struct listing *listing, int64_t wanted)
{
    return listing->paused == NOT_PAUSED && (!listing->has_level || listing->level > wanted);
}

bool engine_absolute_choose(const struct step *step, const struct listing *listing, int64_t wanted,
                            int64_t free_units, struct op *op)
{
    int64_t expected = listing_shown(listing);
    int64_t fits = listing->pack ? most(free_units, 0) / listing->pack : 0;
    wanted = most(0, wanted - (listing_expected(listing) - expected)); /* what is held is theirs already */
    op->from = expected;
    op->back_before = listing->restored + listing->edits;
    if (wanted < expected) {
        if (!lowers(listing, wanted))
            return false;
        if (wanted > 0 && fits >= wanted)
            choose_level(listing, expected, wanted, op);
        else
            choose_zero(step, op);
        return true;
    }
    if (wanted == expected || (fits == 0 && expected >= 0))
        return false;
    if (expected <= 0)
        choose_level(listing, expected, least(wanted, fits), op);
    else if (fits >= wanted)
        choose_level(listing, expected, wanted, op);
    else
        choose_zero(step, op); /* the way up goes through zero as well */
    return true;
}

/* --- outcomes ---------------------------------------------------------------------------------------- */

enum op_fate engine_absolute_fate(const struct step *step, const struct op *op)
{
    const struct listing_watch *watch = engine_watch(step->engine, op->listing);
    if (op->applied_wall_ms)
        return FATE_SETTLE;
    if (watch->answered)
        return FATE_READ;
    if (!op->to && !watch->repeated && op->sent_wall_ms && !engine_stopped(step))
        return FATE_SEND_AGAIN; /* less than nothing it cannot do */
    return engine_is_quiet(step, op) ? FATE_READ : FATE_WAIT;
}

/* The level was this at a moment not after now by the shop's clock. False when the request took so long that
 * its Date says little. */
static bool date(const struct step *step, struct op *op)
{
    const struct engine_memory *memory = &step->engine->memory;
    if (!memory->shop_clock_ms || step->input->now_ms - memory->flight.sent_ms > DATED_REQUEST_MAX_MS)
        return false;
    op->applied_wall_ms = engine_shop_now(step) + DATE_GRAIN_MS;
    op->sold_after = 0;
    return true;
}

static void shows(const struct step *step, struct listing *row, int64_t level)
{
    row->has_level = true;
    row->level = level;
    row->level_wall_ms = engine_shop_now(step);
}

void engine_absolute_answered(struct step *step, struct op *op, struct listing *row, int64_t level)
{
    struct listing_watch *watch = engine_watch(step->engine, row->alias);
    watch->refusals = watch->stales = watch->failures = 0;
    watch->single = false;
    watch->resend_ms = 0;
    op->state = OP_SENT;
    if (!step->engine->memory.flight.first) { /* an earlier sending of it may still be on its way */
        watch->repeated = true;
        return;
    }
    bool shown = op->method == WRITE_ABSOLUTE || (level >= -LEVEL_MAX && level <= LEVEL_MAX);
    if (!shown || !date(step, op)) {
        watch->answered = true;
        return;
    }
    if (op->method == WRITE_PAUSE) {
        op->to = level;
        row->paused = PAUSED_BY_US;
        shows(step, row, 0);
        return;
    }
    row->paused = NOT_PAUSED;
    shows(step, row, op->to);
}

void engine_absolute_seen(struct step *step, struct op *op, struct listing *row,
                          const struct answer_listing *shown)
{
    struct listing_watch *watch = engine_watch(step->engine, row->alias);
    bool paused = op->method == WRITE_PAUSE;
    if (shown->paused != paused) { /* it was never done, and never will be */
        watch->check = CHECK_READ;
        engine_end_op(step, op, row, OP_REJECTED, PROOF_READ_BACK,
                      "Not applied, as reading the listing shows.");
        op->state = OP_REJECTED;
        return;
    }
    if (!date(step, op))
        return;
    watch->check = CHECK_NONE;
    if (paused)
        op->to = shown->level;
    row->paused = paused ? PAUSED_BY_US : NOT_PAUSED;
    shows(step, row, paused ? 0 : shown->level);
}

/* An order is placed at one time, and takes units, or gives them back, then or later: when it is paid, or
 * cancelled. Its version is when it changed last. */
void engine_absolute_booked(const struct step *step, struct op *op, const struct order_line *line,
                            const struct order_vector *difference)
{
    int64_t from_ms = op->applied_wall_ms - DATE_GRAIN_MS - DATED_REQUEST_MAX_MS;
    int64_t taken = difference->ordered + (step->engine->settings.caps.held_off_level ? difference->held : 0);
    if (!op->applied_wall_ms || op->method == WRITE_PAUSE)
        return; /* nothing is sold of a paused listing */
    if (line->version < from_ms)
        return; /* all of it is older */
    if (line->created_wall_ms > op->applied_wall_ms) {
        op->sold_after += taken - difference->restored;
    } else if (taken || difference->restored) {
        op->applied_wall_ms = 0; /* before or after, nobody can tell: the level is read again */
        op->sold_after = 0;
        engine_watch(step->engine, op->listing)->answered = true;
    }
}

/* --- settling ---------------------------------------------------------------------------------------- */

/* What the channel may still sell of a listing that is on sale. The level says it, as far as one of the two
 * outcomes can have led to it: what fits neither is left to the watch. */
static int64_t left_on_sale(const struct listing *row, const struct op *op, int64_t sold)
{
    int64_t before = sold - op->sold_after, level = row->level;
    int64_t back = most(0, row->restored + row->edits - op->back_before);
    if (level != op->from - before) {
        int64_t lowest = least(op->to, op->to - before - back),
                highest = most(op->to, op->to - before) + back;
        level = most(lowest, least(highest, level));
    }
    return level - op->sold_after;
}

/* What is hidden: gone from the level, in no order. */
static int64_t left_behind_pause(const struct op *op, int64_t sold)
{
    return most(0, op->from - op->to - sold);
}

static bool orders_are_read(struct step *step, const struct op *op)
{
    struct engine_memory *memory = &step->engine->memory;
    int64_t need_ms = op->applied_wall_ms + step->engine->settings.caps.order_visibility_ms;
    if (memory->orders_read_from_ms >= need_ms)
        return true;
    int64_t left_ms = need_ms - engine_shop_now(step);
    if (left_ms > 0)
        engine_wake_at(step, step->input->now_ms + left_ms);
    else
        memory->orders_due |= !memory->reading.active;
    return false;
}

void engine_absolute_settle(struct step *step, const struct listing *listing, const struct op *op)
{
    struct listing_watch *watch = engine_watch(step->engine, listing->alias);
    struct listing row = *listing;
    if (!orders_are_read(step, op))
        return;
    int64_t expected = listing_shown(&row);
    int64_t sold = op->from + op->delta - expected; /* less what came back */
    bool paused = op->method == WRITE_PAUSE;
    int64_t left = paused ? left_behind_pause(op, sold) : left_on_sale(&row, op, sold);
    if (expected > left)
        engine_revoke(step, &row, expected - left, op->id, watch->answered ? PROOF_READ_BACK : PROOF_ANSWER);
    engine_end_op(step, op, &row, OP_DONE, 0, "");
    changes_put_listing(&step->output->changes, &row);
    watch->answered = watch->repeated = false;
    watch->check = engine_explains(&row, row.level) ? CHECK_NONE : CHECK_READ;
}
