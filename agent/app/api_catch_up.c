/* GET /catch-up, /dry-run, /report: what is going to happen at the shops, how far it is, and what happened.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "base/cleanup.h"

enum { ROWS_MAX = 2000, POSITIONS_AT_ONCE = 128, REPORTS_MAX = 50 };

/* --- how far ----------------------------------------------------------------------------------------- */

void api_write_progress(struct daemon *daemon, struct json_writer *json, const char *key)
{
    struct daemon_progress progress;
    daemon_catch_up_progress(daemon, &progress);
    json_begin_object(json, key);
    json_bool(json, "active", progress.active);
    json_bool(json, "away", progress.away);
    json_int(json, "done", (int64_t)progress.done);
    json_int(json, "total", (int64_t)progress.total);
    json_int(json, "shops_done", progress.shops_done);
    json_int(json, "shops", progress.shops);
    if (progress.estimated && progress.shops_done < progress.shops) {
        json_int(json, "least_ms", progress.least_ms);
        json_int(json, "most_ms", progress.most_ms);
    } else {
        json_null(json, "least_ms");
        json_null(json, "most_ms");
    }
    json_end_object(json);
}

int api_catch_up(struct api_call *call)
{
    api_write_progress(call->daemon, call->json, NULL);
    return HTTP_OK;
}

/* --- what is going to happen ------------------------------------------------------------------------- */

struct dry_run {
    struct daemon *daemon;
    struct json_writer *json;
    uint32_t rows, lower, raise, waiting, parked;
};

static const char *change_of(const struct listing *listing, int64_t wanted, const struct op *op)
{
    int64_t expected = listing_expected(listing);
    return listing->parked     ? "parked"
           : op                ? "on its way"
           : wanted < expected ? "lower"
           : wanted > expected ? "raise"
                               : NULL;
}

static void count_change(struct dry_run *run, const char *what)
{
    run->lower += strcmp(what, "lower") == 0;
    run->raise += strcmp(what, "raise") == 0;
    run->waiting += strcmp(what, "on its way") == 0;
    run->parked += strcmp(what, "parked") == 0;
}

static void write_change(struct dry_run *run, const struct courier *courier, const struct listing *listing)
{
    const struct op *op = book_listing_op(store_book(run->daemon->store), listing->channel, listing->alias);
    int64_t wanted = courier_wanted(courier, listing);
    const char *what = change_of(listing, wanted, op);
    struct item item;
    if (!what)
        return;
    count_change(run, what);
    if (run->rows == ROWS_MAX || store_item(run->daemon->store, listing->item, &item) < 0)
        return;
    run->rows++;
    json_begin_object(run->json, NULL);
    json_text(run->json, "sku", item.sku);
    json_text(run->json, "title", item.title);
    json_text(run->json, "what", what);
    if (listing->has_level)
        json_int(run->json, "level", listing->level);
    else
        json_null(run->json, "level");
    json_int(run->json, "expected", listing_expected(listing));
    json_int(run->json, "wanted", wanted);
    json_text(run->json, "reason", listing->parked ? listing->parked_reason : "");
    json_end_object(run->json);
}

static uint32_t cancels(const struct book *book, uint32_t channel)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < book_op_count(book); i++)
        count += book_op(book, i)->channel == channel && book_op(book, i)->kind == OP_CANCEL_ORDER;
    return count;
}

static void write_shop(struct dry_run *run, const struct courier *courier, const struct channel *channel)
{
    const struct book *book = store_book(run->daemon->store);
    struct engine_facts facts;
    struct engine_view view;
    courier_facts(courier, &facts);
    courier_view(courier, &view);
    run->lower = run->raise = run->waiting = run->parked = 0;
    json_begin_object(run->json, NULL);
    json_text(run->json, "channel", channel->name);
    json_text(run->json, "phase", daemon_phase_name(view.phase));
    json_bool(run->json, "live", channel->live);
    json_bool(run->json, "orders_read", facts.orders_read);
    json_begin_array(run->json, "changes");
    for (uint32_t alias = 1; alias <= book_listing_count(book, channel->alias); alias++) {
        const struct listing *listing = book_listing(book, channel->alias, alias);
        if (listing && listing->item)
            write_change(run, courier, listing);
    }
    json_end_array(run->json);
    json_int(run->json, "lower", run->lower);
    json_int(run->json, "raise", run->raise);
    json_int(run->json, "on_its_way", run->waiting);
    json_int(run->json, "parked", run->parked);
    json_int(run->json, "cancels", cancels(book, channel->alias));
    json_end_object(run->json);
}

