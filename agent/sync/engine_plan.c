/* What to ask the shop next: one request at a time, the most urgent first. */
#include <errno.h>

#include "domain/allocation.h"
#include "sync/engine_absolute.h"
#include "sync/engine_claim.h"
#include "sync/engine_find.h"

/* --- one walk over the listings ---------------------------------------------------------------------- */

static void add(struct candidates *candidates, uint32_t alias, bool alone)
{
    if (candidates->closed || candidates->count == candidates->most || (alone && candidates->count))
        return;
    candidates->aliases[candidates->count++] = alias;
    candidates->closed = alone;
}

/* An unsettled op: it is asked again with its key, or settled by reading. Nothing new for this listing until
 * then. */
static void survey_op(struct step *step, const struct listing *listing, const struct op *op,
                      struct survey *survey)
{
    struct listing_watch *watch = engine_watch(step->engine, listing->alias);
    survey->owed++;
    if (listing->parked)
        return;
    enum op_fate fate = engine_op_fate(step, op);
    if (fate == FATE_WAIT)
        engine_wake_at(step, step->input->now_ms + ENGINE_IN_TRANSIT_MAX_MS);
    else if (fate == FATE_FIND)
        add(&survey->find, listing->alias, false);
    else if (fate == FATE_SETTLE)
        engine_absolute_settle(step, listing, op);
    if (fate != FATE_READ)
        return;
    if (engine_absolute_op(op)) {
        add(&survey->read, listing->alias, false);
        return;
    }
    if (watch->check == CHECK_NONE || watch->check == CHECK_DRIFT)
        watch->check = CHECK_READ;
    engine_watch_settle(step, listing, op);
    if (watch->check == CHECK_READ)
        add(&survey->read, listing->alias, false);
}

static void survey_listing(struct step *step, const struct listing *listing, struct survey *survey)
{
    struct listing_watch *watch = engine_watch(step->engine, listing->alias);
    const struct op *op = book_listing_op(step->engine->book, listing->channel, listing->alias);
    engine_watch_doubt(step, listing, op);
    if (op) {
        survey_op(step, listing, op, survey);
        return;
    }
    if (listing->parked)
        return; /* nothing is asked for it until the seller says so */
    engine_watch_refresh(step, listing);
    engine_watch_settle(step, listing, NULL);
    if (watch->check == CHECK_READ)
        add(&survey->read, listing->alias, false);
    if (listing->paused == PAUSED_BY_OTHERS)
        return; /* it is looked at, and left alone */
    int64_t expected = listing_expected(listing);
    int64_t wanted = engine_wanted(step->engine, listing);
    bool pending = watch->check == CHECK_READ || watch->check == CHECK_ORDERS;
    survey->owed += pending || expected != wanted;
    if (!step->channel->live || engine_stopped(step))
        return;
    if (expected > wanted && engine_can_change(step, listing))
        add(&survey->lower, listing->alias, watch->single);
    else if (expected < wanted && watch->check == CHECK_NONE && engine_can_change(step, listing))
        add(&survey->raise, listing->alias, watch->single);
}

static uint32_t batch_size(const struct step *step)
{
    uint32_t most = step->engine->settings.caps.batch_size;
    return most < 1 ? 1 : most > OPS_PER_REQUEST_MAX ? OPS_PER_REQUEST_MAX : most;
}

static void take_survey(struct step *step, struct survey *survey)
{
    struct engine *engine = step->engine;
    uint32_t channel = engine->settings.channel;
    *survey = (struct survey){.lower.most = batch_size(step),
                              .raise.most = batch_size(step),
                              .read.most = LEVELS_PER_PAGE_MAX,
                              .find.most = batch_size(step)};
    for (uint32_t alias = 1; alias <= book_listing_count(engine->book, channel); alias++) {
        const struct listing *listing = book_listing(engine->book, channel, alias);
        if (listing && listing->item)
            survey_listing(step, listing, survey);
    }
    for (uint32_t i = 0; i < book_op_count(engine->book); i++) {
        const struct op *op = book_op(engine->book, i);
        survey->owed += op->channel == channel && op->kind == OP_CANCEL_ORDER;
    }
    engine->view.owed = survey->owed;
    if (!survey->owed)
        engine->view.oldest_owed_ms = 0;
    else if (!engine->view.oldest_owed_ms)
        engine->view.oldest_owed_ms = step->input->now_ms > 0 ? step->input->now_ms : 1;
}

/* --- choosing ---------------------------------------------------------------------------------------- */

/* Is the shop within reach? Often while something waits for it, seldom otherwise. */
static void plan_probe(struct step *step, const struct survey *survey)
{
    struct engine_memory *memory = &step->engine->memory;
    int64_t wait =
        memory->needs_login || !survey->owed ? ENGINE_PROBE_IDLE_MS : engine_backoff(memory->failures);
    bool first = !memory->failures && !memory->ever;
    int64_t at = first || memory->probe_now ? step->input->now_ms : memory->last_try_ms + wait;
    if (at < engine_hold(step->engine))
        at = engine_hold(step->engine);
    if (step->input->now_ms < at) {
        engine_wake_at(step, at);
        return;
    }
    memory->probe_now = false;
    (void)engine_request(step, REQUEST_CHECK);
}

