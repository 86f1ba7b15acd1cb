/* The agent's shell: store, intake and engines on a simulated disk; steps, commits, deaths. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../torture/disk/disk_vfs.h"
#include "../../torture/disk/platter.h"
#include "crypto/crypto.h"
#include "days_internal.h"
#include "sync/courier_lookup.h"

struct id128 days_draw_id(struct days *days)
{
    struct id128 id;
    for (size_t i = 0; i < sizeof id.bytes; i += 8) {
        uint64_t part = random_next(&days->random);
        memcpy(id.bytes + i, &part, sizeof part);
    }
    return id;
}

static void scanned(void *user, const struct intake_outcome *outcome)
{
    ((struct days *)user)->outcome = *outcome;
}

static int start_engines(struct days *days)
{
    for (uint32_t i = 0; i < days->setup->channels; i++) {
        struct days_channel *channel = &days->channels[i];
        struct engine_settings settings = {.channel = i + 1,
                                           .caps = *channel->caps,
                                           .booth_percent = days->setup->booth_percent,
                                           .auto_live = true};
        settings.caps.poll_ms = DAYS_POLL_MS;
        channel->engine = engine_new(&settings, store_book(days->store));
        channel->wake_ms = days->now_ms;
        if (!channel->engine)
            return FAIL("no memory for an engine");
    }
    return 0;
}

int days_boot(struct days *days)
{
    struct err err = {0};
    disk_vfs_use(days->disk);
    struct store_start start = {.new_device = days_draw_id(days),
                                .epoch = days_draw_id(days),
                                .boot = days_draw_id(days),
                                .wall_ms = days_wall_ms(days),
                                .boottime_ms = days->now_ms,
                                .program = "days",
                                .sha256 = crypto_sha256_two,
                                .disk = &days->calls.table};
    if (store_open(DISK_FOLDER, &start, &days->store, &err) < 0)
        return FAIL("the ledger does not open: %s", err_text(&err));
    struct intake_settings settings = {days->store, DAYS_LOCATION, scanned, days};
    if (intake_new(&settings, &days->intake, &err) < 0)
        return FAIL("the intake does not start: %s", err_text(&err));
    days->next_rest_ms = days->now_ms;
    days->tally->restarts++;
    int result = start_engines(days);
    return result < 0 ? result : days_check_ledger(days);
}

static void put_down(struct days *days)
{
    for (uint32_t i = 0; i < days->setup->channels; i++) {
        engine_free(days->channels[i].engine);
        days->channels[i].engine = NULL;
        days->channels[i].wake_ms = INT64_MAX;
        days_wire_drop(days, i);
    }
    intake_free(days->intake);
    days->intake = NULL;
    days->disk->off = true;
    store_close(days->store);
    days->store = NULL;
}

/* What the disk holds now; with a cut, as its log says it may be. */
static struct image what_is_left(struct days *days, bool power)
{
    if (!power)
        return disk_image(days->disk);
    struct platter platter;
    struct damage damage = {0};
    platter_init(&platter, &days->start, days->disk);
    while (platter.done < days->disk->log_count)
        platter_step(&platter);
    platter_draw(&platter, &days->random, 0, &damage);
    struct image left = platter_cut(&platter, &damage);
    damage_free(&damage);
    platter_free(&platter);
    return left;
}

int days_die(struct days *days, bool power)
{
    put_down(days);
    struct image left = what_is_left(days, power);
    disk_free(days->disk);
    image_free(&days->start);
    days->start = left;
    days->disk = disk_new(&days->start, random_next(&days->random));
    disk_calls_init(&days->calls, days->disk);
    return days_boot(days);
}

void days_close(struct days *days)
{
    put_down(days);
    disk_free(days->disk);
    image_free(&days->start);
    for (uint32_t i = 0; i < days->setup->channels; i++) {
        struct days_channel *channel = &days->channels[i];
        for (int j = 0; j < DAYS_STRAYS_MAX; j++)
            if (channel->strays[j].used)
                channel_request_free(&channel->strays[j].request);
        shop_free(channel->shop);
    }
}

/* --- commits ------------------------------------------------------------------------------------------ */

static void answered(void *user, const struct store_result *result)
{
    ((struct days *)user)->failed = result->error;
}

int days_commit(struct days *days, struct changes *changes)
{
    if (changes_empty(changes))
        return 0;
    int64_t before = days_deficit(days);
    bool fact = days_sum_events(days, changes);
    uint32_t count = changes->row_count;
    struct change *rows = NULL;
    if (count) {
        rows = reallocarray(NULL, count, sizeof *rows);
        if (!rows)
            return FAIL("no memory for rows");
        memcpy(rows, changes->rows, count * sizeof *rows);
    }
    days->tally->commits++;
    store_submit(days->store, changes, answered, days);
    int result = days->failed ? FAIL("a commit failed: %d", days->failed) : days_keep_rows(days, rows, count);
    free(rows);
    int64_t after = days_deficit(days);
    if (result == 0 && !fact && after > before)
        return FAIL("an action of ours took the deficit from %" PRId64 " to %" PRId64, before, after);
    return result;
}

/* What courier.c does around the engine, with time and disk of this world. */
int days_step(struct days *days, uint32_t number, enum engine_input_kind kind,
              const struct channel_answer *answer)
{
    struct days_channel *channel = &days->channels[number];
    COURIER_LOOKUP_AUTO struct courier_lookup lookup = {0};
    if (courier_lookup_read(days->store, answer, &lookup) < 0)
        return FAIL("looking rows up failed");
    struct engine_input input = {.kind = kind,
                                 .answer = answer,
                                 .known = lookup.known,
                                 .listing_items = lookup.items,
                                 .listing_moved = lookup.moved,
                                 .claim_known = lookup.claim_known,
                                 .last = store_event_id(days->store, store_last_position(days->store)),
                                 .now_ms = days->now_ms,
                                 .wall_ms = days_wall_ms(days),
                                 .event_time_ms = store_event_time(days->store, days->now_ms),
                                 .random = days_draw_id(days)};
    struct engine_output output = engine_output_new();
    int result = engine_step(channel->engine, &input, &output);
    if (result < 0) {
        engine_output_free(&output);
        return FAIL("an engine step failed: %d", result);
    }
    channel->wake_ms = output.wake_ms;
    bool changed = !changes_empty(&output.changes);
    result = days_commit(days, &output.changes);
    for (uint32_t i = 0; i < output.request_count && result == 0; i++) {
        days_send(days, number, &output.requests[i]);
        output.requests[i] = (struct channel_request){0};
    }
    engine_output_free(&output);
    return result < 0 || !changed ? result : days_check(days, number);
}

int days_notify(struct days *days, enum engine_input_kind kind)
{
    int result = 0;
    for (uint32_t i = 0; i < days->setup->channels && result == 0; i++)
        result = days_step(days, i, kind, NULL);
    return result;
}
