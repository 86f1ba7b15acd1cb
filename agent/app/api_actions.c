/* POST /sell, /undo, /sync, /import, /go-live, /practice: what the seller does from page and command. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "app/daemon_recover.h"
#include "app/import.h"
#include "base/log.h"
#include "base/utf8.h"

enum { QUANTITY_MAX = 1000 };

static const char *text_field(const struct api_call *call, const char *key)
{
    const char *text = json_get_text(call->body, key);
    return text ? text : "";
}

/* What was left out is otherwise; what is no whole number is -1, which is never in range. */
static int64_t int_field(const struct api_call *call, const char *key, int64_t otherwise)
{
    int64_t value;
    int result = json_get_int(call->body, key, &value);
    return result == 0 ? value : result == -ENOENT ? otherwise : -1;
}

/* --- sell and undo
 * --------------------------------------------------------------------------------------------------- */

static const char *signal_name(enum intake_signal signal)
{
    static const char *const names[] = {[INTAKE_SOLD] = "sold",
                                        [INTAKE_UNKNOWN] = "unknown",
                                        [INTAKE_REFUSED] = "refused",
                                        [INTAKE_FAULT] = "fault"};
    return names[signal];
}

int api_sell(struct api_call *call)
{
    struct daemon *daemon = call->daemon;
    const char *given = text_field(call, "code");
    int64_t quantity = int_field(call, "quantity", 1);
    if (!*given || strlen(given) > CODE_MAX_BYTES)
        return api_error(call, HTTP_BAD_REQUEST, "give a code of 1 to %d characters", CODE_MAX_BYTES);
    for (const char *at = given; *at; at++)
        if (utf8_control(at))
            return api_error(call, HTTP_BAD_REQUEST, "no code has control characters in it");
    if (quantity < 1 || quantity > QUANTITY_MAX)
        return api_error(call, HTTP_BAD_REQUEST, "the quantity must be 1 to %d", QUANTITY_MAX);
    struct daemon_moment moment = daemon_now(daemon);
    daemon_scans_sell_typed(daemon, given, quantity, &moment);
    daemon_recover_after_commit(daemon);
    const struct intake_outcome *outcome = &daemon->last_outcome;
    if (outcome->signal == INTAKE_FAULT)
        return api_error(call, HTTP_FAILED, "The sale could not be saved: %s. Write it on paper.",
                         strerrordesc_np(-outcome->error));
    struct item item = {0};
    bool known = outcome->item && store_item(daemon->store, outcome->item, &item) == 0;
    char event_id[EVENT_ID_TEXT_BYTES] = "";
    if (outcome->position)
        event_id_text(store_event_id(daemon->store, outcome->position), event_id);
    json_begin_object(call->json, NULL);
    json_text(call->json, "signal", signal_name(outcome->signal));
    json_text(call->json, "event", event_id);
    json_text(call->json, "sku", known ? item.sku : "");
    json_text(call->json, "title", known ? item.title : "");
    json_int(call->json, "quantity", outcome->quantity);
    json_int(call->json, "on_hand", outcome->on_hand);
    json_end_object(call->json);
    return HTTP_OK;
}

/* The page says which sale its button meant: another one may have come in since it was drawn. */
static bool is_last_sale(const struct api_call *call, const char *meant)
{
    char event_id[EVENT_ID_TEXT_BYTES] = "";
    const struct intake_recent *last = api_undoable(call->daemon);
    if (last)
        event_id_text(store_event_id(call->daemon->store, last->position), event_id);
    return strcmp(event_id, meant) == 0;
}

int api_undo(struct api_call *call)
{
    struct daemon *daemon = call->daemon;
    const struct intake_recent *voided;
    const char *meant = text_field(call, "event");
    if (json_get(call->body, "event") && !json_get_text(call->body, "event"))
        return api_error(call, HTTP_BAD_REQUEST, "\"event\" must be the id of a sale, as a text");
    if (*meant && !is_last_sale(call, meant))
        return api_error(call, HTTP_CONFLICT,
                         "That is not the last sale any more, so nothing was undone. Look again.");
    int result = intake_undo(daemon->intake, daemon_event_ms(daemon), &voided);
    daemon_recover_after_commit(daemon);
    if (result == -ENOENT)
        return api_error(call, HTTP_CONFLICT, "there is no sale to undo");
    if (result < 0)
        return api_error(call, HTTP_FAILED, "the undo could not be saved: %s", strerrordesc_np(-result));
    struct item item = {0};
    bool known = voided->item && store_item(daemon->store, voided->item, &item) == 0;
    char event_id[EVENT_ID_TEXT_BYTES];
    event_id_text(store_event_id(daemon->store, voided->position), event_id);
    json_begin_object(call->json, NULL);
    json_text(call->json, "voided", event_id);
    json_text(call->json, "sku", known ? item.sku : "");
    json_text(call->json, "title", known ? item.title : voided->code);
    json_int(call->json, "on_hand",
             known ? book_stock(store_book(daemon->store), item.alias, daemon->sell_location).on_hand : 0);
    json_end_object(call->json);
    daemon_publish_scan(daemon, voided);
    daemon_stock_changed(daemon, voided->item);
    return HTTP_OK;
}