int api_dry_run(struct api_call *call)
{
    struct dry_run run = {.daemon = call->daemon, .json = call->json};
    json_begin_object(call->json, NULL);
    json_begin_array(call->json, "channels");
    for (uint32_t i = 0; i < call->daemon->courier_count; i++) {
        const struct courier *courier = call->daemon->couriers[i];
        const struct channel *channel =
            book_channel(store_book(call->daemon->store), courier_channel(courier));
        if (channel)
            write_shop(&run, courier, channel);
    }
    json_end_array(call->json);
    json_bool(call->json, "more", run.rows == ROWS_MAX);
    api_write_progress(call->daemon, call->json, "progress");
    json_end_object(call->json);
    return HTTP_OK;
}

/* --- what happened ----------------------------------------------------------------------------------- */

struct report {
    struct daemon *daemon;
    uint64_t begun, ended, after; /* positions; ended 0: it goes on */
    struct event end;
    struct catch_up_tally tally;
    uint8_t bytes[EVENT_MAX_BYTES]; /* of the event that was read last */
};

/* The event's texts borrow from the report until the next call. */
static int read_step(struct report *report, uint64_t position, struct event *event)
{
    size_t length = sizeof report->bytes;
    int result = store_event(report->daemon->store, position, report->bytes, &length);
    return result < 0 ? result : event_decode(report->bytes, length, event);
}

/* Event by event: a walk would use the connection that a commit may be using at this moment. */
static int tally_events(struct report *report)
{
    uint64_t last = report->ended ? report->ended : store_last_position(report->daemon->store);
    for (uint64_t position = report->after + 1; position <= last; position++) {
        struct event event;
        int result = read_step(report, position, &event);
        if (result == 0)
            catch_up_add(&report->tally, &event);
        else if (result != -ENOENT && result != -EBADMSG) /* lost or damaged: the verifier's to name */
            return result;
    }
    return 0;
}

/* The newest catch-up, or the one that ends at `wanted`. 1 found, 0 none, -errno. */
static int find_report(struct report *report, uint64_t wanted)
{
    uint64_t found[POSITIONS_AT_ONCE], at = 0, begun = 0;
    int count;
    while ((count = store_item_events(report->daemon->store, STORE_CATCH_UPS, at, found, POSITIONS_AT_ONCE)) >
           0) {
        for (int i = 0; i < count; i++) {
            struct event event;
            int result = read_step(report, found[i], &event);
            if (result < 0)
                return result;
            bool ends = event.catch_up.step == CATCH_UP_ENDED;
            begun = ends ? begun : found[i];
            if (wanted && (!ends || found[i] != wanted))
                continue;
            report->begun = begun;
            report->ended = ends ? found[i] : 0;
            report->end = event;
            result = daemon_catch_up_after(report->daemon, found[i], &event, &report->after);
            if (result < 0)
                return result;
        }
        at = found[count - 1];
    }
    return count < 0 ? count : report->begun || report->ended;
}

static void write_counts(struct json_writer *json, const struct catch_up_tally *tally)
{
    json_int(json, "events", (int64_t)tally->events);
    json_int(json, "starts", tally->starts);
    json_int(json, "sales", tally->sales);
    json_int(json, "sold_units", tally->sold_units);
    json_int(json, "undone", tally->undone);
    json_int(json, "undone_units", tally->undone_units);
    json_int(json, "adjustments", tally->adjustments);
    json_int(json, "adjusted_units", tally->adjusted_units);
    json_int(json, "decisions", tally->decisions);
}

static const struct read_back *read_back_of(const struct event *end, uint32_t channel)
{
    for (uint32_t i = 0; i < end->catch_up.channel_count; i++)
        if (end->catch_up.channels[i].numbers[READ_BACK_CHANNEL] == channel)
            return &end->catch_up.channels[i];
    return NULL;
}

