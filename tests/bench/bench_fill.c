/* A ledger with a past: items, codes, stock and sales, committed in large sets through the store's own front
 * door. */
#include <inttypes.h>
#include <stdio.h>

#include "bench.h"

enum { EVENTS_AT_ONCE = 4000 };

static void flush(struct bench *bench, struct changes *changes)
{
    int error = 0;
    bench_commit(bench->store, changes, &error);
    if (error)
        bench_die("fill", error);
    while (store_maintain(bench->store, false) > 0)
        ;
}

static void add_item(struct changes *changes, uint32_t alias)
{
    char sku[32], title[64], code[32];
    (void)snprintf(sku, sizeof sku, "SKU-%" PRIu32, alias);
    (void)snprintf(title, sizeof title, "Item number %" PRIu32, alias);
    (void)snprintf(code, sizeof code, "CODE-%" PRIu32, alias);
    struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
    event.item.item = alias;
    event.item.sku = text_of(sku);
    event.item.title = text_of(title);
    event.item.price_minor = 1000 + alias;
    event.item.currency = text_of("EUR");
    changes_add_event(changes, &event);
    event = (struct event){.kind = EVENT_BARCODE_LINKED, .version = 1};
    event.barcode.item = alias;
    event.barcode.code = text_of(code);
    event.barcode.pack = 1;
    changes_add_event(changes, &event);
    event = (struct event){.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = alias;
    event.adjustment.location = 1;
    event.adjustment.delta = 100000;
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(changes, &event);
}

void bench_fill(const char *directory, uint32_t items, uint64_t events)
{
    struct bench bench;
    bench_open(&bench, directory);
    struct changes changes = changes_new();
    for (uint32_t alias = 2; alias <= items; alias++) {
        add_item(&changes, alias);
        if (changes.event_count >= EVENTS_AT_ONCE)
            flush(&bench, &changes);
    }
    struct event sale = {.kind = EVENT_SALE, .version = 1};
    sale.sale.location = sale.sale.source = sale.sale.line_count = 1;
    while (store_last_position(bench.store) + changes.event_count < events) {
        uint64_t number = store_last_position(bench.store) + changes.event_count;
        sale.time_ms = number;
        sale.sale.lines[0] = (struct sale_line){.item = 1 + (uint32_t)(number % items),
                                                .quantity = 1,
                                                .unit_price_minor = 2400,
                                                .unit_cost_minor = 720};
        changes_add_event(&changes, &sale);
        if (changes.event_count >= EVENTS_AT_ONCE)
            flush(&bench, &changes);
    }
    flush(&bench, &changes);
    changes_free(&changes);
    (void)printf("events %" PRIu64 "\n", store_last_position(bench.store));
    bench_close(&bench);
}