static int plan_orders(struct step *step)
{
    struct engine_memory *memory = &step->engine->memory;
    if (!memory->reading.active)
        engine_begin_orders(step);
    engine_send_orders(step);
    return 0;
}

typedef int plan_fn(struct step *step, const struct survey *survey, bool *sent);

static int plan_again(struct step *step, const struct survey *survey, bool *sent)
{
    (void)survey;
    return engine_stopped(step) ? 0 : engine_send_again(step, sent);
}

static int plan_lower(struct step *step, const struct survey *survey, bool *sent)
{
    return engine_send_changes(step, &survey->lower, sent);
}

static int plan_cancel(struct step *step, const struct survey *survey, bool *sent)
{
    (void)survey;
    return engine_stopped(step) ? 0 : engine_send_cancel(step, false, sent);
}

static int plan_find(struct step *step, const struct survey *survey, bool *sent)
{
    return engine_find_send(step, &survey->find, sent);
}

static int plan_read(struct step *step, const struct survey *survey, bool *sent)
{
    return engine_send_levels(step, &survey->read, sent);
}

/* Only what a complete order reading, begun after the shop was last out of reach, leaves to give. */
static int plan_raise(struct step *step, const struct survey *survey, bool *sent)
{
    if (!step->engine->memory.fresh)
        return 0;
    return engine_send_changes(step, &survey->raise, sent);
}

static int plan_claim(struct step *step, const struct survey *survey, bool *sent)
{
    (void)survey;
    engine_claim_send(step, sent);
    return 0;
}

static int plan_cancel_again(struct step *step, const struct survey *survey, bool *sent)
{
    (void)survey;
    return engine_stopped(step) ? 0 : engine_send_cancel(step, true, sent);
}

static int plan_link(struct step *step, const struct survey *survey, bool *sent)
{
    (void)survey;
    struct engine_memory *memory = &step->engine->memory;
    if (memory->link_due && !engine_gathering(step->engine)) {
        memory->link_due = false;
        int result = engine_gather_begin(step);
        if (result < 0)
            return result;
    }
    return engine_gathering(step->engine) ? engine_gather_plan(step, sent) : 0;
}

static int plan_audit(struct step *step, const struct survey *survey, bool *sent)
{
    (void)survey;
    struct engine_memory *memory = &step->engine->memory;
    if (memory->auditing || memory->audit_due || step->input->now_ms >= memory->next_audit_ms)
        engine_send_audit(step, sent);
    return 0;
}

/* In this order, always: what is uncertain, what protects buyers, what a person asked for, what proves, what
 * gives. */
static plan_fn *const plans[] = {plan_again, plan_lower, plan_cancel,       plan_find, plan_read,
                                 plan_claim, plan_raise, plan_cancel_again, plan_link, plan_audit};

static int plan_work(struct step *step, const struct survey *survey)
{
    struct engine_memory *memory = &step->engine->memory;
    bool sent = false;
    /* What protects buyers does not wait for order pages that never become whole. */
    if (memory->incomplete && !memory->reading.active) {
        int result = plan_again(step, survey, &sent);
        if (result == 0 && !sent)
            result = plan_lower(step, survey, &sent);
        if (result < 0 || sent)
            return result;
    }
    if (memory->reading.active || memory->orders_due || step->input->now_ms >= memory->next_poll_ms)
        return plan_orders(step);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        int result = plans[i](step, survey, &sent);
        if (result < 0 || sent)
            return result;
        if (memory->orders_due) /* a plan found that it needs to know more */
            return plan_orders(step);
    }
    engine_wake_at(step, memory->next_poll_ms);
    engine_wake_at(step, memory->next_audit_ms);
    return 0;
}

static int plan_baseline(struct step *step)
{
    bool sent = false;
    int result = engine_gathering(step->engine) ? 0 : engine_gather_begin(step);
    return result < 0 ? result : engine_gather_plan(step, &sent);
}

/* True while a request is on its way. One whose answer never came is given up: its ops stay SENT and are
 * asked again. */
static bool waits_for_answer(struct step *step)
{
    struct flight *flight = &step->engine->memory.flight;
    if (flight->used && step->input->now_ms - flight->sent_ms >= ENGINE_ANSWER_LOST_MS)
        flight->used = false;
    if (flight->used)
        engine_wake_at(step, flight->sent_ms + ENGINE_ANSWER_LOST_MS);
    return flight->used;
}

int engine_plan(struct step *step)
{
    struct engine_memory *memory = &step->engine->memory;
    struct survey survey;
    if (!step->channel)
        return 0;
    take_survey(step, &survey);
    if (!changes_empty(
            &step->output->changes)) { /* the survey settled something: plan from the book that has it */
        engine_wake_at(step, step->input->now_ms);
        return 0;
    }
    if (waits_for_answer(step))
        return 0;
    if (!memory->connected) {
        plan_probe(step, &survey);
        return 0;
    }
    if (step->input->now_ms < engine_hold(step->engine)) {
        engine_wake_at(step, engine_hold(step->engine));
        return 0;
    }
    return step->channel->baselined ? plan_work(step, &survey) : plan_baseline(step);
}
