/* One run: the catalogue, the days, and the peace after them. */
#include "days.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../torture/disk/disk_vfs.h"
#include "days_internal.h"

enum {
    REST_EVERY_MS = 300000,
    PEACE_MAX_MS = 2 * 3600 * 1000,
    PEACE_POLL_MS = 15000,
    PEACE_CARDS_MS = 30000,
    EQUAL_WITHIN_MS = 60000, /* R6 */
    IDLE_MS = 3600 * 1000,
};

int64_t days_shop_now(const struct days *days, uint32_t channel)
{
    return DAYS_WALL_MS + days->now_ms + days->setup->skew_ms[channel];
}

int64_t days_wall_ms(const struct days *days)
{
    return days->setup->wall_known ? DAYS_WALL_MS + days->now_ms + days->setup->wall_skew_ms : 0;
}

void days_note(struct days *days, const char *format, ...)
{
    char line[300];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    uint64_t hash = days->tally->trace ^ (uint64_t)days->now_ms;
    for (const char *at = line; *at; at++)
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    days->tally->trace = hash;
    if (days->story)
        (void)fprintf(days->story,
                      "%3" PRId64 " %02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64 "  %s\n",
                      days->now_ms / DAYS_DAY_MS, days->now_ms / 3600000 % 24, days->now_ms / 60000 % 60,
                      days->now_ms / 1000 % 60, days->now_ms % 1000, line);
}

/* --- beginning ---------------------------------------------------------------------------------------- */

static void add_item(struct days *days, struct changes *changes, uint32_t item)
{
    char sku[16], code[16];
    (void)snprintf(sku, sizeof sku, "SKU-%" PRIu32, item + 1);
    (void)snprintf(code, sizeof code, "CODE-%" PRIu32, item + 1);
    struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
    event.item.item = item + 1;
    event.item.sku = event.item.title = text_of(sku);
    event.item.currency = text_of("EUR");
    event.item.price_minor = 2400;
    changes_add_event(changes, &event);
    event = (struct event){.kind = EVENT_BARCODE_LINKED, .version = 1};
    event.barcode.item = item + 1;
    event.barcode.code = text_of(code);
    event.barcode.pack = 1;
    changes_add_event(changes, &event);
    event = (struct event){.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = item + 1;
    event.adjustment.location = DAYS_LOCATION;
    event.adjustment.delta = days->setup->units[item];
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(changes, &event);
}

static int furnish(struct days *days)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_LOCATION_CREATED, .version = 1};
    event.location.location = event.location.kind = DAYS_LOCATION;
    event.location.name = text_of("booth");
    changes_add_event(&changes, &event);
    for (uint32_t item = 0; item < DAYS_ITEMS; item++)
        add_item(days, &changes, item);
    for (uint32_t i = 0; i < days->setup->channels; i++) {
        struct channel channel = {.alias = i + 1, .location = DAYS_LOCATION};
        (void)snprintf(channel.kind, sizeof channel.kind, "%s", shop_kind_name(days->setup->shops[i].kind));
        (void)snprintf(channel.name, sizeof channel.name, "shop %c", 'A' + (int)i);
        event = (struct event){.kind = EVENT_CHANNEL_CONNECTED, .version = 1};
        event.channel.channel = i + 1;
        event.channel.location = DAYS_LOCATION;
        event.channel.kind = text_of(channel.kind);
        event.channel.name = text_of(channel.name);
        changes_add_event(&changes, &event);
        changes_put_channel(&changes, &channel);
    }
    int result = days_commit(days, &changes);
    return result < 0 ? result : days_notify(days, ENGINE_WAKE);
}

static int open_shops(struct days *days)
{
    for (uint32_t i = 0; i < days->setup->channels; i++) {
        struct days_channel *channel = &days->channels[i];
        channel->caps = shop_caps(&days->setup->shops[i]);
        channel->shop = shop_new(&days->setup->shops[i]);
        for (uint32_t item = 0; channel->shop && item < DAYS_ITEMS; item++) {
            char sku[16];
            (void)snprintf(sku, sizeof sku, "SKU-%" PRIu32, item + 1);
            if (shop_add(channel->shop, sku, 0, 0) < 0)
                return FAIL("the shop model does not take a listing");
        }
        if (!channel->shop)
            return FAIL("no memory for a shop");
    }
    return 0;
}