static void write_report_shop(struct report *report, struct json_writer *json, const struct channel *channel)
{
    const struct catch_up_shop *shop = &report->tally.shops[channel->alias];
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {{"orders", shop->orders},
                   {"ordered", shop->ordered},
                   {"cancelled", shop->cancelled},
                   {"handed_over", shop->handed_over},
                   {"returned", shop->returned},
                   {"restored", shop->restored},
                   {"lowered", shop->lowered},
                   {"lowered_units", shop->lowered_units},
                   {"raised", shop->raised},
                   {"raised_units", shop->raised_units},
                   {"taken_back", shop->taken_back},
                   {"edits", shop->edits},
                   {"edited_units", shop->edited_units},
                   {"refused", shop->refused},
                   {"parked", shop->parked},
                   {"unproven", shop->unproven}};
    json_begin_object(json, NULL);
    json_text(json, "channel", channel->name);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        json_int(json, numbers[i].key, numbers[i].value);
    const struct read_back *read = report->ended ? read_back_of(&report->end, channel->alias) : NULL;
    if (read) {
        json_begin_object(json, "read_back");
        json_int(json, "equal", read->numbers[READ_BACK_EQUAL]);
        json_int(json, "different", read->numbers[READ_BACK_DIFFERENT]);
        json_int(json, "unread", read->numbers[READ_BACK_UNREAD]);
        json_int(json, "parked", read->numbers[READ_BACK_PARKED]);
        json_end_object(json);
    } else {
        json_null(json, "read_back");
    }
    json_end_object(json);
}

/* The seal that was written in the same commit: its 32 bytes stand for every event up to the end. */
static void write_seal(struct report *report, struct json_writer *json)
{
    struct event seal;
    char hex[2 * HASH_BYTES + 1] = "";
    bool sealed =
        report->ended && read_step(report, report->ended + 1, &seal) == 0 && seal.kind == EVENT_SEAL;
    for (int i = 0; sealed && i < HASH_BYTES; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", seal.seal.hash[i]);
    json_text(json, "seal", hex);
}

static void write_moment(struct report *report, struct json_writer *json, const char *key, uint64_t position)
{
    struct event event;
    char event_id[EVENT_ID_TEXT_BYTES];
    if (!position || read_step(report, position, &event) < 0) {
        json_null(json, key);
        return;
    }
    event_id_text(store_event_id(report->daemon->store, position), event_id);
    json_begin_object(json, key);
    json_int(json, "position", (int64_t)position);
    json_text(json, "event", event_id);
    daemon_clock_write_when(report->daemon, json, position, event.time_ms);
    json_end_object(json);
}

static void write_report(struct report *report, struct json_writer *json)
{
    const struct book *book = store_book(report->daemon->store);
    json_begin_object(json, NULL);
    json_text(json, "state", report->ended ? "ended" : "running");
    json_int(json, "now_ms", daemon_clock_now_ms(report->daemon));
    daemon_clock_write(report->daemon, json);
    json_int(json, "after_position", (int64_t)report->after);
    write_moment(report, json, "begun", report->begun);
    write_moment(report, json, "ended", report->ended);
    write_seal(report, json);
    write_counts(json, &report->tally);
    json_begin_array(json, "channels");
    for (uint32_t alias = 1; alias <= book_channel_count(book); alias++)
        if (book_channel(book, alias) && book_channel(book, alias)->live)
            write_report_shop(report, json, book_channel(book, alias));
    json_end_array(json);
    int cards = store_open_card_count(report->daemon->store);
    json_int(json, "open_cards_now", cards > 0 ? cards : 0);
    json_end_object(json);
}

int api_report(struct api_call *call)
{
    FREE_AUTO struct report *report = calloc(1, sizeof *report);
    int64_t wanted = api_query_int(call, "position", 0);
    if (!report)
        return api_error(call, HTTP_FAILED, "out of memory");
    report->daemon = call->daemon;
    int found = find_report(report, wanted > 0 ? (uint64_t)wanted : 0);
    if (found == 0)
        return api_error(call, HTTP_NOT_FOUND,
                         wanted ? "no catch-up ended at this position"
                                : "there was no catch-up yet: no shop was ever out of reach for long");
    if (found > 0)
        found = tally_events(report);
    if (found < 0)
        return api_error(call, HTTP_FAILED, "the ledger cannot be read: %s", strerrordesc_np(-found));
    write_report(report, call->json);
    return HTTP_OK;
}
