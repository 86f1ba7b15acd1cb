/* A long time away from any network, quickly: a start of the store a day, the day's sales in sets through its
 * own front door. What is sold is made the same day; on the last day some units of each item break, so the
 * shop has something to learn at the end.
 *
 *   sell_many STATE DAYS SALES WALL_MS     WALL_MS: the morning of the first day */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "store/store.h"

enum { EVENTS_AT_ONCE = 200, DAY_MS = 86400000, LOCATION = 1, BROKEN = 20 };

static void die(const char *what, int error)
{
    (void)fprintf(stderr, "sell_many: %s: %s\n", what, error ? strerrordesc_np(-error) : "failed");
    exit(1);
}

static void keep_error(void *user, const struct store_result *result)
{
    *(int *)user = result->error;
}

static void commit(struct store *store, struct changes *changes)
{
    int error = 0;
    store_submit(store, changes, keep_error, &error);
    if (error)
        die("commit", error);
    while (store_maintain(store, false) > 0)
        ;
}

static void add_sale(struct changes *changes, uint32_t item, uint64_t time_ms)
{
    struct event event = {.kind = EVENT_SALE, .version = 1, .time_ms = time_ms};
    event.sale.location = LOCATION;
    event.sale.source = event.sale.line_count = 1;
    event.sale.lines[0] =
        (struct sale_line){.item = item, .quantity = 1, .unit_price_minor = 2400, .unit_cost_minor = 720};
    changes_add_event(changes, &event);
}

static void make_units(struct changes *changes, uint32_t item, int64_t units)
{
    struct event event = {.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = item;
    event.adjustment.location = LOCATION;
    event.adjustment.delta = units;
    event.adjustment.reason = ADJUST_MADE;
    changes_add_event(changes, &event);
}

static void sell_day(struct store *store, uint64_t sales, bool last_day)
{
    struct changes changes = changes_new();
    uint32_t items = book_item_count(store_book(store));
    if (!items)
        die("a catalogue", 0);
    for (uint32_t item = 1; item <= items; item++) {
        uint64_t share = sales / items + (item <= sales % items ? 1 : 0);
        make_units(&changes, item, (int64_t)share - (last_day ? BROKEN : 0));
    }
    for (uint64_t n = 0; n < sales; n++) {
        add_sale(&changes, 1 + (uint32_t)(n % items), n * DAY_MS / sales / 3);
        if (changes.event_count >= EVENTS_AT_ONCE)
            commit(store, &changes);
    }
    commit(store, &changes);
    changes_free(&changes);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        (void)fprintf(stderr, "usage: sell_many STATE DAYS SALES WALL_MS\n");
        return 2;
    }
    uint64_t days = strtoull(argv[2], NULL, 10), sales = strtoull(argv[3], NULL, 10);
    int64_t wall_ms = strtoll(argv[4], NULL, 10);
    uint64_t last = 0;
    for (uint64_t day = 0; day < days; day++) {
        struct store_start start = {.wall_ms = wall_ms + (int64_t)day * DAY_MS,
                                    .boottime_ms = 1,
                                    .program = "sell_many",
                                    .sha256 = crypto_sha256_two};
        struct err err = {0};
        struct store *store = NULL;
        crypto_random(start.epoch.bytes, ID128_BYTES);
        crypto_random(start.boot.bytes, ID128_BYTES);
        if (store_open(argv[1], &start, &store, &err) < 0)
            die(err_text(&err), 0);
        sell_day(store, sales * (day + 1) / days - sales * day / days, day + 1 == days);
        last = store_last_position(store);
        store_close(store);
    }
    (void)printf("%" PRIu64 "\n", last);
    return 0;
}
