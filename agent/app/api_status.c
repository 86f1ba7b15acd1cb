/* GET /status and GET /scans. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "app/api.h"
#include "app/daemon_identity.h"

/* Units that buyers of this channel can use now, as far as we can bound it. */
static int64_t published_units(const struct book *book, uint32_t channel)
{
    int64_t units = 0;
    for (uint32_t alias = 1; alias <= book_listing_count(book, channel); alias++) {
        const struct listing *listing = book_listing(book, channel, alias);
        if (listing && listing_expected(listing) > 0)
            units += listing_expected(listing);
    }
    return units;
}

static uint32_t parked_listings(const struct book *book, uint32_t channel)
{
    uint32_t count = 0;
    for (uint32_t alias = 1; alias <= book_listing_count(book, channel); alias++) {
        const struct listing *listing = book_listing(book, channel, alias);
        count += listing && listing->parked;
    }
    return count;
}

int64_t api_moment_ms(struct daemon *daemon, int64_t monotonic_ms)
{
    return monotonic_ms ? daemon_clock_now_ms(daemon) - (loop_now_ms(daemon->loop) - monotonic_ms) : 0;
}

static void write_channel(struct daemon *daemon, struct json_writer *json, struct courier *courier)
{
    const struct book *book = store_book(daemon->store);
    const struct channel *row = book_channel(book, courier_channel(courier));
    if (!row)
        return;
    struct engine_view view;
    courier_view(courier, &view);
    json_begin_object(json, NULL);
    json_text(json, "name", row->name);
    json_text(json, "kind", row->kind);
    json_text(json, "phase", daemon_phase_name(view.phase));
    json_bool(json, "live", row->live);
    json_int(json, "owed", view.owed);
    json_int(json, "owed_since_ms", api_moment_ms(daemon, view.oldest_owed_ms));
    json_int(json, "parked", parked_listings(book, row->alias));
    json_int(json, "published", published_units(book, row->alias));
    json_int(json, "last_success_ms", api_moment_ms(daemon, view.last_success_ms));
    /* An error that a later success healed is history, not news. */
    bool troubled = view.last_error_ms > view.last_success_ms;
    json_text(json, "last_error", troubled ? view.last_error : "");
    json_int(json, "last_error_ms", troubled ? api_moment_ms(daemon, view.last_error_ms) : 0);
    json_int(json, "requests", (int64_t)view.requests);
    json_int(json, "failures", (int64_t)view.failures);
    json_end_object(json);
}

static const char *scanner_state(const struct daemon_source *source)
{
    return source->ready ? "ready" : source->ended ? "ended" : source->seen ? "gone" : "none attached";
}

