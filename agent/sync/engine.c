#include "sync/engine_claim.h"
#include "sync/engine_find.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/allocation.h"

/* --- life -------------------------------------------------------------------------------------------- */

struct engine_output engine_output_new(void)
{
    return (struct engine_output){.changes = changes_new(), .wake_ms = INT64_MAX};
}

static void drop_requests(struct engine_output *output)
{
    for (uint32_t i = 0; i < output->request_count; i++)
        channel_request_free(&output->requests[i]);
    output->request_count = 0;
}

void engine_output_free(struct engine_output *output)
{
    drop_requests(output);
    changes_free(&output->changes);
}

struct engine *engine_new(const struct engine_settings *settings, const struct book *book)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    engine->settings = *settings;
    engine->book = book;
    engine->view.phase = ENGINE_CONNECTING;
    return engine;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    engine_gather_free(engine);
    free(engine->watches);
    free(engine);
}

/* As after a restart: all that counts is in the book, the rest is read again. The serial goes on, so that an
 * answer to a request from before is recognised as such. */
void engine_not_committed(struct engine *engine)
{
    engine_gather_free(engine);
    engine->memory = (struct engine_memory){0};
    if (engine->watches)
        memset(engine->watches, 0, engine->watch_count * sizeof *engine->watches);
}

void engine_view(const struct engine *engine, struct engine_view *view)
{
    *view = engine->view;
}

int64_t engine_wanted(const struct engine *engine, const struct listing *listing)
{
    return allocation_wanted(engine->book, listing, engine->settings.booth_percent);
}

/* --- helpers of all parts ---------------------------------------------------------------------------- */

void engine_add_held(const struct step *step, struct listing *row, int64_t units)
{
    row->held += units;
    if (step->engine->settings.caps.held_off_level)
        row->held_off += units;
}

bool engine_explains(const struct listing *listing, int64_t level)
{
    int64_t shown = listing_shown(listing);
    bool held = level > shown && level <= listing_expected(listing);
    return level == shown || (held && !listing->may_return);
}

/* The step's random bytes plus a counter, as one big number. */
struct id128 engine_new_id(struct engine *engine)
{
    struct id128 id = engine->random;
    unsigned carry = engine->random_used++;
    for (int i = ID128_BYTES - 1; i >= 0 && carry; i--) {
        carry += id.bytes[i];
        id.bytes[i] = (uint8_t)(carry & 0xff);
        carry >>= 8;
    }
    return id;
}

struct event engine_event(const struct step *step, enum event_kind kind)
{
    return (struct event){.kind = kind, .version = 1, .time_ms = step->input->event_time_ms};
}

bool engine_stopped(const struct step *step)
{
    return suspicion_stops(book_suspicion(step->engine->book));
}

int64_t engine_shop_now(const struct step *step)
{
    const struct engine_memory *memory = &step->engine->memory;
    if (memory->shop_clock_ms)
        return memory->shop_clock_ms + (step->input->now_ms - memory->shop_clock_at_ms);
    if (!step->input->wall_ms)
        return 0;
    return step->input->wall_ms + step->channel->clock_offset_ms;
}

struct listing_watch *engine_watch(struct engine *engine, uint32_t alias)
{
    return &engine->watches[alias];
}

struct channel_request *engine_request(struct step *step, enum request_kind kind)
{
    struct engine *engine = step->engine;
    struct channel_request *request = &step->output->requests[step->output->request_count++];
    *request = (struct channel_request){
        .kind = kind,
        .channel = engine->settings.channel,
        .serial = ++engine->serial,
    };
    engine->memory.flight = (struct flight){
        .used = true,
        .first = true,
        .kind = kind,
        .serial = request->serial,
        .sent_ms = step->input->now_ms,
    };
    engine->memory.last_try_ms = step->input->now_ms;
    engine_wake_at(step, step->input->now_ms + ENGINE_ANSWER_LOST_MS);
    engine->view.requests++;
    return request;
}

void engine_say(struct step *step, const char *words)
{
    struct engine_view *view = &step->engine->view;
    (void)snprintf(view->last_error, sizeof view->last_error, "%s",
                   words[0] ? words : "The shop did not say why.");
    view->last_error_ms = step->input->now_ms;
}

int64_t engine_backoff(uint32_t failures)
{
    int64_t wait = ENGINE_BACKOFF_FIRST_MS;
    for (uint32_t i = 1; i < failures && wait < ENGINE_BACKOFF_MAX_MS; i++)
        wait *= 2;
    return wait < ENGINE_BACKOFF_MAX_MS ? wait : ENGINE_BACKOFF_MAX_MS;
}