/* --- time ---------------------------------------------------------------------------------------------- */

/* The next thing that happens by itself, not later than `until_ms`; channel: whose, -1 nobody's. */
static int64_t next_due(const struct days *days, int64_t until_ms, int *channel)
{
    int64_t next = until_ms;
    *channel = -1;
    for (uint32_t i = 0; i < days->setup->channels; i++) {
        int64_t wire_ms = days_wire_next(&days->channels[i]);
        int64_t due_ms = wire_ms < days->channels[i].wake_ms ? wire_ms : days->channels[i].wake_ms;
        if (due_ms >= next)
            continue;
        next = due_ms;
        *channel = (int)i;
    }
    return next;
}

static int do_due(struct days *days, uint32_t number)
{
    struct days_channel *channel = &days->channels[number];
    if (days_wire_next(channel) <= days->now_ms)
        return days_wire_due(days, number);
    channel->wake_ms = INT64_MAX;
    return days_step(days, number, ENGINE_WAKE, NULL);
}

static int rest(struct days *days)
{
    days->next_rest_ms = days->now_ms + REST_EVERY_MS;
    for (int more = 1; more;) {
        more = store_maintain(days->store, false);
        if (more < 0)
            return FAIL("housekeeping failed: %d", more);
    }
    return 0;
}

/* Everything that is due until then. stop: ends it early; NULL never. */
static int pass_time(struct days *days, int64_t until_ms, bool (*stop)(struct days *days))
{
    enum { STEPS_MAX = 2000000 };
    int result = 0;
    for (int steps = 0; result == 0; steps++) {
        int channel;
        int64_t next_ms = next_due(days, until_ms, &channel);
        if (steps == STEPS_MAX)
            return FAIL("time stands still");
        if (next_ms > days->now_ms)
            days->now_ms = next_ms;
        if (channel < 0 || (stop && stop(days)))
            return 0;
        result = do_due(days, (uint32_t)channel);
        if (result == 0 && days->now_ms >= days->next_rest_ms)
            result = rest(days);
    }
    return result;
}

/* --- peace --------------------------------------------------------------------------------------------- */

static bool all_agree(struct days *days)
{
    char why[DAYS_WORDS_BYTES];
    for (uint32_t i = 0; i < days->setup->channels; i++)
        if (!days_agree(days, i, why, sizeof why))
            return false;
    return true;
}

/* An outcome is unknown, or will be settled by reading only: the wait for what may still be on its way is
 * longer. */
static bool any_doubt(const struct days *days)
{
    const struct book *book = store_book(days->store);
    for (uint32_t i = 0; i < book_op_count(book); i++)
        if (book_op(book, i)->state == OP_UNKNOWN)
            return true;
    for (uint32_t i = 0; i < days->setup->channels; i++) {
        const struct days_channel *channel = &days->channels[i];
        bool absolute = !channel->caps->delta_down;
        bool writes =
            channel->wire != WIRE_IDLE && channel->request.kind == REQUEST_WRITE_LEVELS && channel->silent;
        if (absolute && (writes || book_op_count(book)))
            return true;
    }
    return false;
}

static void set_polls(struct days *days, int64_t every_ms)
{
    for (uint32_t i = 0; i < days->setup->channels; i++)
        days->channels[i].engine->settings.caps.poll_ms = every_ms;
}

static int make_peace(struct days *days)
{
    days->peace = true;
    int result = days_network(days, true);
    set_polls(days, PEACE_POLL_MS);
    days_note(days, "peace");
    if (result == 0)
        result = days_settle_payments(days);
    return result < 0 ? result : days_notify(days, ENGINE_SYNC_NOW);
}

/* R6's minute, and what nobody can hurry: an order cannot be booked before it is shown, and a shop of
 * absolute levels is believed when its orders must have become visible; twice, on the way through zero;
 * longer when an answer was lost. */