static void write_scanners(struct daemon *daemon, struct json_writer *json)
{
    json_begin_array(json, "scanners");
    for (int i = 0; i < daemon->source_count; i++) {
        json_begin_object(json, NULL);
        json_int(json, "source", daemon->sources[i].number);
        json_text(json, "name", daemon->sources[i].name);
        json_text(json, "state", scanner_state(&daemon->sources[i]));
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_disk(struct daemon *daemon, struct json_writer *json)
{
    struct statvfs disk;
    bool known = statvfs(daemon->state, &disk) == 0;
    json_begin_object(json, "disk");
    json_int(json, "free_mb",
             known ? (int64_t)((uint64_t)disk.f_bavail * disk.f_frsize / (1024 * 1024)) : -1);
    json_text(json, "fault",
              daemon->facts.fault ? "The last sale could not be saved. Write sales on paper." : "");
    json_end_object(json);
}

const struct intake_recent *api_undoable(struct daemon *daemon)
{
    for (uint32_t i = 0;; i++) {
        const struct intake_recent *recent = intake_recent(daemon->intake, i);
        if (!recent || !recent->voided)
            return recent;
    }
}

static void write_undo(struct daemon *daemon, struct json_writer *json)
{
    const struct intake_recent *recent = api_undoable(daemon);
    struct item item = {0};
    const char *words = "";
    if (recent)
        words =
            recent->item && store_item(daemon->store, recent->item, &item) == 0 ? item.title : recent->code;
    char event_id[EVENT_ID_TEXT_BYTES] = "";
    if (recent)
        event_id_text(store_event_id(daemon->store, recent->position), event_id);
    json_begin_object(json, "undo");
    json_bool(json, "possible", recent != NULL);
    json_text(json, "event", event_id);
    json_text(json, "words", words);
    json_end_object(json);
}

static void write_object(struct daemon *daemon, struct json_writer *json)
{
    char hex[ID128_TEXT_BYTES];
    uint64_t last = store_last_position(daemon->store);
    struct event_id id = store_event_id(daemon->store, last);
    int cards = store_open_card_count(daemon->store);
    json_begin_object(json, NULL);
    json_bool(json, "practice", daemon->practice);
    json_text(json, "light", status_name(daemon->shown));
    json_text(json, "light_words", status_sentence(&daemon->facts, daemon->shown));
    char mark[DAEMON_IDENTITY_MARK_BYTES];
    daemon_identity_mark(daemon, mark);
    json_text(json, "mark", mark);
    json_text(json, "standing", suspicion_name(book_suspicion(store_book(daemon->store))->state));
    json_text(json, "standing_words", daemon_identity_words(daemon));
    json_int(json, "now_ms", daemon_clock_now_ms(daemon));
    daemon_clock_write(daemon, json);
    id128_text(id.device, hex);
    json_text(json, "device", hex);
    id128_text(id.epoch, hex);
    json_text(json, "epoch", hex);
    json_int(json, "position", (int64_t)last);
    json_int(json, "sold_this_start", (int64_t)daemon->sold_this_start);
    json_int(json, "unsent", (int64_t)daemon->unsent);
    json_int(json, "unsent_since_ms",
             daemon->unsent ? daemon_clock_when_ms(daemon, daemon->unsent_position, daemon->unsent_time_ms)
                            : 0);
    json_int(json, "owed", daemon_owed(daemon));
    json_int(json, "items", book_item_count(store_book(daemon->store)));
    json_int(json, "open_cards", cards > 0 ? cards : 0);
    json_bool(json, "online", daemon_online(daemon));
    if (daemon->shop)
        json_bool(json, "practice_online", practice_online(daemon->shop));
    write_scanners(daemon, json);
    json_begin_array(json, "channels");
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        write_channel(daemon, json, daemon->couriers[i]);
    json_end_array(json);
    api_write_progress(daemon, json, "catch_up");
    write_disk(daemon, json);
    daemon_failed_write(daemon, json);
    write_undo(daemon, json);
    json_end_object(json);
}

void api_write_status(struct daemon *daemon, struct buf *out)
{
    struct json_writer json = json_writer_new(out);
    write_object(daemon, &json);
}

int api_status(struct api_call *call)
{
    write_object(call->daemon, call->json);
    return HTTP_OK;
}

/* --- last scans
 * ------------------------------------------------------------------------------------------------------ */

void api_write_scan(struct daemon *daemon, struct json_writer *json, const char *key,
                    const struct intake_recent *recent)
{
    struct item item = {0};
    bool known = recent->item && store_item(daemon->store, recent->item, &item) == 0;
    char event_id[EVENT_ID_TEXT_BYTES];
    event_id_text(store_event_id(daemon->store, recent->position), event_id);
    json_begin_object(json, key);
    json_text(json, "event", event_id);
    json_int(json, "position", (int64_t)recent->position);
    json_text(json, "kind", "sale");
    json_text(json, "code", recent->code);
    json_text(json, "sku", known ? item.sku : "");
    json_text(json, "title", known ? item.title : "Unknown code");
    json_int(json, "quantity", recent->quantity);
    json_int(json, "price", recent->price_minor);
    json_text(json, "currency", known ? item.currency : "");
    json_int(json, "on_hand",
             known ? book_stock(store_book(daemon->store), item.alias, daemon->sell_location).on_hand : 0);
    json_text(json, "signal", known ? "sold" : "unknown");
    json_bool(json, "beyond", recent->beyond);
    json_bool(json, "voided", recent->voided);
    daemon_clock_write_when(daemon, json, recent->position, recent->time_ms);
    json_end_object(json);
}

int api_scans(struct api_call *call)
{
    int64_t limit = api_query_int(call, "limit", 20);
    json_begin_object(call->json, NULL);
    json_begin_array(call->json, "scans");
    for (uint32_t i = 0; (int64_t)i < limit; i++) {
        const struct intake_recent *recent = intake_recent(call->daemon->intake, i);
        if (!recent)
            break;
        api_write_scan(call->daemon, call->json, NULL, recent);
    }
    json_end_array(call->json);
    json_end_object(call->json);
    return HTTP_OK;
}