int64_t engine_hold(const struct engine *engine)
{
    const struct engine_memory *memory = &engine->memory;
    return memory->wish_ms > memory->hold_ms ? memory->wish_ms : memory->hold_ms;
}

void engine_wake_at(struct step *step, int64_t at_ms)
{
    if (at_ms < step->output->wake_ms)
        step->output->wake_ms = at_ms;
}

/* --- answers ----------------------------------------------------------------------------------------- */

static void disconnect(struct engine_memory *memory)
{
    memory->connected = false;
    memory->claim_seen = false;
    memory->fresh = false;
    memory->reading.active = false;
    memory->auditing = false;
}

/* The shop's wish is believed up to a limit. One that comes from somewhere else (a login page) is a hint
 * only: a new network ends it. */
static void note_wish(struct step *step, const struct channel_answer *answer)
{
    struct engine_memory *memory = &step->engine->memory;
    int64_t wait =
        answer->retry_ms < ENGINE_RETRY_AFTER_MAX_MS ? answer->retry_ms : ENGINE_RETRY_AFTER_MAX_MS;
    if (wait > 0)
        *(answer->outcome == ANSWER_OFFLINE ? &memory->hold_ms : &memory->wish_ms) =
            step->input->now_ms + wait;
}

/* Orders before anything else, and a look at every level, after each time the shop was out of reach. */
static void connect(struct step *step)
{
    struct engine_memory *memory = &step->engine->memory;
    if (memory->connected)
        return;
    memory->connected = memory->ever = true;
    memory->orders_due = memory->audit_due = true;
    memory->hold_ms = 0;
}

static void note_shop_clock(struct step *step, const struct channel_answer *answer)
{
    struct engine_memory *memory = &step->engine->memory;
    if (answer->shop_wall_ms <= 0)
        return;
    memory->shop_clock_ms = answer->shop_wall_ms;
    memory->shop_clock_at_ms = step->input->now_ms;
    if (!step->input->wall_ms)
        return;
    int64_t offset = answer->shop_wall_ms - step->input->wall_ms;
    int64_t moved = offset - step->channel->clock_offset_ms;
    if (moved > -ENGINE_CLOCK_STEP_MS && moved < ENGINE_CLOCK_STEP_MS)
        return;
    struct channel channel = *step->channel;
    channel.clock_offset_ms = offset;
    changes_put_channel(&step->output->changes, &channel);
}

/* A probe that works does not show that more than probes gets through: only another answer ends a row of
 * failures. */
static void note_success(struct step *step, const struct channel_answer *answer)
{
    struct engine_memory *memory = &step->engine->memory;
    if (answer->kind != REQUEST_CHECK)
        memory->failures = 0;
    memory->needs_login = false;
    step->engine->view.last_success_ms = step->input->now_ms;
    connect(step);
}

static void note_failure(struct step *step, const struct channel_answer *answer)
{
    struct engine_memory *memory = &step->engine->memory;
    int64_t wait = ENGINE_REFUSED_READ_MS;
    memory->failures += memory->failures < UINT32_MAX;
    step->engine->view.failures++;
    engine_say(step, answer->words);
    note_wish(step, answer);
    if (answer->outcome == ANSWER_OFFLINE || answer->outcome == ANSWER_REAUTHORISE) {
        memory->needs_login = answer->outcome == ANSWER_REAUTHORISE;
        disconnect(memory);
        return;
    }
    if (answer->outcome != ANSWER_REJECTED)
        wait = engine_backoff(memory->failures);
    memory->hold_ms = step->input->now_ms + wait;
}

static int digest_done(struct step *step, const struct channel_answer *answer)
{
    switch (answer->kind) {
    case REQUEST_CHECK:
        return 0;
    case REQUEST_LISTINGS:
        if (step->engine->memory.flight.gather)
            return engine_gather_digest(step, answer);
        engine_digest_audit(step, answer);
        return 0;
    case REQUEST_ORDERS:
        if (step->engine->memory.flight.gather)
            return engine_gather_digest(step, answer);
        return engine_digest_orders(step, answer);
    case REQUEST_LEVELS:
        engine_digest_levels(step, answer);
        return 0;
    case REQUEST_WRITE_LEVELS:
        engine_digest_write(step, answer);
        return 0;
    case REQUEST_CANCEL_ORDER:
        engine_digest_cancel(step, answer);
        return 0;
    case REQUEST_FIND_WRITES:
        engine_find_digest(step, answer);
        return 0;
    case REQUEST_CLAIM:
        return 0;
    }
    return 0;
}

