/* Channels: one courier each. The practice shop in practice mode, the configured shops otherwise; never both.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/daemon.h"
#include "app/seed.h"
#include "base/log.h"

static void network_switched(void *user, bool online)
{
    struct daemon *daemon = user;
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        courier_notify(daemon->couriers[i], online ? ENGINE_NETWORK_UP : ENGINE_NETWORK_DOWN);
    daemon_changed(daemon, 0);
}

/* The channel's row: its alias is for life, so a channel that was configured before keeps it. */
static const struct channel *find_row(struct daemon *daemon, const char *name)
{
    const struct book *book = store_book(daemon->store);
    for (uint32_t alias = 1; alias <= book_channel_count(book); alias++) {
        const struct channel *channel = book_channel(book, alias);
        if (channel && strcmp(channel->name, name) == 0)
            return channel;
    }
    return NULL;
}

/* A new channel, or one that sells from another place than before: both are an event. */
static int put_row(struct daemon *daemon, const struct channel *channel, struct err *err)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_CHANNEL_CONNECTED, .version = 1, .time_ms = daemon_event_ms(daemon)};
    event.channel.channel = channel->alias;
    event.channel.kind = text_of(channel->kind);
    event.channel.name = text_of(channel->name);
    event.channel.location = channel->location;
    changes_add_event(&changes, &event);
    changes_put_channel(&changes, channel);
    int result = daemon_commit(daemon, &changes);
    return result < 0 ? err_set_errno(err, result, "channel %s", channel->name) : 0;
}

static int ensure_row(struct daemon *daemon, const char *kind, const char *name, uint32_t location,
                      uint32_t *alias, struct err *err)
{
    const struct channel *row = find_row(daemon, name);
    uint32_t count = book_channel_count(store_book(daemon->store));
    if (row && strcmp(row->kind, kind) != 0)
        return err_set(err, -EINVAL, "channel %s was a %s before; give the %s another name", name, row->kind,
                       kind);
    if (!row && count == CHANNELS_MAX)
        return err_set(err, -E2BIG, "at most %d channels", CHANNELS_MAX);
    struct channel channel = {.alias = count + 1};
    if (row)
        channel = *row;
    *alias = channel.alias;
    if (row && row->location == location)
        return 0;
    channel.location = location;
    (void)snprintf(channel.kind, sizeof channel.kind, "%s", kind);
    (void)snprintf(channel.name, sizeof channel.name, "%s", name);
    return put_row(daemon, &channel, err);
}

static void shop_time(void *user, const char *channel, int64_t date_ms)
{
    char source[NAME_MAX_BYTES + 1];
    (void)snprintf(source, sizeof source, "the shop %.*s", NAME_MAX_BYTES - (int)sizeof "the shop", channel);
    daemon_clock_hear(user, CLOCK_SHOP, date_ms, source);
}

/* The practice shop lives on this device. Like a real shop's its clock never goes back, whatever ours does:
 * an order of before the last one we read would be old news. */
static int64_t practice_clock(void *user)
{
    struct daemon *daemon = user;
    int64_t now_ms = daemon_clock_now_ms(daemon);
    if (now_ms > daemon->practice_ms)
        daemon->practice_ms = now_ms;
    return daemon->practice_ms;
}

static int64_t newest_heard_ms(struct daemon *daemon)
{
    const struct channel *row = find_row(daemon, PRACTICE_CHANNEL_NAME);
    return row && row->orders_since_ms > row->baseline_ms ? row->orders_since_ms : row ? row->baseline_ms : 0;
}

static struct courier_settings common(struct daemon *daemon, uint32_t alias)
{
    return (struct courier_settings){
        .loop = daemon->loop,
        .store = daemon->store,
        .turns = daemon->turns,
        .engine = {.channel = alias,
                   .booth_percent = daemon_showing_booth_percent(
                       daemon, book_channel(store_book(daemon->store), alias)->location)},
        .random = daemon_random,
        .wall_ms = daemon_clock_wall_ms,
        .shop_time = shop_time,
        .boottime_ms = daemon_boottime_ms,
        .changed = daemon_courier_changed,
        .user = daemon,
    };
}

static int add_courier(struct daemon *daemon, const struct courier_settings *settings, struct err *err)
{
    int result = courier_new(settings, &daemon->couriers[daemon->courier_count], err);
    if (result < 0)
        return result;
    daemon->courier_count++;
    daemon->facts.any_channel = true;
    return 0;
}

static int serve_practice(void *user, const struct channel_request *request, struct channel_answer *answer)
{
    struct daemon *daemon = user;
    return practice_serve(daemon->shop, request, answer);
}

