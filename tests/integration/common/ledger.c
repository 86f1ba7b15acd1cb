#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "ledger.h"

int ledger_setup(void **state)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger)
        return -1;
    (void)snprintf(ledger->directory, sizeof ledger->directory, "/tmp/fairstock-ledger-XXXXXX");
    (void)snprintf(ledger->copy, sizeof ledger->copy, "/tmp/fairstock-copy-XXXXXX");
    *state = ledger;
    return mkdtemp(ledger->directory) && mkdtemp(ledger->copy) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void ledger_remove(const char *directory)
{
    (void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int ledger_teardown(void **state)
{
    struct ledger *ledger = *state;
    store_close(ledger->store);
    ledger_remove(ledger->directory);
    ledger_remove(ledger->copy);
    free(ledger);
    return 0;
}

struct store_start ledger_start(struct ledger *ledger)
{
    struct store_start start = {.wall_ms = 1790000000000 + ledger->next_epoch,
                                .boottime_ms = 1000,
                                .practice = true,
                                .program = "test",
                                .sha256 = crypto_sha256_two};
    memset(start.new_device.bytes, 0xd0, ID128_BYTES);
    memset(start.epoch.bytes, 0xe0, ID128_BYTES);
    start.epoch.bytes[0] = ++ledger->next_epoch;
    return start;
}

void ledger_open(struct ledger *ledger)
{
    struct store_start start = ledger_start(ledger);
    struct err err = {0};
    int result = store_open(ledger->directory, &start, &ledger->store, &err);
    if (result < 0)
        print_error("%s\n", err_text(&err));
    assert_int_equal(result, 0);
}

void ledger_close(struct ledger *ledger)
{
    store_close(ledger->store);
    ledger->store = NULL;
}

void ledger_reopen(struct ledger *ledger)
{
    ledger_close(ledger);
    ledger_open(ledger);
}

void ledger_path(const struct ledger *ledger, const char *name, char path[LEDGER_PATH_BYTES])
{
    (void)snprintf(path, LEDGER_PATH_BYTES, "%s/%s", ledger->directory, name);
}

static void copy_file(const char *from, const char *to, const char *name)
{
    char source[LEDGER_PATH_BYTES], target[LEDGER_PATH_BYTES], part[4096];
    (void)snprintf(source, sizeof source, "%s/%s", from, name);
    (void)snprintf(target, sizeof target, "%s/%s", to, name);
    FILE *in = fopen(source, "rb");
    FILE *out = fopen(target, "wb");
    assert_non_null(in);
    assert_non_null(out);
    size_t got;
    while ((got = fread(part, 1, sizeof part, in)) > 0)
        assert_int_equal(fwrite(part, 1, got, out), got);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

void ledger_open_copy(struct ledger *ledger, struct ledger *copied)
{
    copy_file(ledger->directory, ledger->copy, "ledger.db");
    copy_file(ledger->directory, ledger->copy, "ledger.db-wal");
    *copied = (struct ledger){.next_epoch = 100};
    memcpy(copied->directory, ledger->copy, sizeof copied->directory);
    ledger_open(copied);
}

static void keep_result(void *user, const struct store_result *result)
{
    *(struct store_result *)user = *result;
}

struct store_result ledger_submit(struct ledger *ledger, struct changes *take_changes)
{
    struct store_result result = {.error = 1};
    store_submit(ledger->store, take_changes, keep_result, &result);
    changes_free(take_changes);
    return result;
}

void ledger_add_item(struct changes *changes, uint32_t alias, const char *sku, const char *code,
                     uint32_t flags, int64_t on_hand)
{
    struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
    event.item.item = alias;
    event.item.sku = text_of(sku);
    event.item.title = text_of("Blue mug");
    event.item.price_minor = 2400;
    event.item.currency = text_of("EUR");
    event.item.flags = flags;
    changes_add_event(changes, &event);
    event = (struct event){.kind = EVENT_BARCODE_LINKED, .version = 1};
    event.barcode.item = alias;
    event.barcode.code = text_of(code);
    event.barcode.pack = 1;
    changes_add_event(changes, &event);
    event = (struct event){.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = alias;
    event.adjustment.location = LEDGER_BOOTH;
    event.adjustment.delta = on_hand;
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(changes, &event);
}

void ledger_stock_up(struct ledger *ledger)
{
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_LOCATION_CREATED, .version = 1};
    event.location.location = LEDGER_BOOTH;
    event.location.name = text_of("booth");
    event.location.kind = 1;
    changes_add_event(&changes, &event);
    ledger_add_item(&changes, 1, "MUG", "4006381333931", 0, 100);
    ledger_add_item(&changes, 2, "CUP", "CUP-1", 0, 100);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

void ledger_connect_shop(struct ledger *ledger)
{
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_CHANNEL_CONNECTED, .version = 1};
    event.channel.channel = 1;
    event.channel.kind = text_of("practice");
    event.channel.name = text_of("shop");
    event.channel.location = LEDGER_BOOTH;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_CHANNEL_LIVE, .version = 1};
    event.live.channel = event.live.live = 1;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_LISTING_LINKED, .version = 1};
    event.listing.channel = event.listing.listing = event.listing.item = event.listing.pack = 1;
    event.listing.remote_id = text_of("gid/1");
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_BASELINE, .version = 1};
    event.baseline.channel = event.baseline.listing = event.baseline.item = event.baseline.pack = 1;
    event.baseline.location = LEDGER_BOOTH;
    event.baseline.level = 10;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_GRANT, .version = 1};
    event.allocation.channel = event.allocation.listing = 1;
    event.allocation.units = 5;
    changes_add_event(&changes, &event);
    for (int i = 0; i < 2; i++) { /* ordered 3, then one handed over */
        event = (struct event){.kind = EVENT_ORDER_STATE, .version = 1};
        event.order.channel = event.order.listing = event.order.item = event.order.pack = 1;
        event.order.location = LEDGER_BOOTH;
        event.order.source_key = text_of("line/1");
        event.order.order = text_of("1001");
        event.order.version = 100 + i;
        event.order.difference.ordered = i ? 0 : 3;
        event.order.difference.handed_over = i;
        changes_add_event(&changes, &event);
    }
    struct channel channel = {
        .alias = 1, .location = LEDGER_BOOTH, .baselined = true, .live = true, .baseline_ms = 77};
    (void)snprintf(channel.kind, sizeof channel.kind, "practice");
    (void)snprintf(channel.name, sizeof channel.name, "shop");
    changes_put_channel(&changes, &channel);
    struct listing listing = {.channel = 1,
                              .alias = 1,
                              .item = 1,
                              .pack = 1,
                              .baseline = 10,
                              .granted = 5,
                              .sold = 3,
                              .remote_id = "gid/1"};
    changes_put_listing(&changes, &listing);
    struct order_line line = {.channel = 1,
                              .source_key = "line/1",
                              .order = "1001",
                              .order_name = "#1001",
                              .remote_id = "gid/1",
                              .listing = 1,
                              .item = 1,
                              .pack = 1,
                              .location = LEDGER_BOOTH,
                              .lines_in_order = 2,
                              .version = 101,
                              .created_wall_ms = 4711,
                              .booked = {.ordered = 3, .handed_over = 1}};
    changes_put_order_line(&changes, &line);
    struct card card = {
        .kind = CARD_BELOW_ZERO, .state = CARD_OPEN, .key = "MUG", .item = 1, .text = "count it"};
    changes_put_card(&changes, &card);
    struct op op = {.id = {{9}},
                    .request_key = {{8}},
                    .channel = 1,
                    .kind = OP_LEVEL,
                    .state = OP_SENT,
                    .listing = 1,
                    .delta = 5};
    changes_put_op(&changes, &op);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

struct store_result ledger_sell(struct ledger *ledger, uint32_t item, int64_t quantity)
{
    struct event event = {.kind = EVENT_SALE, .version = 1, .time_ms = 5};
    event.sale.location = LEDGER_BOOTH;
    event.sale.line_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = item, .quantity = quantity, .unit_price_minor = 2400};
    if (!item)
        event.sale.lines[0].code = text_of("UNKNOWN");
    struct store_result result = {.error = 1};
    store_submit_event(ledger->store, &event, keep_result, &result);
    return result;
}

int64_t ledger_on_hand(struct ledger *ledger, uint32_t item)
{
    return book_stock(store_book(ledger->store), item, LEDGER_BOOTH).on_hand;
}

struct store_check ledger_verify(struct ledger *ledger)
{
    struct store_check check;
    assert_int_equal(store_verify(ledger->store, crypto_sha256_two, &check), 0);
    if (check.first_bad_position)
        print_error("position %llu: %s\n", (unsigned long long)check.first_bad_position, check.words);
    assert_int_equal(check.first_bad_position, 0);
    return check;
}
