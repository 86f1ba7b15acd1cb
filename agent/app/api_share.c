/* GET and POST /share: how an item is shown in several shops, why, and as the seller wants it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "base/cleanup.h"
#include "domain/allocation.h"
#include "store/store_demand.h"

#define MS_PER_DAY 86400000.0

/* What is known of the item, looked up for this answer. */
struct known {
    struct estimate_item counted;
    struct demand demand;
};

struct counting {
    const struct estimate *estimate;
    struct estimate_item *item;
};

static int count(void *user, const struct estimate_line *line)
{
    struct counting *counting = user;
    estimate_count(counting->estimate, counting->item, line);
    return 0;
}

static int look_up(struct daemon *daemon, uint32_t item, struct known *known)
{
    const struct estimate *estimate = &daemon->showing.estimate;
    struct counting counting = {estimate, &known->counted};
    int64_t since_ms = estimate->now_ms - ESTIMATE_LOOK_BACK_DAYS * INT64_C(86400000);
    int result = estimate->now_ms ? store_demand(daemon->store, item, since_ms, count, &counting) : 0;
    estimate_finish(estimate, &known->counted);
    demand_estimate(&estimate->prior, &known->counted.counts, &known->demand);
    return result;
}

static double window_days(const struct daemon *daemon)
{
    return (double)daemon_showing_window_ms(daemon) / MS_PER_DAY;
}

static void write_listings(struct api_call *call, uint32_t item, uint32_t location)
{
    const struct book *book = store_book(call->daemon->store);
    json_begin_array(call->json, "listings");
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing)) {
        const struct channel *channel = book_channel(book, listing->channel);
        if (!channel || channel->location != location)
            continue;
        json_begin_object(call->json, NULL);
        json_text(call->json, "channel", channel->name);
        json_int(call->json, "wanted",
                 allocation_wanted(book, listing, daemon_showing_booth_percent(call->daemon, location)));
        json_int(call->json, "expected", listing_expected(listing));
        json_int(call->json, "weight", book_weight(book, listing));
        json_end_object(call->json);
    }
    json_end_array(call->json);
}

static bool has_listing(const struct book *book, uint32_t item, uint32_t location)
{
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing)) {
        const struct channel *channel = book_channel(book, listing->channel);
        if (channel && channel->location == location)
            return true;
    }
    return false;
}

static void write_place(struct api_call *call, const struct known *known, uint32_t item, uint32_t location)
{
    struct daemon *daemon = call->daemon;
    const struct book *book = store_book(daemon->store);
    uint32_t kept = daemon_showing_booth_percent(daemon, location);
    struct publish_case publish = allocation_case(book, item, location, kept);
    enum publish_verdict verdict = publish_decide(&publish);
    char name[NAME_MAX_BYTES + 1] = "";
    int named = store_location_name(daemon->store, location, name);
    uint32_t units = publish.units < DEMAND_UNITS_MAX ? (uint32_t)publish.units : DEMAND_UNITS_MAX;
    json_begin_object(call->json, NULL);
    json_text(call->json, "place", named < 0 ? "" : name);
    json_bool(call->json, "mirrored", verdict == PUBLISH_MIRRORED);
    json_text(call->json, "words", publish_words(verdict));
    json_int(call->json, "units", publish.units);
    json_bool(call->json, "calm", publish.calm);
    if (known->demand.known)
        json_int(call->json, "beyond_per_million",
                 (int64_t)ceil(demand_beyond(&known->demand, window_days(daemon), units) * 1e6));
    else
        json_null(call->json, "beyond_per_million");
    json_int(call->json, "deficit", allocation_deficit(book, item, location));
    json_int(call->json, "overlap", allocation_overlap(book, item, location, kept));
    write_listings(call, item, location);
    json_end_object(call->json);
}

