#include "sync/courier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sync/courier_lookup.h"

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
};

/* --- answers in
 * ------------------------------------------------------------------------------------------------------ */

static void arrive(struct courier *courier, struct channel_answer *take_answer)
{
    struct arrival *arrival = calloc(1, sizeof *arrival);
    if (!arrival) {
        /* The op stays SENT; the engine asks again when its timer says so. */
        log_warning("%s: no memory for an answer; it will be asked again", courier->settings.config.name);
        channel_answer_free(take_answer);
        return;
    }
    arrival->answer = *take_answer;
    if (courier->last)
        courier->last->next = arrival;
    else
        courier->first = arrival;
    courier->last = arrival;
    int result = loop_arm(courier->timer, loop_now_ms(courier->settings.loop));
    if (result < 0)
        log_error("%s: cannot arm the timer: %s", courier->settings.config.name, strerrordesc_np(-result));
}

static struct http_answer as_answer(const struct http_reply *reply)
{
    return (struct http_answer){
        .status = reply->too_large ? 0 : reply->status,
        .reached = reply->reached,
        .network_words = reply->too_large ? "the answer is larger than the limit" : reply->network_words,
        .content_type = reply->content_type,
        .date_ms = reply->date_ms,
        .retry_after_ms = reply->retry_after_ms,
        .body = buf_text(&reply->body),
        .length = reply->body.length,
    };
}

/* What the shop itself said, over a connection that proved to be its own; a login page's clock is nobody's.
 */
static void note_time(struct courier *courier, const struct http_answer *http,
                      const struct channel_answer *answer)
{
    if (courier->settings.shop_time && http->date_ms > 0 && answer->outcome != ANSWER_OFFLINE)
        courier->settings.shop_time(courier->settings.user, courier->settings.config.name, http->date_ms);
}

static void land(struct flight *flight, const struct http_answer *http)
{
    struct courier *courier = flight->courier;
    struct channel_answer answer = {0};
    int result =
        courier->settings.ops->understand(&courier->settings.config, &flight->request, http, &answer);
    if (result < 0)
        answer = (struct channel_answer){.kind = flight->request.kind, .outcome = ANSWER_UNKNOWN};
    answer.channel = flight->request.channel;
    answer.serial = flight->request.serial;
    note_time(courier, http, &answer);
    channel_request_free(&flight->request);
    flight->used = false;
    /* A broken connection is not used again, nor one that leads to a login page instead of the shop. */
    if (http->status == 0 || answer.outcome == ANSWER_OFFLINE)
        http_forget_connections(courier->settings.http);
    arrive(courier, &answer);
}

/* The loop calls, so the turn may be taken at once. */
static void http_done(void *user, const struct http_reply *reply)
{
    struct flight *flight = user;
    struct courier *courier = flight->courier;
    struct http_answer http = as_answer(reply);
    land(flight, &http);
    turns_run(courier->settings.turns, &courier->turn);
}

/* Requests that left before the network changed wait for a connection that may be dead: the longer it was
 * away, the longer TCP waits until it tries again. What a write did is open; its key settles that. */
static void give_up_flights(struct courier *courier, int64_t older_ms)
{
    static const struct http_answer none = {.reached = true,
                                            .network_words =
                                                "the network changed while an answer was awaited",
                                            .content_type = "",
                                            .body = ""};
    if (!courier->settings.http)
        return;
    http_forget_connections(courier->settings.http);
    for (int i = 0; i < REQUESTS_IN_FLIGHT_MAX; i++) {
        struct flight *flight = &courier->flights[i];
        if (!flight->used || loop_now_ms(courier->settings.loop) - flight->sent_ms < older_ms)
            continue;
        http_cancel(courier->settings.http, flight->handle);
        land(flight, &none);
    }
}

/* --- requests out
 * ---------------------------------------------------------------------------------------------------- */

/* The request never left: surely not applied. */
static void answer_not_sent(struct courier *courier, const struct channel_request *request, const char *words)
{
    struct channel_answer answer = {.kind = request->kind,
                                    .outcome = ANSWER_RETRY,
                                    .channel = request->channel,
                                    .serial = request->serial};
    (void)snprintf(answer.words, sizeof answer.words, "%s", words);
    arrive(courier, &answer);
}

static struct flight *free_flight(struct courier *courier)
{
    for (int i = 0; i < REQUESTS_IN_FLIGHT_MAX; i++)
        if (!courier->flights[i].used)
            return &courier->flights[i];
    return NULL;
}

