#include "sync/courier_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sync/courier_lookup.h"

/* --- one step ------------------------------------------------------------------------------------------- */

/* The engine forgets, and begins anew after a pause: a disk that takes nothing would have it ask the shop the
 * same again and again. */
static void start_over(struct courier *courier)
{
    engine_not_committed(courier->engine);
    courier->wake_ms = loop_now_ms(courier->settings.loop) + COURIER_START_OVER_MS;
}

/* What has become of a listing that a sale has changed. */
static enum sale_lag_state lag_state(const void *user, uint32_t alias)
{
    const struct courier *courier = user;
    const struct book *book = store_book(courier->settings.store);
    uint32_t channel = courier_channel(courier);
    const struct listing *listing = book_listing(book, channel, alias);
    if (!listing || listing->parked)
        return SALE_LAG_NEVER;
    bool rests = !book_listing_op(book, channel, alias) &&
                 listing_expected(listing) == engine_wanted(courier->engine, listing);
    return rests ? SALE_LAG_ACKNOWLEDGED : SALE_LAG_WAITS;
}

/* The book is as this step leaves it. */
static void note_durable(struct courier *courier)
{
    int64_t now_ms = loop_now_ms(courier->settings.loop);
    if (courier->orders_ms)
        traffic_booked(courier->traffic, now_ms - courier->orders_ms);
    courier->orders_ms = 0;
    sale_lag_settle(courier->lag, lag_state, courier, now_ms);
}

static void committed(void *user, const struct store_result *result)
{
    struct courier *courier = user;
    courier->committing = false;
    if (!result->error)
        note_durable(courier);
    if (result->error) {
        log_error("%s: cannot book what the shop said: %s", courier->settings.config.name,
                  strerrordesc_np(-result->error));
        start_over(courier);
        engine_output_free(&courier->output);
        courier->output = engine_output_new();
        return;
    }
    courier_send_all(courier);
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
static int step(struct courier *courier, enum engine_input_kind kind, const struct arrival *arrival)
{
    const struct channel_answer *answer = arrival ? &arrival->answer : NULL;
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
    bool orders = answer && answer->kind == REQUEST_ORDERS && courier->output.changes.event_count;
    courier->orders_ms = orders ? arrival->at_ms : 0;
    return 0;
}

static bool take_flag(bool *flag)
{
    return *flag && !(*flag = false);
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

static void arm_next(struct courier *courier)
{
    courier_arm(courier, input_waits(courier) ? loop_now_ms(courier->settings.loop) : courier->wake_ms);
}

static void end_turn(struct courier *courier)
{
    courier->settings.changed(courier->settings.user);
    arm_next(courier);
}

/* One step: between two the loop may serve a scan. Most steps book nothing and are over with this. */
static bool decide(void *user)
{
    struct courier *courier = user;
    enum engine_input_kind kind;
    struct arrival *arrival;
    if (!next_input(courier, &kind, &arrival)) {
        arm_next(courier);
        return false;
    }
    int result = step(courier, kind, arrival);
    if (arrival) {
        channel_answer_free(&arrival->answer);
        free(arrival);
    }
    if (result < 0) {
        log_error("%s: sync step failed: %s", courier->settings.config.name, strerrordesc_np(-result));
        start_over(courier);
    } else if (changes_empty(&courier->output.changes)) {
        courier_send_all(courier);
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

/* --- life ----------------------------------------------------------------------------------------------- */

int courier_new(const struct courier_settings *settings, struct courier **courier, struct err *err)
{
    struct courier *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->settings = *settings;
    made->turn = (struct turn){.decide = decide, .run = commit, .user = made, .priority = TURN_SYNC};
    made->output = engine_output_new();
    made->engine = engine_new(&settings->engine, store_book(settings->store));
    made->traffic = traffic_new(store_book(settings->store), settings->engine.channel);
    made->lag = calloc(1, sizeof *made->lag);
    int result =
        made->engine && made->traffic && made->lag
            ? loop_add_timer(settings->loop, settings->config.name, LOOP_NET, on_timer, made, &made->timer)
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
    traffic_free(courier->traffic);
    free(courier->lag);
    free(courier);
}

void courier_notify(struct courier *courier, enum engine_input_kind kind)
{
    courier->stock |= kind == ENGINE_STOCK;
    courier->sync_now |= kind == ENGINE_SYNC_NOW;
    courier->network_up |= kind == ENGINE_NETWORK_UP;
    courier->network_down |= kind == ENGINE_NETWORK_DOWN;
    if (kind == ENGINE_NETWORK_DOWN)
        courier_give_up_flights(courier, 0);
    else if (kind == ENGINE_NETWORK_UP)
        courier_give_up_flights(courier, COURIER_UNANSWERED_MS);
    if (!courier->committing) /* else looked at when the commit is done */
        courier_arm(courier, loop_now_ms(courier->settings.loop));
}

uint32_t courier_channel(const struct courier *courier)
{
    return courier->settings.engine.channel;
}

void courier_view(const struct courier *courier, struct engine_view *view)
{
    engine_view(courier->engine, view);
}

void courier_facts(const struct courier *courier, struct engine_facts *facts)
{
    engine_facts(courier->engine, facts);
}

int64_t courier_wanted(const struct courier *courier, const struct listing *listing)
{
    return engine_wanted(courier->engine, listing);
}

void courier_sold(struct courier *courier, uint32_t item)
{
    const struct book *book = store_book(courier->settings.store);
    const struct channel *channel = book_channel(book, courier_channel(courier));
    if (!item || !channel || !channel->live)
        return;
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing))
        if (listing->channel == channel->alias && lag_state(courier, listing->alias) == SALE_LAG_WAITS)
            sale_lag_sold(courier->lag, listing->alias, loop_now_ms(courier->settings.loop));
}

const struct traffic *courier_traffic(const struct courier *courier)
{
    return courier->traffic;
}

const struct sale_lag *courier_sale_lag(const struct courier *courier)
{
    return courier->lag;
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