static void write_model(struct api_call *call, const struct known *known, uint32_t item)
{
    const struct daemon *daemon = call->daemon;
    struct publish_limits limits = book_limits(store_book(daemon->store), item);
    struct demand_rate rate = demand_rate(&known->demand);
    json_begin_object(call->json, "model");
    json_bool(call->json, "known", known->demand.known);
    json_int(call->json, "window_ms", daemon_showing_window_ms(daemon));
    json_int(call->json, "risk_per_million", daemon->config->risk_per_million);
    json_int(call->json, "usual_order", limits.usual_order);
    json_int(call->json, "enough", limits.enough);
    json_int(call->json, "units_per_1000_days", llround(rate.mean * 1000));
    json_int(call->json, "units_per_1000_days_low", llround(rate.low * 1000));
    json_int(call->json, "units_per_1000_days_high", llround(rate.high * 1000));
    json_end_object(call->json);
    json_begin_object(call->json, "observed");
    json_int(call->json, "orders", known->counted.counts.orders);
    json_int(call->json, "units", (int64_t)known->counted.counts.units);
    json_int(call->json, "days", (int64_t)known->counted.counts.days);
    json_int(call->json, "shop_items", daemon->showing.estimate.moments.items);
    json_int(call->json, "shop_orders", (int64_t)daemon->showing.estimate.moments.orders);
    json_end_object(call->json);
}

static int write_share(struct api_call *call, const struct item *item)
{
    const struct book *book = store_book(call->daemon->store);
    FREE_AUTO struct known *known = calloc(1, sizeof *known);
    int result = known ? look_up(call->daemon, item->alias, known) : -ENOMEM;
    if (result < 0)
        return api_error(call, HTTP_FAILED, "the orders cannot be read: %s", strerrordesc_np(-result));
    json_begin_object(call->json, NULL);
    json_text(call->json, "sku", item->sku);
    json_text(call->json, "title", item->title);
    json_text(call->json, "mode", publish_mode_name(publish_mode_of(item->flags)));
    json_text(call->json, "effective", publish_mode_name(book_mode(book, item->alias)));
    json_begin_array(call->json, "places");
    for (uint32_t location = 1; location <= LOCATIONS_MAX; location++)
        if (has_listing(book, item->alias, location))
            write_place(call, known, item->alias, location);
    json_end_array(call->json);
    write_model(call, known, item->alias);
    json_end_object(call->json);
    return HTTP_OK;
}

static int find(struct api_call *call, const char *sku, struct item *item)
{
    int result = store_item_by_sku(call->daemon->store, sku, item);
    if (result == -ENOENT)
        return api_error(call, HTTP_NOT_FOUND, "no item has the SKU %s", sku);
    if (result < 0)
        return api_error(call, HTTP_FAILED, "the ledger cannot be read: %s", strerrordesc_np(-result));
    return HTTP_OK;
}

int api_share(struct api_call *call)
{
    char sku[SKU_MAX_BYTES + 1];
    FREE_AUTO struct item *item = calloc(1, sizeof *item);
    (void)api_query(call, "sku", sku, sizeof sku);
    int status = item ? find(call, sku, item) : api_error(call, HTTP_FAILED, "out of memory");
    return status == HTTP_OK ? write_share(call, item) : status;
}

static int save(struct daemon *daemon, const struct item *item)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_ITEM_CHANGED, .version = 1, .time_ms = daemon_event_ms(daemon)};
    item_fill_event(item, &event);
    changes_add_event(&changes, &event);
    return daemon_commit(daemon, &changes);
}

int api_share_choose(struct api_call *call)
{
    const char *sku = json_get_text(call->body, "sku"), *name = json_get_text(call->body, "mode");
    enum publish_mode mode = PUBLISH_INHERIT;
    FREE_AUTO struct item *item = calloc(1, sizeof *item);
    if (!sku || !name || !publish_mode_from_name(name, &mode))
        return api_error(call, HTTP_BAD_REQUEST,
                         "give a \"sku\", and as \"mode\" one of allocate, mirror, auto, default");
    int status = item ? find(call, sku, item) : api_error(call, HTTP_FAILED, "out of memory");
    if (status != HTTP_OK)
        return status;
    uint32_t flags = publish_flags(item->flags, mode);
    if (flags != item->flags) {
        item->flags = flags;
        int result = save(call->daemon, item);
        if (result < 0)
            return api_error(call, HTTP_FAILED, "it could not be saved: %s", strerrordesc_np(-result));
        daemon_stock_changed(call->daemon, item->alias);
    }
    return write_share(call, item);
}
