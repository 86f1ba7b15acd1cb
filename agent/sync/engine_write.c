/* Ops that change levels: made, sent, sent again, ended. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/allocation.h"
#include "sync/engine_absolute.h"

/* Levels beyond this are not a shop's truth (Shopify's own limit of a quantity is 2e9). */
#define LEVEL_MAX INT64_C(2000000000)

/* --- bookkeeping ------------------------------------------------------------------------------------- */

void engine_revoke(struct step *step, struct listing *row, int64_t units, struct id128 op,
                   enum revoke_proof proof)
{
    struct event event = engine_event(step, EVENT_REVOKE);
    event.allocation.channel = row->channel;
    event.allocation.listing = row->alias;
    event.allocation.units = (uint64_t)units;
    event.allocation.op = op;
    event.allocation.proof = proof;
    changes_add_event(&step->output->changes, &event);
    row->revoked += units;
}

static void grant(struct step *step, struct listing *row, int64_t units, struct id128 op)
{
    struct event event = engine_event(step, EVENT_GRANT);
    event.allocation.channel = row->channel;
    event.allocation.listing = row->alias;
    event.allocation.units = (uint64_t)units;
    event.allocation.op = op;
    changes_add_event(&step->output->changes, &event);
    row->granted += units;
}

void engine_op_result(struct step *step, const struct op *op, uint32_t outcome, const char *words)
{
    struct event event = engine_event(step, EVENT_OP_RESULT);
    event.op_result.channel = op->channel;
    event.op_result.op = op->id;
    event.op_result.kind = op->kind;
    event.op_result.outcome = outcome;
    event.op_result.words = text_of(words);
    changes_add_event(&step->output->changes, &event);
}

void engine_end_op(struct step *step, const struct op *op, struct listing *row, enum op_state state,
                   uint32_t proof, const char *words)
{
    struct op ended = *op;
    ended.state = state;
    (void)snprintf(ended.words, sizeof ended.words, "%s", words);
    changes_put_op(&step->output->changes, &ended);
    if (state == OP_REJECTED && op->delta > 0)
        engine_revoke(step, row, op->delta, op->id, proof);
}

void engine_park(struct step *step, struct listing *row, const char *words)
{
    struct card card = {
        .kind = CARD_PARKED,
        .state = CARD_OPEN,
        .channel = row->channel,
        .item = row->item,
        .listing = row->alias,
        .opened_wall_ms = step->input->wall_ms,
    };
    row->parked = true;
    (void)snprintf(row->parked_reason, sizeof row->parked_reason, "%.*s", PARKED_REASON_MAX_BYTES, words);
    (void)snprintf(card.key, sizeof card.key, "%u/%s", row->channel, row->remote_id);
    (void)snprintf(card.text, sizeof card.text,
                   "%s refuses to change this listing: %s Nothing is sent for it until you try again.",
                   step->channel->name, words);
    changes_put_card(&step->output->changes, &card);
}

/* --- sending ----------------------------------------------------------------------------------------- */

/* The unsettled ops that travel under one key, in the order of their ids, which is the order they were first
 * sent in. */
struct group {
    uint32_t count;
    const struct op *ops[OPS_PER_REQUEST_MAX];
};

static int by_id(const void *left, const void *right)
{
    const struct op *const *a = left;
    const struct op *const *b = right;
    return memcmp((*a)->id.bytes, (*b)->id.bytes, ID128_BYTES);
}

/* only: zero, or the one op that is meant. */
static void find_group(const struct engine *engine, struct id128 key, struct id128 only, struct group *group)
{
    group->count = 0;
    for (uint32_t i = 0; i < book_op_count(engine->book) && group->count < OPS_PER_REQUEST_MAX; i++) {
        const struct op *op = book_op(engine->book, i);
        if (op->channel == engine->settings.channel && op->kind == OP_LEVEL &&
            id128_equal(op->request_key, key) && (id128_is_zero(only) || id128_equal(op->id, only)))
            group->ops[group->count++] = op;
    }
    qsort(group->ops, group->count, sizeof group->ops[0], by_id);
}

void engine_fill_write(struct level_write *write, const struct op *op, const struct listing *listing)
{
    *write = (struct level_write){.op = op->id,
                                  .listing = op->listing,
                                  .method = op->method,
                                  .delta = op->delta,
                                  .from = op->from,
                                  .to = op->to,
                                  .occurred_ms = op->sent_wall_ms};
    (void)snprintf(write->remote_id, sizeof write->remote_id, "%s", listing->remote_id);
}