static bool is_write(enum request_kind kind)
{
    return kind == REQUEST_WRITE_LEVELS || kind == REQUEST_CANCEL_ORDER || kind == REQUEST_CLAIM;
}

/* A write that was refused or overtaken is a working shop; a read that was refused is not. */
static bool is_success(const struct channel_answer *answer)
{
    if (is_write(answer->kind))
        return answer->outcome == ANSWER_DONE || answer->outcome == ANSWER_REJECTED ||
               answer->outcome == ANSWER_STALE;
    return answer->outcome == ANSWER_DONE;
}

static int digest(struct step *step, const struct channel_answer *answer)
{
    struct engine_memory *memory = &step->engine->memory;
    if (!memory->flight.used || memory->flight.serial != answer->serial ||
        memory->flight.kind != answer->kind)
        return 0; /* an answer to something we gave up; what was asked was asked for a channel of the book */
    memory->flight.used = false;
    note_shop_clock(step, answer);
    if (is_success(answer))
        note_success(step, answer);
    else
        note_failure(step, answer);
    if (answer->outcome == ANSWER_DONE) {
        engine_claim_digest(step, answer);
        return digest_done(step, answer);
    }
    if (answer->kind == REQUEST_WRITE_LEVELS)
        engine_digest_write(step, answer);
    else if (answer->kind == REQUEST_CANCEL_ORDER)
        engine_digest_cancel(step, answer);
    else if (answer->kind == REQUEST_CLAIM)
        engine_claim_failed(step, answer);
    return 0;
}

/* --- the step ---------------------------------------------------------------------------------------- */

static int make_room(struct engine *engine)
{
    uint32_t need = book_listing_count(engine->book, engine->settings.channel) + 1;
    if (need <= engine->watch_count)
        return 0;
    uint32_t count = need + need / 2;
    struct listing_watch *grown = reallocarray(engine->watches, count, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    memset(grown + engine->watch_count, 0, (count - engine->watch_count) * sizeof *grown);
    engine->watches = grown;
    engine->watch_count = count;
    return 0;
}

static int take_input(struct step *step)
{
    struct engine_memory *memory = &step->engine->memory;
    switch (step->input->kind) {
    case ENGINE_ANSWER:
        return digest(step, step->input->answer);
    case ENGINE_NETWORK_DOWN:
        engine_say(step, "There is no network.");
        disconnect(memory);
        break;
    case ENGINE_NETWORK_UP:
    case ENGINE_SYNC_NOW:
        memory->failures = 0;
        memory->last_try_ms = memory->hold_ms = 0;
        memory->probe_now = true;
        memory->orders_due = memory->audit_due = true;
        break;
    case ENGINE_WAKE:
    case ENGINE_STOCK:
        break;
    }
    return 0;
}

static enum engine_phase phase_of(const struct step *step)
{
    const struct engine_memory *memory = &step->engine->memory;
    if (memory->needs_login)
        return ENGINE_NEEDS_LOGIN;
    if (!memory->connected)
        return memory->ever || memory->failures ? ENGINE_OFFLINE : ENGINE_CONNECTING;
    if (!step->channel->baselined)
        return ENGINE_BASELINE;
    if (!step->channel->live)
        return ENGINE_PREVIEW;
    return step->engine->view.owed ? ENGINE_SYNCING : ENGINE_READY;
}

int engine_step(struct engine *engine, const struct engine_input *input, struct engine_output *output)
{
    struct step step = {engine, input, output, book_channel(engine->book, engine->settings.channel)};
    int result = make_room(engine);
    engine->random = input->random;
    engine->random_used = 0;
    if (!engine->memory.started) {
        engine->memory.started = true;
        engine->memory.started_ms = input->now_ms;
    }
    if (result == 0)
        result = take_input(&step);
    bool digested = !changes_empty(&output->changes);
    if (result == 0 && digested)
        output->wake_ms = input->now_ms; /* plan when this is committed */
    else if (result == 0)
        result = engine_plan(&step);
    if (result == 0)
        result = changes_error(&output->changes);
    engine->view.phase = phase_of(&step);
    if (result < 0) {
        drop_requests(output);
        changes_reset(&output->changes);
        engine_not_committed(engine);
    }
    return result;
}