static int open_practice(struct daemon *daemon, struct err *err)
{
    struct practice_settings shop = {
        .loop = daemon->loop,
        .directory = daemon->state,
        .random_orders = daemon->config->random_orders && !daemon->options.once,
        .seed = daemon->config->seed,
        .wall_ms = practice_clock,
        .network = network_switched,
        .user = daemon,
    };
    daemon->practice_ms = newest_heard_ms(daemon);
    bool fresh = false;
    int result = practice_new(&shop, &daemon->shop, &fresh, err);
    if (result == 0 && fresh)
        result = seed_practice_shop(daemon, err);
    uint32_t alias = 0;
    if (result == 0)
        result = ensure_row(daemon, "practice", PRACTICE_CHANNEL_NAME, daemon->shop_location, &alias, err);
    if (result < 0)
        return result;
    struct courier_settings settings = common(daemon, alias);
    settings.engine.caps = practice_caps;
    settings.engine.auto_live = true;
    settings.config.name = PRACTICE_CHANNEL_NAME;
    settings.serve = serve_practice;
    return add_courier(daemon, &settings, err);
}

static int open_shop(struct daemon *daemon, const struct config_channel *config, struct err *err)
{
    const struct channel_ops *ops = channel_find(config->kind);
    if (!ops)
        return err_set(err, -EINVAL, "channel %s: unknown kind %s", config->name, config->kind);
    struct http **http = &daemon->https[daemon->courier_count];
    int result = http_new(daemon->loop, config->ca_file[0] ? config->ca_file : NULL, http, err);
    uint32_t alias = 0, location = daemon->shop_location;
    if (result == 0 && config->location[0])
        result = seed_location(daemon, config->location, LOCATION_STUDIO, &location, err);
    if (result == 0)
        result = ensure_row(daemon, config->kind, config->name, location, &alias, err);
    if (result < 0)
        return result;
    struct courier_settings settings = common(daemon, alias);
    settings.engine.caps = ops->caps;
    settings.http = *http;
    settings.ops = ops;
    settings.config = (struct channel_config){
        .name = config->name, .url = config->url, .location_id = config->location_id, .token = config->token};
    return add_courier(daemon, &settings, err);
}

/* Sales that no shop has acknowledged yet, from the last events of the ledger: what this start inherits. */
static int count_unsent(void *user, uint64_t position, struct event_id id, const uint8_t *bytes,
                        size_t length, const uint8_t tag[4])
{
    struct daemon *daemon = user;
    struct event event;
    (void)id;
    (void)tag;
    if (event_decode(bytes, length, &event) < 0)
        return 0; /* damage is the verifier's to name */
    if (event.kind == EVENT_SALE)
        daemon_note_unsent(daemon, position, event.time_ms);
    else if (event.kind == EVENT_REVOKE)
        daemon->unsent = 0;
    return 0;
}

static int inherit_unsent(struct daemon *daemon, struct err *err)
{
    enum { LOOK_BACK_EVENTS = 4096 };
    uint64_t last = store_last_position(daemon->store);
    uint64_t after = last > LOOK_BACK_EVENTS ? last - LOOK_BACK_EVENTS : 0;
    int result = store_walk(daemon->store, after, count_unsent, daemon);
    return result < 0 ? err_set_errno(err, result, "cannot read the last sales back") : 0;
}

static int open_couriers(struct daemon *daemon, struct err *err)
{
    if (daemon->practice)
        return open_practice(daemon, err);
    for (uint32_t i = 0; i < daemon->config->channel_count; i++) {
        int result = open_shop(daemon, &daemon->config->channels[i], err);
        if (result < 0)
            return err_prefix(err, result, "channel %s", daemon->config->channels[i].name);
    }
    return netlink_new(daemon->loop, network_switched, daemon, &daemon->netlink, err);
}

int daemon_open_channels(struct daemon *daemon, struct err *err)
{
    if (!daemon->practice && !daemon->config->channel_count)
        return 0;
    int result = inherit_unsent(daemon, err);
    if (result == 0)
        result = daemon_catch_up_open(daemon, err);
    return result < 0 ? result : open_couriers(daemon, err);
}

void daemon_close_channels(struct daemon *daemon)
{
    daemon_catch_up_close(daemon);
    netlink_free(daemon->netlink);
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        courier_free(daemon->couriers[i]);
    for (uint32_t i = 0; i < CHANNELS_MAX; i++)
        http_free(daemon->https[i]);
    practice_free(daemon->shop);
}

struct courier *daemon_courier(struct daemon *daemon, const char *name, const struct channel **channel)
{
    const struct channel *row = find_row(daemon, name);
    for (uint32_t i = 0; row && i < daemon->courier_count; i++) {
        if (courier_channel(daemon->couriers[i]) != row->alias)
            continue;
        *channel = row;
        return daemon->couriers[i];
    }
    return NULL;
}

bool daemon_previewed(const struct daemon *daemon, uint32_t channel)
{
    return daemon->previewed_channels >> channel & 1;
}

void daemon_note_preview(struct daemon *daemon, uint32_t channel)
{
    daemon->previewed_channels |= 1U << channel;
}

const char *daemon_phase_name(enum engine_phase phase)
{
    static const char *const names[] = {
        [ENGINE_CONNECTING] = "connecting",   [ENGINE_BASELINE] = "baseline",
        [ENGINE_PREVIEW] = "preview",         [ENGINE_READY] = "ready",
        [ENGINE_SYNCING] = "syncing",         [ENGINE_OFFLINE] = "offline",
        [ENGINE_NEEDS_LOGIN] = "needs_login",
    };
    return names[phase];
}