int engine_send_again(struct step *step, bool *sent)
{
    struct engine *engine = step->engine;
    const struct op *first = NULL;
    for (uint32_t i = 0; i < book_op_count(engine->book) && !first; i++) {
        const struct op *op = book_op(engine->book, i);
        if (op->channel != engine->settings.channel || op->kind != OP_LEVEL ||
            engine_op_fate(step, op) != FATE_SEND_AGAIN)
            continue;
        int64_t resend_ms = engine_watch(engine, op->listing)->resend_ms;
        if (step->input->now_ms >= resend_ms)
            first = op;
        else
            engine_wake_at(step, resend_ms);
    }
    if (!first)
        return 0;
    /* No shop of absolute levels knows the key, and what was sent with this one may not be sent again. */
    struct id128 only = engine_absolute_op(first) ? first->id : (struct id128){0};
    struct group group;
    find_group(engine, first->request_key, only, &group);
    struct level_write *writes = calloc(group.count, sizeof *writes);
    if (!writes)
        return -ENOMEM;
    for (uint32_t i = 0; i < group.count; i++) {
        engine_fill_write(&writes[i], group.ops[i],
                          book_listing(engine->book, engine->settings.channel, group.ops[i]->listing));
        engine_watch(engine, group.ops[i]->listing)->sent_ms = step->input->now_ms;
    }
    struct channel_request *request = engine_request(step, REQUEST_WRITE_LEVELS);
    request->key = engine->memory.flight.key = first->request_key;
    request->writes = writes;
    request->count = group.count;
    engine->memory.flight.first = false;
    engine->memory.flight.only = only;
    *sent = true;
    return 0;
}

/* Units of an item that earlier ops of this request take. */
static int64_t taken_before(const struct engine *engine, const struct op *ops, uint32_t count, uint32_t item)
{
    int64_t taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct listing *listing = book_listing(engine->book, ops[i].channel, ops[i].listing);
        if (listing->item == item)
            taken += allocation_taken(listing, ops[i].delta);
    }
    return taken;
}

/* How a listing is brought nearer to what is wanted, after earlier ops of the request took their units; false
 * when nothing is free for it. */
static bool choose(const struct step *step, const struct listing *listing, const struct op *ops,
                   uint32_t count, struct op *op)
{
    const struct engine *engine = step->engine;
    int64_t wanted = engine_wanted(engine, listing);
    int64_t expected = listing_expected(listing);
    bool absolute = engine_absolute_only(step);
    int64_t free_units = 0; /* going down by a difference asks nobody */
    if (absolute || wanted > expected)
        free_units = allocation_free_for(engine->book, listing, engine->settings.booth_percent) -
                     taken_before(engine, ops, count, listing->item);
    if (absolute)
        return engine_absolute_choose(step, listing, wanted, free_units, op);
    op->delta = wanted <= expected ? wanted - expected : allocation_raise(listing, wanted, free_units);
    op->method = op->delta > 0 && engine->settings.caps.compare_and_set ? WRITE_COMPARE : WRITE_DELTA;
    op->from = expected;
    return op->delta != 0;
}

bool engine_can_change(const struct step *step, const struct listing *listing)
{
    struct op op = {0};
    return choose(step, listing, NULL, 0, &op);
}

static struct op new_op(const struct step *step, const struct listing *listing, struct id128 key)
{
    return (struct op){
        .request_key = key,
        .channel = listing->channel,
        .kind = OP_LEVEL,
        .state = OP_SENT,
        .listing = listing->alias,
        .sent_wall_ms = engine_shop_now(step),
        .attempts = 1,
    };
}

/* Ops and, for grants, their bookings are in the changes that the shell commits before the request leaves. */
static void put_ops(struct step *step, const struct op *ops, uint32_t count, struct level_write *writes)
{
    struct changes *changes = &step->output->changes;
    for (uint32_t i = 0; i < count; i++) {
        struct listing row = *book_listing(step->engine->book, ops[i].channel, ops[i].listing);
        engine_fill_write(&writes[i], &ops[i], &row);
        changes_put_op(changes, &ops[i]);
        if (ops[i].delta > 0) {
            grant(step, &row, ops[i].delta, ops[i].id);
            changes_put_listing(changes, &row);
        }
        struct listing_watch *watch = engine_watch(step->engine, row.alias);
        watch->sent_ms = step->input->now_ms;
        watch->answered = watch->repeated = false;
    }
}

int engine_send_changes(struct step *step, const struct candidates *candidates, bool *sent)
{
    struct engine *engine = step->engine;
    uint32_t count = 0;
    if (!candidates->count)
        return 0;
    struct op *ops = calloc(candidates->count, sizeof *ops);
    struct level_write *writes = calloc(candidates->count, sizeof *writes);
    struct id128 key = engine_new_id(engine);
    for (uint32_t i = 0; ops && i < candidates->count; i++) {
        const struct listing *listing =
            book_listing(engine->book, engine->settings.channel, candidates->aliases[i]);
        ops[count] = new_op(step, listing, key);
        if (choose(step, listing, ops, count, &ops[count]))
            ops[count++].id = engine_new_id(engine);
    }
    bool failed = !ops || !writes;
    if (!failed && count) {
        put_ops(step, ops, count, writes);
        struct channel_request *request = engine_request(step, REQUEST_WRITE_LEVELS);
        request->key = engine->memory.flight.key = key;
        request->writes = writes;
        request->count = count;
        writes = NULL; /* the request owns them now */
        *sent = true;
    }
    free(writes);
    free(ops);
    return failed ? -ENOMEM : 0;
}

/* --- answers ----------------------------------------------------------------------------------------- */