int api_sync(struct api_call *call)
{
    for (uint32_t i = 0; i < call->daemon->courier_count; i++)
        courier_notify(call->daemon->couriers[i], ENGINE_SYNC_NOW);
    json_begin_object(call->json, NULL);
    json_int(call->json, "channels", call->daemon->courier_count);
    json_end_object(call->json);
    return HTTP_OK;
}

/* --- import
 * ----------------------------------------------------------------------------------------------------------
 */

int api_import(struct api_call *call)
{
    bool strict = false;
    if (json_get_bool(call->body, "strict", &strict) == -EINVAL)
        return api_error(call, HTTP_BAD_REQUEST, "\"strict\" must be true or false");
    const char *csv = json_get_text(call->body, "csv");
    if (!csv)
        return api_error(call, HTTP_BAD_REQUEST, "send the file's text as \"csv\"");
    struct import_report report = {0};
    struct err err = {0};
    int result = import_csv(call->daemon, csv, strlen(csv), strict, &report, &err);
    if (result < 0 && result != -ECANCELED) {
        import_report_free(&report);
        return api_error(call, result == -EINVAL ? HTTP_BAD_REQUEST : HTTP_FAILED, "%s", err_text(&err));
    }
    json_begin_object(call->json, NULL);
    json_int(call->json, "added", report.added);
    json_int(call->json, "changed", report.changed);
    json_int(call->json, "same", report.same);
    json_begin_array(call->json, "bad");
    for (uint32_t i = 0; i < report.bad_count; i++) {
        json_begin_object(call->json, NULL);
        json_int(call->json, "line", report.bad[i].line);
        json_text(call->json, "reason", report.bad[i].reason);
        json_end_object(call->json);
    }
    json_end_array(call->json);
    json_bool(call->json, "more_bad", report.more_bad);
    json_end_object(call->json);
    import_report_free(&report);
    /* New items may be what a shop's unlinked listings wait for: let each engine look at its catalogue again.
     */
    for (uint32_t i = 0; i < call->daemon->courier_count; i++)
        courier_notify(call->daemon->couriers[i], ENGINE_SYNC_NOW);
    call->daemon->stock_changed = true;
    daemon_stock_changed(call->daemon, 0);
    return result == -ECANCELED ? HTTP_CONFLICT : HTTP_OK;
}

/* --- go live
 * ---------------------------------------------------------------------------------------------------------
 */

static int set_live(struct daemon *daemon, const struct channel *channel)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_CHANNEL_LIVE, .version = 1, .time_ms = daemon_event_ms(daemon)};
    event.live.channel = channel->alias;
    event.live.live = 1;
    changes_add_event(&changes, &event);
    struct channel live = *channel;
    live.live = true;
    changes_put_channel(&changes, &live);
    return daemon_commit(daemon, &changes);
}

/* An item's row is at most about 500 bytes: both lists fit into SITE_REPLY_MAX_BYTES. */
enum { PREVIEW_ROWS_MAX = 2000 };

/* At most PREVIEW_ROWS_MAX rows of each list; the counts are of all. */
static void write_preview(struct api_call *call, const struct courier *courier, uint32_t channel)
{
    const struct book *book = store_book(call->daemon->store);
    uint32_t changes = 0, unlinked = 0;
    json_begin_array(call->json, "preview");
    for (uint32_t alias = 1; alias <= book_listing_count(book, channel); alias++) {
        const struct listing *listing = book_listing(book, channel, alias);
        struct item item;
        if (!listing || !listing->item || store_item(call->daemon->store, listing->item, &item) < 0)
            continue;
        int64_t wanted = courier_wanted(courier, listing);
        if (wanted == listing_expected(listing))
            continue;
        if (changes++ >= PREVIEW_ROWS_MAX)
            continue;
        json_begin_object(call->json, NULL);
        json_text(call->json, "sku", item.sku);
        json_text(call->json, "title", item.title);
        json_int(call->json, "level", listing_expected(listing));
        json_int(call->json, "wanted", wanted);
        json_end_object(call->json);
    }
    json_end_array(call->json);
    json_begin_array(call->json, "unlinked");
    for (uint32_t alias = 1; alias <= book_listing_count(book, channel); alias++) {
        const struct listing *listing = book_listing(book, channel, alias);
        if (!listing || listing->item || unlinked++ >= PREVIEW_ROWS_MAX)
            continue;
        json_begin_object(call->json, NULL);
        json_text(call->json, "remote_id", listing->remote_id);
        json_end_object(call->json);
    }
    json_end_array(call->json);
    json_int(call->json, "changes", changes);
    json_int(call->json, "unlinked_count", unlinked);
}