static int64_t equal_within_ms(const struct days *days, bool doubt)
{
    int64_t lag_ms = 0, visible_ms = 0;
    for (uint32_t i = 0; i < days->setup->channels; i++) {
        const struct channel_caps *caps = days->channels[i].caps;
        if (days->setup->shops[i].order_lag_ms > lag_ms)
            lag_ms = days->setup->shops[i].order_lag_ms;
        if (!caps->delta_down && caps->order_visibility_ms > visible_ms)
            visible_ms = caps->order_visibility_ms;
    }
    return EQUAL_WITHIN_MS + lag_ms + 2 * visible_ms + (doubt ? ENGINE_IN_TRANSIT_MAX_MS + visible_ms : 0);
}

static int come_to_rest(struct days *days)
{
    char why[DAYS_WORDS_BYTES];
    bool doubt = any_doubt(days);
    int64_t begun_ms = days->now_ms;
    int result = make_peace(days);
    while (result == 0 && !all_agree(days) && days->now_ms < begun_ms + PEACE_MAX_MS) {
        result = pass_time(days, days->now_ms + PEACE_CARDS_MS, all_agree);
        if (result == 0 && (days->setup->people_edit || days->setup->unpaid))
            result = days_settle_cards(days, true, 0);
    }
    int64_t took_ms = days->now_ms - begun_ms;
    days_note_all(days);
    for (uint32_t i = 0; i < days->setup->channels && result == 0; i++)
        if (!days_agree(days, i, why, sizeof why))
            return FAIL("not equal %" PRId64 " s after peace: %.300s", took_ms / 1000, why);
    int64_t *longest = doubt ? &days->tally->longest_doubt_ms : &days->tally->longest_peace_ms;
    if (result == 0 && !days->setup->people_edit && took_ms > *longest)
        *longest = took_ms;
    if (result == 0 && !days->setup->people_edit && took_ms > equal_within_ms(days, doubt))
        return FAIL("equal only after %" PRId64 " ms of peace", took_ms);
    return result;
}

/* Nothing is in doubt in the end, and polls change no row. */
static int stay_at_rest(struct days *days)
{
    char why[DAYS_WORDS_BYTES];
    int result = 0;
    set_polls(days, DAYS_POLL_MS);
    for (int64_t end_ms = days->now_ms + IDLE_MS; result == 0 && days->now_ms < end_ms;) {
        result = pass_time(days, days->now_ms + PEACE_CARDS_MS, NULL);
        if (result == 0 && (days->setup->people_edit || days->setup->unpaid))
            result = days_settle_cards(days, true, 0);
    }
    days->at_rest = true;
    for (uint32_t i = 0; i < days->setup->channels && result == 0; i++)
        if (!days_agree(days, i, why, sizeof why))
            return FAIL("not at rest: %.300s", why);
    uint64_t commits = days->tally->commits;
    if (result == 0)
        result = pass_time(days, days->now_ms + IDLE_MS, NULL);
    if (result == 0 && days->tally->commits != commits)
        return FAIL("%" PRIu64 " commits while nothing happened", days->tally->commits - commits);
    return result;
}

static int live(struct days *days)
{
    const struct days_schedule *schedule = days->schedule;
    int result = days_boot(days);
    if (result == 0)
        result = furnish(days);
    if (result == 0)
        result = pass_time(days, days->now_ms + 60000, NULL);
    int64_t begun_ms = days->now_ms;
    for (uint32_t i = 0; i < schedule->count && result == 0; i++) {
        if (schedule->list[i].left_out)
            continue;
        result = pass_time(days, begun_ms + schedule->list[i].at_ms, NULL);
        if (result == 0)
            result = days_happen(days, &schedule->list[i]);
    }
    days->tally->device_days += days->setup->days;
    if (result == 0)
        result = come_to_rest(days);
    return result < 0 ? result : stay_at_rest(days);
}

int days_run(const struct days_setup *setup, const struct days_schedule *schedule, FILE *story,
             struct days_tally *tally, char words[DAYS_WORDS_BYTES])
{
    struct days *days = calloc(1, sizeof *days);
    if (!days)
        abort();
    *days = (struct days){.setup = setup,
                          .schedule = schedule,
                          .story = story,
                          .tally = tally,
                          .words = words,
                          .now_ms = 1000,
                          .network = true,
                          .random = random_of(setup->seed, 1)};
    days->disk = disk_new(&days->start, setup->seed);
    disk_calls_init(&days->calls, days->disk);
    int result = open_shops(days);
    if (result == 0)
        result = live(days);
    days_close(days);
    free(days);
    return result;
}
