/* What is known of the boots' clocks: the row that a time_fact event derives, and the last starts with it. */
#include <errno.h>

#include "store/store_internal.h"

static int get_clock(struct store *store, const struct id128 *boot, struct boot_clock *clock)
{
    sqlite3_stmt *get = store_use(store, SQL_BOOT_CLOCK_GET);
    store_bind_id(get, 1, boot);
    int result = store_step(get);
    if (result == 1)
        *clock = (struct boot_clock){sqlite3_column_int64(get, 0), store_column_u32(get, 1),
                                     store_column_u32(get, 2)};
    (void)sqlite3_reset(get);
    return result < 0 ? result : 0;
}

int store_put_time_fact(struct store *store, const struct event *event)
{
    struct boot_clock clock = {0};
    int result = get_clock(store, &event->time_fact.boot, &clock);
    if (result < 0)
        return result;
    time_fact_take(&clock, event->time_fact.quality, event->time_fact.offset_ms);
    sqlite3_stmt *put = store_use(store, SQL_BOOT_CLOCK_PUT);
    store_bind_id(put, 1, &event->time_fact.boot);
    store_bind_i(put, 2, clock.offset_ms);
    store_bind_u(put, 3, clock.quality);
    store_bind_u(put, 4, clock.facts);
    return store_run(put);
}

/* When the last event of a start happened, from its last few: the seal of an orderly stop carries no time. */
static int read_last(struct store *store, uint64_t first, uint64_t last, int64_t *since_ms)
{
    enum { LOOK_BACK = 4 };
    uint8_t bytes[EVENT_MAX_BYTES];
    *since_ms = 0;
    for (int i = 0; i < LOOK_BACK && last > first && !*since_ms; i++, last--) {
        struct event event;
        size_t length = sizeof bytes;
        int result = store_event(store, last, bytes, &length);
        if (result < 0)
            return result;
        if (event_decode(bytes, length, &event) == 0 && event.time_ms <= INT64_MAX / 2)
            *since_ms = (int64_t)event.time_ms;
    }
    return 0;
}

/* A clock that the start itself knew counts as a fact of its boot. */
static void read_start(sqlite3_stmt *row, struct time_start *start)
{
    int64_t boottime_ms = sqlite3_column_int64(row, 2);
    *start = (struct time_start){.first_position = (uint64_t)sqlite3_column_int64(row, 0),
                                 .boot = store_column_id(row, 1),
                                 .boottime_ms = boottime_ms,
                                 .last_ms = boottime_ms};
    if (!id128_is_zero(start->boot)) /* boots without a name are not one boot */
        start->clock = (struct boot_clock){sqlite3_column_int64(row, 5), store_column_u32(row, 6),
                                           store_column_u32(row, 7)};
    uint32_t own = store_column_u32(row, 4);
    if (own > start->clock.quality) {
        start->clock.quality = own;
        start->clock.offset_ms = sqlite3_column_int64(row, 3) - boottime_ms;
    }
}

/* What one start of a boot knew, all of that boot know: the best, and of equals the latest. */
static void share_within_boots(struct time_start *starts, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        if (id128_is_zero(starts[i].boot))
            continue;
        for (uint32_t j = 0; j < count; j++)
            if (id128_equal(starts[i].boot, starts[j].boot) &&
                starts[i].clock.quality > starts[j].clock.quality)
                starts[j].clock = starts[i].clock;
    }
}

static int read_ends(struct store *store, struct time_start *starts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool bounds = i + 1 < count && starts[i + 1].clock.quality == CLOCK_UNKNOWN;
        if (starts[i].clock.quality != CLOCK_UNKNOWN && !bounds)
            continue; /* nobody asks */
        uint64_t last = i + 1 < count ? starts[i + 1].first_position - 1 : store->last_position;
        int64_t since_ms = 0;
        int result = read_last(store, starts[i].first_position, last, &since_ms);
        if (result < 0)
            return result;
        starts[i].last_ms += since_ms;
    }
    return 0;
}

int store_starts(struct store *store, struct time_start *starts, uint32_t n)
{
    sqlite3_stmt *rows = store_use(store, SQL_STARTS);
    store_bind_u(rows, 1, n);
    uint32_t count = 0;
    int result = 0;
    while (count < n && (result = store_step(rows)) == 1)
        read_start(rows, &starts[count++]);
    (void)sqlite3_reset(rows);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < count / 2; i++) { /* they come newest first */
        struct time_start swapped = starts[i];
        starts[i] = starts[count - 1 - i];
        starts[count - 1 - i] = swapped;
    }
    share_within_boots(starts, count);
    result = read_ends(store, starts, count);
    return result < 0 ? result : (int)count;
}