int api_go_live(struct api_call *call)
{
    struct daemon *daemon = call->daemon;
    const char *name = text_field(call, "channel");
    const struct channel *channel = NULL;
    struct courier *courier = daemon_courier(daemon, name, &channel);
    if (!courier)
        return api_error(call, HTTP_NOT_FOUND, "no channel is called %s; see [channel NAME] in the config",
                         name);
    if (!channel->baselined) {
        struct engine_view view;
        courier_view(courier, &view);
        return api_error(call, HTTP_CONFLICT, "%s has not been read yet, so there is no preview%s%s", name,
                         *view.last_error ? ": " : "; try again in a moment", view.last_error);
    }
    bool confirm = false;
    (void)json_get_bool(call->body, "confirm", &confirm);
    if (confirm && !channel->live && !daemon_previewed(daemon, channel->alias))
        return api_error(call, HTTP_CONFLICT, "look at the preview of %s first", name);
    uint32_t alias = channel->alias;
    json_begin_object(call->json, NULL);
    json_text(call->json, "channel", name);
    write_preview(call, courier, alias);
    int result = 0;
    if (confirm && !channel->live)
        result = set_live(daemon, channel);
    daemon_note_preview(daemon, alias);
    channel = book_channel(store_book(daemon->store), alias);
    json_bool(call->json, "live", channel && channel->live);
    json_end_object(call->json);
    if (result < 0)
        return api_error(call, HTTP_FAILED, "could not be saved: %s", strerrordesc_np(-result));
    daemon_stock_changed(daemon, 0);
    return HTTP_OK;
}

/* --- practice
 * -------------------------------------------------------------------------------------------------------- */

static int words(struct api_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int words(struct api_call *call, const char *format, ...)
{
    char text[ERR_TEXT_MAX_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_begin_object(call->json, NULL);
    json_text(call->json, "words", text);
    json_end_object(call->json);
    return HTTP_OK;
}

static int practice_offline(struct api_call *call)
{
    int64_t seconds = int_field(call, "seconds", 0);
    if (seconds < 0 || seconds > 24 * 3600)
        return api_error(call, HTTP_BAD_REQUEST, "seconds must be 0 (until switched on) to 86400");
    struct err err = {0};
    int result = practice_go_offline(call->daemon->shop, seconds, &err);
    if (result < 0)
        return api_error(call, HTTP_FAILED, "%s", err_text(&err));
    return seconds ? words(call, "The network is off for %" PRId64 " seconds. Go on selling.", seconds)
                   : words(call, "The network is off. Go on selling.");
}

static int practice_order(struct api_call *call)
{
    const char *sku = text_field(call, "sku");
    int64_t quantity = int_field(call, "quantity", 1);
    if (!*sku || quantity < 1 || quantity > QUANTITY_MAX)
        return api_error(call, HTTP_BAD_REQUEST, "say which SKU and how many (1 to %d) to buy", QUANTITY_MAX);
    char order_name[NAME_MAX_BYTES + 1];
    struct err err = {0};
    int result = practice_buy(call->daemon->shop, sku, quantity, order_name, &err);
    if (result == -ENOENT)
        return api_error(call, HTTP_NOT_FOUND, "%s", err_text(&err));
    if (result < 0)
        return api_error(call, HTTP_CONFLICT, "%s", err_text(&err));
    for (uint32_t i = 0; i < call->daemon->courier_count; i++)
        courier_notify(call->daemon->couriers[i], ENGINE_SYNC_NOW);
    return words(call, "A buyer ordered %" PRId64 " x %s online: order %s.", quantity, sku, order_name);
}

int api_practice(struct api_call *call)
{
    struct daemon *daemon = call->daemon;
    if (!daemon->practice)
        return api_error(call, HTTP_FORBIDDEN,
                         "this is a real stall; practice needs its own state (toolchain/run)");
    const char *what = text_field(call, "do");
    if (strcmp(what, "offline") == 0)
        return practice_offline(call);
    if (strcmp(what, "buy") == 0)
        return practice_order(call);
    if (strcmp(what, "online") == 0) {
        practice_go_online(daemon->shop);
        return words(call, "The network is on.");
    }
    if (strcmp(what, "lose") == 0) {
        practice_lose_reply(daemon->shop);
        return words(call, "The shop's answer to the next change will be lost on the way.");
    }
    if (strcmp(what, "reset") == 0) {
        daemon->restart = true;
        loop_stop(daemon->loop);
        return words(call, "Practice starts again with a full stall.");
    }
    return api_error(call, HTTP_BAD_REQUEST, "practice can do: offline, online, buy, lose, reset");
}