static void send_http(struct courier *courier, struct channel_request *take_request)
{
    struct http_request http = {.url = buf_new(HTTP_URL_MAX_BYTES),
                                .body = buf_new(HTTP_BODY_MAX_BYTES),
                                .headers = buf_new_secret(2 * TOKEN_MAX_BYTES)};
    struct err err = {0};
    struct flight *flight = free_flight(courier);
    int result = flight ? courier->settings.ops->build(&courier->settings.config, take_request, &http, &err)
                        : err_set(&err, -EBUSY, "too many requests in flight");
    if (result == 0) {
        *flight = (struct flight){.courier = courier,
                                  .used = true,
                                  .request = *take_request,
                                  .sent_ms = loop_now_ms(courier->settings.loop)};
        result = http_send(courier->settings.http, http.method, buf_text(&http.url), buf_text(&http.headers),
                           buf_text(&http.body), http.body.length, COURIER_REQUEST_TIMEOUT_MS, http_done,
                           flight, &flight->handle);
        if (result < 0) {
            flight->used = false;
            (void)err_set_errno(&err, result, "cannot send");
        }
    }
    if (result < 0) {
        log_warning("%s: request not sent: %s", courier->settings.config.name, err_text(&err));
        answer_not_sent(courier, take_request, err_text(&err));
        channel_request_free(take_request);
    }
    buf_free(&http.url);
    buf_free(&http.body);
    buf_free(&http.headers);
}

static void serve(struct courier *courier, struct channel_request *take_request)
{
    struct channel_answer answer = {0};
    int result = courier->settings.serve(courier->settings.user, take_request, &answer);
    if (result < 0)
        answer = (struct channel_answer){.kind = take_request->kind, .outcome = ANSWER_UNKNOWN};
    answer.channel = take_request->channel;
    answer.serial = take_request->serial;
    channel_request_free(take_request);
    arrive(courier, &answer);
}

static void send_all(struct courier *courier)
{
    struct engine_output *output = &courier->output;
    uint32_t count = output->request_count;
    output->request_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (courier->settings.ops)
            send_http(courier, &output->requests[i]);
        else
            serve(courier, &output->requests[i]);
    }
}

/* --- one step
 * -------------------------------------------------------------------------------------------------------- */

/* The engine forgets, and begins anew after a pause: a disk that takes nothing would have it ask the shop the
 * same again and again. */
static void start_over(struct courier *courier)
{
    engine_not_committed(courier->engine);
    courier->wake_ms = loop_now_ms(courier->settings.loop) + COURIER_START_OVER_MS;
}

static void committed(void *user, const struct store_result *result)
{
    struct courier *courier = user;
    courier->committing = false;
    if (result->error) {
        log_error("%s: cannot book what the shop said: %s", courier->settings.config.name,
                  strerrordesc_np(-result->error));
        start_over(courier);
        engine_output_free(&courier->output);
        courier->output = engine_output_new();
        return;
    }
    send_all(courier);
}

/* Fresh again only after a step that wrote: keys are made for ops, and nothing else knows of them. */
static struct id128 step_random(struct courier *courier)
{
    if (!courier->random_fresh)
        courier->random = courier->settings.random(courier->settings.user);
    courier->random_fresh = false;
    return courier->random;
}

/* Leaves what is to be committed and sent in the output. */
static int step(struct courier *courier, enum engine_input_kind kind, const struct channel_answer *answer)
{
    struct courier_settings *settings = &courier->settings;
    COURIER_LOOKUP_AUTO struct courier_lookup lookup = {.holder = courier->holder};
    int result = courier_lookup_read(courier->settings.store, answer, &lookup);
    if (result < 0)
        return result;
    courier->holder = lookup.holder;
    struct engine_input input = {
        .kind = kind,
        .answer = answer,
        .known = lookup.known,
        .listing_items = lookup.items,
        .listing_moved = lookup.moved,
        .claim_known = lookup.claim_known,
        .last = store_event_id(settings->store, store_last_position(settings->store)),
        .now_ms = loop_now_ms(settings->loop),
        .wall_ms = settings->wall_ms(settings->user),
        .event_time_ms = store_event_time(settings->store, settings->boottime_ms(settings->user)),
        .random = step_random(courier),
    };
    engine_output_free(&courier->output);
    courier->output = engine_output_new();
    result = engine_step(courier->engine, &input, &courier->output);
    if (result < 0)
        return result;
    courier->wake_ms = courier->output.wake_ms;
    courier->random_fresh = changes_empty(&courier->output.changes);
    return 0;
}

static bool take_flag(bool *flag)
{
    bool was = *flag;
    *flag = false;
    return was;
}

static bool next_input(struct courier *courier, enum engine_input_kind *kind, struct arrival **arrival)
{
    *arrival = courier->first;
    if (*arrival) {
        courier->first = (*arrival)->next;
        if (!courier->first)
            courier->last = NULL;
        *kind = ENGINE_ANSWER;
        return true;
    }
    if (take_flag(&courier->network_down))
        *kind = ENGINE_NETWORK_DOWN;
    else if (take_flag(&courier->network_up))
        *kind = ENGINE_NETWORK_UP;
    else if (take_flag(&courier->sync_now))
        *kind = ENGINE_SYNC_NOW;
    else if (take_flag(&courier->stock))
        *kind = ENGINE_STOCK;
    else if (take_flag(&courier->wake))
        *kind = ENGINE_WAKE;
    else
        return false;
    return true;
}

