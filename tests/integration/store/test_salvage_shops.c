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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shops_cards_and_ops_come_back, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
