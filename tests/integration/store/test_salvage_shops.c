/* What a salvage brings back beside stock: shops, listings, orders from their events; cards and ops from what
 * rows can still be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damage.h"

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
    ledger_connect_shop(ledger);
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

/* --- each event lost in turn --- */

enum { EVENTS_MAX = 64 };

struct kept {
    uint8_t bytes[EVENTS_MAX][EVENT_MAX_BYTES];
    size_t lengths[EVENTS_MAX];
    uint32_t kinds[EVENTS_MAX];
    uint64_t count;
};

static int keep_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                      const uint8_t tag[4])
{
    struct kept *kept = user;
    struct event event;
    (void)id;
    (void)tag;
    assert_true(position < EVENTS_MAX);
    assert_int_equal(event_decode(bytes, length, &event), 0);
    memcpy(kept->bytes[position], bytes, length);
    kept->lengths[position] = length;
    kept->kinds[position] = event.kind;
    kept->count = position;
    return 0;
}

/* What else can happen at a shop; a place and an item of their own; starts between. */
static void happen_more(struct ledger *ledger)
{
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_LOCATION_CREATED, .version = 1};
    event.location.location = 2;
    event.location.name = text_of("attic");
    event.location.kind = 1;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = event.adjustment.location = 2;
    event.adjustment.delta = 4;
    event.adjustment.reason = ADJUST_FOUND;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_REVOKE, .version = 1};
    event.allocation.channel = event.allocation.listing = 1;
    event.allocation.units = 1;
    event.allocation.proof = PROOF_ANSWER;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_LEVEL_EDIT, .version = 1};
    event.edit.channel = event.edit.listing = 1;
    event.edit.delta = -2;
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_OP_RESULT, .version = 1};
    event.op_result.channel = event.op_result.kind = event.op_result.outcome = 1;
    event.op_result.words = text_of("the shop said that all was well");
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    struct store_result sold = ledger_sell(ledger, 0, 1);
    assert_int_equal(sold.error, 0);
    changes = changes_new();
    event = (struct event){.kind = EVENT_UNKNOWN_NAMED, .version = 1};
    event.named.item = event.named.location = 2;
    event.named.quantity = 1;
    assert_int_equal(store_ref(ledger->store, sold.first_position, &event.named.sale), 0);
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

static void check_what_is_left(struct ledger *ledger, const struct kept *kept, uint64_t lost,
                               const struct store_salvaged *salvaged)
{
    const struct book *book = store_book(ledger->store);
    uint32_t kind = kept->kinds[lost];
    struct item item;
    assert_int_equal(ledger_verify(ledger).lost, salvaged->lost);
    assert_int_equal(salvaged->events + salvaged->lost, kept->count);
    assert_int_equal(salvaged->lost, 1);
    for (uint32_t alias = 1; alias <= 2; alias++) /* whatever was lost, both are called something */
        assert_int_equal(store_item(ledger->store, alias, &item), 0);
    assert_int_equal(book_channel(book, 1) == NULL, kind == EVENT_CHANNEL_CONNECTED);
    const struct listing *listing = book_listing(book, 1, 1);
    if (kind != EVENT_CHANNEL_CONNECTED && kind != EVENT_LISTING_LINKED) {
        assert_non_null(listing);
        int64_t all = 10 + 5 - 1 - 3 - 2;
        int64_t gone = kind == EVENT_BASELINE     ? 10
                       : kind == EVENT_GRANT      ? 5
                       : kind == EVENT_REVOKE     ? -1
                       : kind == EVENT_LEVEL_EDIT ? -2
                                                  : 0;
        if (kind != EVENT_ORDER_STATE) /* either of two */
            assert_int_equal(listing_expected(listing), all - gone);
    } else {
        assert_null(listing);
    }
    int64_t before = ledger_on_hand(ledger, 1);
    assert_int_equal(ledger_sell(ledger, 1, 2).error, 0);
    assert_int_equal(ledger_on_hand(ledger, 1), before - 2);
}

static void each_event_lost_in_turn(void **state)
{
    struct ledger *ledger = *state;
    struct kept *kept = calloc(1, sizeof *kept);
    static uint8_t bytes[DAMAGE_FILE_MAX_BYTES];
    char path[LEDGER_PATH_BYTES];
    size_t size;
    assert_non_null(kept);
    ledger_open(ledger);
    ledger_stock_up(ledger);
    ledger_reopen(ledger);
    ledger_connect_shop(ledger);
    ledger_reopen(ledger);
    happen_more(ledger);
    ledger_close(ledger);
    struct store *store;
    assert_int_equal(store_open_readonly(ledger->directory, &store, NULL), 0);
    assert_int_equal(store_walk(store, 0, keep_event, kept), 0);
    store_close(store);
    ledger_path(ledger, "ledger.db", path);
    damage_read(path, bytes, &size);
    for (uint64_t lost = 1; lost < kept->count; lost++) { /* the last one is a seal: nobody misses it */
        struct store_salvaged salvaged;
        struct err err = {0};
        uint8_t *at = memmem(bytes, size, kept->bytes[lost], kept->lengths[lost]);
        assert_non_null(at);
        at[kept->lengths[lost] - 1] ^= 0x20;
        damage_place(ledger, bytes, size);
        at[kept->lengths[lost] - 1] ^= 0x20;
        int result = damage_salvage(ledger, &salvaged, &err);
        if (result < 0)
            fail_msg("event %llu of kind %u: %s", (unsigned long long)lost, kept->kinds[lost],
                     err_text(&err));
        ledger_open(ledger);
        check_what_is_left(ledger, kept, lost, &salvaged);
        ledger_close(ledger);
    }
    free(kept);
}

/* --- times --- */

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
        cmocka_unit_test_setup_teardown(each_event_lost_in_turn, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(times_are_as_the_events_say_that_they_were, ledger_setup,
                                        ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