static bool input_waits(const struct courier *courier)
{
    return courier->first || courier->network_down || courier->network_up || courier->sync_now ||
           courier->stock;
}

static void arm(struct courier *courier)
{
    int result = loop_arm(courier->timer,
                          input_waits(courier) ? loop_now_ms(courier->settings.loop) : courier->wake_ms);
    if (result < 0)
        log_error("%s: cannot arm the timer: %s", courier->settings.config.name, strerrordesc_np(-result));
}

static void end_turn(struct courier *courier)
{
    courier->settings.changed(courier->settings.user);
    arm(courier);
}

/* One step: between two the loop may serve a scan. Most steps book nothing and are over with this. */
static bool decide(void *user)
{
    struct courier *courier = user;
    enum engine_input_kind kind;
    struct arrival *arrival;
    if (!next_input(courier, &kind, &arrival)) {
        arm(courier);
        return false;
    }
    int result = step(courier, kind, arrival ? &arrival->answer : NULL);
    if (arrival) {
        channel_answer_free(&arrival->answer);
        free(arrival);
    }
    if (result < 0) {
        log_error("%s: sync step failed: %s", courier->settings.config.name, strerrordesc_np(-result));
        start_over(courier);
    } else if (changes_empty(&courier->output.changes)) {
        send_all(courier);
    } else {
        courier->committing = true;
    }
    /* Whoever hears of the change looks after the ledger too, which waits for the disk. */
    if (courier->committing || store_needs_rest(courier->settings.store))
        return true;
    end_turn(courier);
    return false;
}

static void commit(void *user)
{
    struct courier *courier = user;
    if (courier->committing)
        store_submit(courier->settings.store, &courier->output.changes, committed, courier);
    end_turn(courier);
}

static int on_timer(void *user, int64_t now_ms)
{
    struct courier *courier = user;
    if (now_ms >= courier->wake_ms) {
        courier->wake = true;
        courier->wake_ms = INT64_MAX;
    }
    turns_run(courier->settings.turns, &courier->turn);
    return 0;
}

/* --- life
 * ------------------------------------------------------------------------------------------------------------
 */

int courier_new(const struct courier_settings *settings, struct courier **courier, struct err *err)
{
    struct courier *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->settings = *settings;
    made->turn = (struct turn){.decide = decide, .run = commit, .user = made, .priority = TURN_SYNC};
    made->output = engine_output_new();
    made->engine = engine_new(&settings->engine, store_book(settings->store));
    int result = made->engine ? loop_add_timer(settings->loop, settings->config.name, LOOP_NET, on_timer,
                                               made, &made->timer)
                              : -ENOMEM;
    if (result == 0) {
        loop_need(made->timer);
        result = loop_arm(made->timer, loop_now_ms(settings->loop));
    }
    if (result < 0) {
        courier_free(made);
        return err_set_errno(err, result, "channel %s", settings->config.name);
    }
    *courier = made;
    return 0;
}

void courier_free(struct courier *courier)
{
    if (!courier)
        return;
    for (int i = 0; i < REQUESTS_IN_FLIGHT_MAX; i++) {
        struct flight *flight = &courier->flights[i];
        if (!flight->used)
            continue;
        http_cancel(courier->settings.http, flight->handle);
        channel_request_free(&flight->request);
    }
    while (courier->first) {
        struct arrival *arrival = courier->first;
        courier->first = arrival->next;
        channel_answer_free(&arrival->answer);
        free(arrival);
    }
    loop_remove(courier->timer);
    engine_output_free(&courier->output);
    engine_free(courier->engine);
    free(courier);
}

void courier_notify(struct courier *courier, enum engine_input_kind kind)
{
    courier->stock |= kind == ENGINE_STOCK;
    courier->sync_now |= kind == ENGINE_SYNC_NOW;
    courier->network_up |= kind == ENGINE_NETWORK_UP;
    courier->network_down |= kind == ENGINE_NETWORK_DOWN;
    if (kind == ENGINE_NETWORK_DOWN)
        give_up_flights(courier, 0);
    else if (kind == ENGINE_NETWORK_UP)
        give_up_flights(courier, COURIER_UNANSWERED_MS);
    if (courier->committing)
        return; /* looked at when the commit is done */
    int result = loop_arm(courier->timer, loop_now_ms(courier->settings.loop));
    if (result < 0)
        log_error("%s: cannot arm the timer: %s", courier->settings.config.name, strerrordesc_np(-result));
}

uint32_t courier_channel(const struct courier *courier)
{
    return courier->settings.engine.channel;
}

void courier_view(const struct courier *courier, struct engine_view *view)
{
    engine_view(courier->engine, view);
}

int64_t courier_wanted(const struct courier *courier, const struct listing *listing)
{
    return engine_wanted(courier->engine, listing);
}

bool courier_idle(const struct courier *courier)
{
    if (courier->committing || input_waits(courier) || courier->wake)
        return false;
    for (int i = 0; i < REQUESTS_IN_FLIGHT_MAX; i++)
        if (courier->flights[i].used)
            return false;
    return true;
}
