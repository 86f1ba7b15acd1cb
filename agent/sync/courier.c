#include "sync/courier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "domain/gtin.h"

/* A request on its way. */
struct flight {
    struct courier *courier;
    bool used;
    struct channel_request request;
    uint64_t handle;
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
    struct flight flights[REQUESTS_IN_FLIGHT_MAX];
    struct arrival *first, *last;
    bool committing; /* a batch of this engine waits for the disk */
    bool wake, stock, sync_now, network_up, network_down;
    int64_t wake_ms;
    struct engine_output output; /* of the step that is being committed */
};

static void run(struct courier *courier);

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

static void http_done(void *user, const struct http_reply *reply)
{
    struct flight *flight = user;
    struct courier *courier = flight->courier;
    struct http_answer http = as_answer(reply);
    struct channel_answer answer = {0};
    int result =
        courier->settings.ops->understand(&courier->settings.config, &flight->request, &http, &answer);
    if (result < 0)
        answer = (struct channel_answer){.kind = flight->request.kind, .outcome = ANSWER_UNKNOWN};
    answer.channel = flight->request.channel;
    answer.serial = flight->request.serial;
    channel_request_free(&flight->request);
    flight->used = false;
    arrive(courier, &answer);
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
                                .headers = buf_new(2 * TOKEN_MAX_BYTES)};
    struct err err = {0};
    struct flight *flight = free_flight(courier);
    int result = flight ? courier->settings.ops->build(&courier->settings.config, take_request, &http, &err)
                        : err_set(&err, -EBUSY, "too many requests in flight");
    if (result == 0) {
        *flight = (struct flight){.courier = courier, .used = true, .request = *take_request};
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
    buf_free_secret(&http.headers);
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

static void committed(void *user, const struct store_result *result)
{
    struct courier *courier = user;
    courier->committing = false;
    if (result->error) {
        log_error("%s: cannot book what the shop said: %s", courier->settings.config.name,
                  strerrordesc_np(-result->error));
        engine_not_committed(courier->engine);
        engine_output_free(&courier->output);
        courier->output = engine_output_new();
        return;
    }
    send_all(courier);
}

/* Rows the engine needs beside an answer: what is accounted of each order line, which item each listing is.
 */
struct lookup {
    struct order_line *known;
    uint32_t *items;
    bool *moved;
};

static void lookup_free(struct lookup *lookup)
{
    free(lookup->known);
    free(lookup->items);
    free(lookup->moved);
}

static int look_up_orders(struct courier *courier, const struct channel_answer *answer, struct lookup *lookup)
{
    lookup->known = calloc(answer->count, sizeof *lookup->known);
    if (!lookup->known)
        return -ENOMEM;
    for (uint32_t i = 0; i < answer->count; i++) {
        int result = store_order_line(courier->settings.store, answer->channel, answer->orders[i].source_key,
                                      &lookup->known[i]);
        if (result < 0 && result != -ENOENT)
            return result;
        if (result == -ENOENT)
            lookup->known[i] = (struct order_line){0};
    }
    return 0;
}

static bool is_movement(uint32_t kind)
{
    return kind == EVENT_SALE || kind == EVENT_VOID || kind == EVENT_ADJUSTMENT ||
           kind == EVENT_UNKNOWN_NAMED || kind == EVENT_ORDER_STATE || kind == EVENT_BASELINE;
}

/* Whether the ledger knows how many there are: an item that sold out has a known stock of 0. Its first events
 * tell. */
static int look_up_moved(struct store *store, uint32_t item, bool *moved)
{
    enum { FIRST_EVENTS = 32 };
    uint64_t positions[FIRST_EVENTS];
    int count = item ? store_item_events(store, item, 0, positions, FIRST_EVENTS) : 0;
    *moved = count == FIRST_EVENTS;
    for (int i = 0; i < count && !*moved; i++) {
        uint8_t bytes[EVENT_MAX_BYTES];
        size_t length = sizeof bytes;
        struct event event;
        int result = store_event(store, positions[i], bytes, &length);
        if (result == 0)
            result = event_decode(bytes, length, &event);
        if (result < 0)
            return result;
        *moved = is_movement(event.kind);
    }
    return count < 0 ? count : 0;
}

/* A shop keeps a barcode as somebody typed it; the book has it in its one form. */
static bool find_barcode(struct courier *courier, const char *barcode, struct book_item *found)
{
    char code[CODE_MAX_BYTES + 1];
    gtin_normalise(barcode, code, sizeof code);
    return code[0] && book_find_code(store_book(courier->settings.store), code, found);
}

static int look_up_items(struct courier *courier, const struct channel_answer *answer, struct lookup *lookup)
{
    lookup->items = calloc(answer->count, sizeof *lookup->items);
    struct item *item = malloc(sizeof *item);
    lookup->moved = calloc(answer->count, sizeof *lookup->moved);
    int result = lookup->items && lookup->moved && item ? 0 : -ENOMEM;
    for (uint32_t i = 0; result == 0 && i < answer->count; i++) {
        const struct answer_listing *listing = &answer->listings[i];
        struct book_item found;
        int by_sku =
            listing->sku[0] ? store_item_by_sku(courier->settings.store, listing->sku, item) : -ENOENT;
        if (by_sku == 0)
            lookup->items[i] = item->alias;
        else if (by_sku != -ENOENT)
            result = by_sku;
        else if (find_barcode(courier, listing->barcode, &found))
            lookup->items[i] = found.alias;
        if (result == 0)
            result = look_up_moved(courier->settings.store, lookup->items[i], &lookup->moved[i]);
    }
    free(item);
    return result;
}

static int look_up(struct courier *courier, const struct channel_answer *answer, struct lookup *lookup)
{
    if (!answer || answer->outcome != ANSWER_DONE || !answer->count)
        return 0;
    if (answer->kind == REQUEST_ORDERS)
        return look_up_orders(courier, answer, lookup);
    if (answer->kind == REQUEST_LISTINGS)
        return look_up_items(courier, answer, lookup);
    return 0;
}

static int step(struct courier *courier, enum engine_input_kind kind, const struct channel_answer *answer)
{
    struct courier_settings *settings = &courier->settings;
    struct lookup lookup __attribute__((cleanup(lookup_free))) = {0};
    int result = look_up(courier, answer, &lookup);
    if (result < 0)
        return result;
    struct engine_input input = {
        .kind = kind,
        .answer = answer,
        .known = lookup.known,
        .listing_items = lookup.items,
        .listing_moved = lookup.moved,
        .now_ms = loop_now_ms(settings->loop),
        .wall_ms = settings->wall_ms(settings->user),
        .event_time_ms = store_event_time(settings->store, settings->boottime_ms(settings->user)),
        .random = settings->random(settings->user),
    };
    engine_output_free(&courier->output);
    courier->output = engine_output_new();
    result = engine_step(courier->engine, &input, &courier->output);
    if (result < 0)
        return result;
    courier->wake_ms = courier->output.wake_ms;
    if (changes_empty(&courier->output.changes)) {
        send_all(courier);
        return 0;
    }
    courier->committing = true;
    store_submit(settings->store, STORE_SYNC, &courier->output.changes, committed, courier);
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

/* Bounded: between two steps the loop may serve a scan. */
static void run(struct courier *courier)
{
    enum { RETRY_AFTER_FAILURE_MS = 1000 };
    enum engine_input_kind kind;
    struct arrival *arrival;
    if (!courier->committing && next_input(courier, &kind, &arrival)) {
        int result = step(courier, kind, arrival ? &arrival->answer : NULL);
        if (arrival) {
            channel_answer_free(&arrival->answer);
            free(arrival);
        }
        if (result < 0) {
            log_error("%s: sync step failed: %s", courier->settings.config.name, strerrordesc_np(-result));
            engine_not_committed(courier->engine);
            courier->wake = true;
            courier->wake_ms = loop_now_ms(courier->settings.loop) + RETRY_AFTER_FAILURE_MS;
        }
        courier->settings.changed(courier->settings.user);
    }
}

static bool input_waits(const struct courier *courier)
{
    return courier->first || courier->network_down || courier->network_up || courier->sync_now ||
           courier->stock;
}

static int on_timer(void *user, int64_t now_ms)
{
    struct courier *courier = user;
    if (now_ms >= courier->wake_ms) {
        courier->wake = true;
        courier->wake_ms = INT64_MAX;
    }
    run(courier);
    return loop_arm(courier->timer, !courier->committing && input_waits(courier)
                                        ? loop_now_ms(courier->settings.loop)
                                        : courier->wake_ms);
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
    made->output = engine_output_new();
    made->engine = engine_new(&settings->engine, store_book(settings->store));
    int result = made->engine ? loop_add_timer(settings->loop, settings->config.name, LOOP_NET, on_timer,
                                               made, &made->timer)
                              : -ENOMEM;
    if (result == 0)
        result = loop_arm(made->timer, loop_now_ms(settings->loop));
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