static void applied(struct step *step, const struct op *op, struct listing *row, int64_t level)
{
    struct listing_watch *watch = engine_watch(step->engine, row->alias);
    if (op->delta < 0)
        engine_revoke(step, row, -op->delta, op->id, PROOF_ANSWER);
    engine_end_op(step, op, row, OP_DONE, 0, "");
    /* A repeated request is answered with the level of its first time: it proves the change, not what is
     * there now. */
    if (step->engine->memory.flight.first && level >= -LEVEL_MAX && level <= LEVEL_MAX)
        (void)engine_watch_observe(step, row, level, NULL);
    else
        watch->check = CHECK_READ;
    watch->refusals = watch->stales = watch->failures = 0;
    watch->single = false;
    watch->resend_ms = 0;
}

static void absolute_applied(struct step *step, const struct op *op, struct listing *row, int64_t level)
{
    struct op done = *op;
    engine_absolute_answered(step, &done, row, level);
    changes_put_op(&step->output->changes, &done);
}

static void refused(struct step *step, const struct op *op, struct listing *row, bool alone,
                    const char *words)
{
    struct listing_watch *watch = engine_watch(step->engine, row->alias);
    engine_end_op(step, op, row, OP_REJECTED, PROOF_REFUSED_GRANT, words);
    watch->single = true;
    watch->resend_ms = 0;
    if (!alone)
        return; /* one of its batch is at fault: each is tried again by itself */
    bool for_good = ++watch->refusals >= ENGINE_REFUSALS_MAX;
    engine_op_result(step, op, for_good ? 4 : 2, words);
    if (!for_good)
        return;
    watch->refusals = 0;
    engine_park(step, row, words);
}

static void overtaken(struct step *step, const struct op *op, struct listing *row, const char *words)
{
    struct listing_watch *watch = engine_watch(step->engine, row->alias);
    engine_end_op(step, op, row, OP_REJECTED, PROOF_REFUSED_GRANT, words);
    watch->check = CHECK_READ;
    watch->resend_ms = 0;
    step->engine->memory.orders_due = true; /* most likely a buyer was faster */
    if (++watch->stales < ENGINE_STALES_MAX)
        return;
    watch->stales = 0;
    engine_op_result(step, op, 4, words);
    engine_park(step, row, words);
}

/* The shop never saw it: what was wanted then may not be wanted any more, so it is thought out again. */
static void never_sent(struct step *step, const struct op *op, struct listing *row)
{
    engine_end_op(step, op, row, OP_REJECTED, PROOF_REFUSED_GRANT, "The request never reached the shop.");
}

/* An absolute write does not go again under its key, which means nothing to its shop, but by itself. */
static void unanswered(struct step *step, const struct op *op)
{
    struct listing_watch *watch = engine_watch(step->engine, op->listing);
    if (watch->failures < UINT8_MAX)
        watch->failures++;
    /* From the second time on later than anything else may be sent again: the others get their turn. */
    watch->resend_ms = step->input->now_ms + engine_backoff(watch->failures) * (watch->failures > 1 ? 2 : 1);
    if (op->state == OP_UNKNOWN)
        return;
    struct op unknown = *op;
    unknown.state = OP_UNKNOWN;
    if (engine_absolute_op(op))
        unknown.request_key = engine_new_id(step->engine);
    changes_put_op(&step->output->changes, &unknown);
}

/* A repeated request was turned down, and the first one may have been applied: only the level tells. */
static void unproven(struct step *step, const struct op *op)
{
    struct op unknown = *op;
    unknown.state = OP_UNKNOWN;
    unknown.sent_wall_ms = 0; /* its key is no use any more */
    changes_put_op(&step->output->changes, &unknown);
}

void engine_digest_write(struct step *step, const struct channel_answer *answer)
{
    struct engine *engine = step->engine;
    struct flight *flight = &engine->memory.flight;
    struct group group;
    find_group(engine, flight->key, flight->only, &group);
    for (uint32_t i = 0; i < group.count; i++) {
        const struct op *op = group.ops[i];
        struct listing row = *book_listing(engine->book, op->channel, op->listing);
        bool absolute = engine_absolute_op(op);
        int64_t level = answer->outcome == ANSWER_DONE && answer->count == group.count
                            ? answer->levels_after[i]
                            : INT64_MIN;
        switch (answer->outcome) {
        case ANSWER_DONE:
            if (absolute)
                absolute_applied(step, op, &row, level);
            else
                applied(step, op, &row, level);
            break;
        case ANSWER_REJECTED:
            if ((answer->unproven || absolute) && !flight->first) {
                unproven(step, op);
                continue;
            }
            refused(step, op, &row, group.count == 1, answer->words);
            break;
        case ANSWER_STALE:
            overtaken(step, op, &row, answer->words);
            break;
        case ANSWER_OFFLINE:
        case ANSWER_REAUTHORISE:
            if (!flight->first)
                continue;
            never_sent(step, op, &row);
            break;
        case ANSWER_RETRY:
            if (!absolute || !flight->first)
                continue;
            never_sent(step, op, &row);
            break;
        case ANSWER_UNKNOWN:
            unanswered(step, op);
            continue;
        }
        changes_put_listing(&step->output->changes, &row);
    }
}
