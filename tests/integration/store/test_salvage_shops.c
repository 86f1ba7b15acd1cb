/* What a salvage brings back beside stock: shops, listings, orders from their events; cards and ops from what
 * rows can still be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "damage.h"

/* A channel with a listing, one order with units still open, a card, an op that was sent. */
static void connect_shop(struct ledger *ledger)
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

static void shops_cards_and_ops_come_back(void **state)
{
    struct ledger *ledger = *state;
    struct store_salvaged salvaged;
    struct err err = {0};
    struct order_line line;
    struct card card;
    char path[LEDGER_PATH_BYTES];
    static uint8_t bytes[DAMAGE_FILE_MAX_BYTES];
    uint8_t event[EVENT_MAX_BYTES];
    size_t size, length = sizeof event;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    connect_shop(ledger);
    struct changes changes = changes_new();
    ledger_add_item(&changes, 4, "TO BE LOST", "LOST-CODE", 0, 7);
    uint64_t lost = ledger_submit(ledger, &changes).first_position;
    assert_int_equal(store_event(ledger->store, lost, event, &length), 0);
    ledger_close(ledger);
    ledger_path(ledger, "ledger.db", path);
    damage_read(path, bytes, &size);
    uint8_t *at = memmem(bytes, size, event, length);
    assert_non_null(at);
    at[length - 3] ^= 0x20;
    damage_place(ledger, bytes, size);
    int result = damage_salvage(ledger, &salvaged, &err);
    if (result < 0)
        print_error("%s\n", err_text(&err));
    assert_int_equal(result, 0);
    assert_true(salvaged.cards);
    assert_int_equal(salvaged.lost, 1);
    ledger_open(ledger);
    const struct book *book = store_book(ledger->store);
    const struct channel *channel = book_channel(book, 1);
    const struct listing *listing = book_listing(book, 1, 1);
    assert_non_null(channel);
    assert_non_null(listing);
    assert_string_equal(channel->name, "shop");
    assert_true(channel->baselined && channel->live);
    assert_int_equal(channel->baseline_ms, 77);
    assert_string_equal(listing->remote_id, "gid/1");
    assert_int_equal(listing_expected(listing), 12);
    assert_int_equal(store_order_line(ledger->store, 1, "line/1", &line), 0);
    assert_int_equal(line.booked.ordered, 3);
    assert_int_equal(line.booked.handed_over, 1);
    assert_int_equal(line.version, 101);
    assert_int_equal(line.lines_in_order, 2);
    assert_string_equal(line.order_name, "#1001");
    assert_int_equal(book_stock(book, 1, LEDGER_BOOTH).committed, 2);
    assert_int_equal(store_cards(ledger->store, false, &card, 1), 1);
    assert_string_equal(card.text, "count it");
    assert_int_equal(book_op_count(book), 1);
    ledger_close(ledger);
}

/* A shop of which events are all that is left. The clock was wrong and was put right after it was connected.
 */
static void connect_second_shop(struct ledger *ledger, struct id128 boot)
{
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_CHANNEL_CONNECTED, .version = 1, .time_ms = 1000};
    event.channel.channel = 2;
    event.channel.kind = text_of("practice");
    event.channel.name = text_of("second");
    event.channel.location = LEDGER_BOOTH;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_LISTING_LINKED, .version = 1, .time_ms = 2000};
    event.listing.channel = 2;
    event.listing.listing = event.listing.item = event.listing.pack = 1;
    event.listing.remote_id = text_of("gid/2");
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_ORDER_STATE, .version = 1, .time_ms = 3000};
    event.order.channel = 2;
    event.order.listing = event.order.item = event.order.pack = 1;
    event.order.location = LEDGER_BOOTH;
    event.order.source_key = text_of("line/2");
    event.order.order = text_of("2001");
    event.order.difference.ordered = 1;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_TIME_FACT, .version = 1, .time_ms = 4000};
    event.time_fact.boot = boot;
    event.time_fact.offset_ms = 1800000000000;
    event.time_fact.quality = CLOCK_PHONE;
    event.time_fact.source = text_of("phone");
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

static void times_are_as_the_events_say_that_they_were(void **state)
{
    struct ledger *ledger = *state;
    struct store_salvaged salvaged;
    struct order_line line;
    char path[LEDGER_PATH_BYTES];
    static uint8_t bytes[DAMAGE_FILE_MAX_BYTES];
    uint8_t event[EVENT_MAX_BYTES];
    size_t size, length = sizeof event;
    struct store_start start = ledger_start(ledger);
    memset(start.boot.bytes, 0xb0, ID128_BYTES);
    start.wall_ms = 1000; /* 1970 */
    assert_int_equal(store_open(ledger->directory, &start, &ledger->store, NULL), 0);
    ledger_stock_up(ledger);
    connect_second_shop(ledger, start.boot);
    uint64_t lost = ledger_sell(ledger, 1, 1).first_position;
    assert_int_equal(store_event(ledger->store, lost, event, &length), 0);
    ledger_close(ledger);
    ledger_path(ledger, "ledger.db", path);
    damage_read(path, bytes, &size);
    uint8_t *at = memmem(bytes, size, event, length);
    assert_non_null(at);
    at[length - 3] ^= 0x20;
    damage_place(ledger, bytes, size);
    assert_int_equal(damage_salvage(ledger, &salvaged, NULL), 0);
    ledger_open(ledger);
    const struct channel *channel = book_channel(store_book(ledger->store), 2);
    assert_non_null(channel);
    assert_int_equal(channel->baseline_ms, 1800000000000 + 1000 + 2000); /* CLOCK_BOOTTIME was 1,000 */
    assert_int_equal(store_order_line(ledger->store, 2, "line/2", &line), 0);
    assert_int_equal(line.created_wall_ms, 1800000000000 + 1000 + 3000);
    ledger_close(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shops_cards_and_ops_come_back, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(times_are_as_the_events_say_that_they_were, ledger_setup,
                                        ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
