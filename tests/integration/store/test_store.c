/* The ledger on real SQLite files in a temporary directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "ledger.h"
#include "store/store_internal.h"

/* --- tests
 * --------------------------------------------------------------------------------------------------------------------
 */

static void test_sales_survive_a_restart(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    struct store_result first = ledger_sell(f, 1, 1);
    assert_int_equal(first.error, 0);
    assert_int_equal(ledger_sell(f, 1, 2).first_position, first.first_position + 1);
    assert_int_equal(ledger_on_hand(f, 1), 97);
    struct event_id before = store_event_id(f->store, first.first_position);
    ledger_reopen(f);
    assert_int_equal(ledger_on_hand(f, 1), 97);
    assert_int_equal(ledger_on_hand(f, 2), 100);
    struct event_id after = store_event_id(f->store, first.first_position);
    assert_true(id128_equal(before.epoch, after.epoch));
    assert_int_equal(before.sequence, after.sequence);
    struct book_item found;
    assert_true(book_find_code(store_book(f->store), "4006381333931", &found));
    assert_int_equal(found.alias, 1);
    assert_int_equal(found.price_minor, 2400);
}

/* What kill -9 leaves: database and WAL as they are at that moment. */
static void test_copy_while_open_has_every_sale(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    for (int i = 0; i < 300; i++)
        assert_int_equal(ledger_sell(f, 1 + (uint32_t)(i % 2), 1).error, 0);
    int maintained = store_maintain(f->store, true);
    assert_true(maintained >= 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ledger_sell(f, 1, 1).error, 0);
    struct ledger copied;
    ledger_open_copy(f, &copied);
    assert_int_equal(ledger_on_hand(&copied, 1), 100 - 150 - 10);
    assert_int_equal(ledger_on_hand(&copied, 2), 100 - 150);
    struct store_check check;
    assert_int_equal(store_verify(copied.store, crypto_sha256_two, &check), 0);
    assert_int_equal(check.first_bad_position, 0);
    assert_true(check.seals >= 1);
    assert_int_equal(check.epochs, 2);
    store_close(copied.store);
}

/* Law: snapshot + tail = recomputation, whenever snapshots are taken. */
static void test_snapshot_and_tail_equal_recomputation(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    srand(7);
    int64_t expected[3] = {0, 100, 100};
    for (int i = 0; i < 2000; i++) {
        uint32_t item = (uint32_t)(rand() % 3);
        int64_t quantity = 1 + rand() % 3;
        assert_int_equal(ledger_sell(f, item, quantity).error, 0);
        expected[item] -= item ? quantity : 0;
        if (rand() % 97 == 0)
            while (store_maintain(f->store, rand() % 2) > 0)
                ;
        if (rand() % 301 == 0)
            ledger_reopen(f);
    }
    ledger_reopen(f);
    assert_int_equal(ledger_on_hand(f, 1), expected[1]);
    assert_int_equal(ledger_on_hand(f, 2), expected[2]);
}

static void test_second_process_is_refused(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    struct ledger other = {.next_epoch = 50};
    memcpy(other.directory, f->directory, sizeof other.directory);
    struct store_start start = ledger_start(&other);
    struct store *second = NULL;
    struct err err = {0};
    assert_int_equal(store_open(f->directory, &start, &second, &err), -EBUSY);
    assert_null(second);
    assert_non_null(strstr(err_text(&err), "another fairstockd"));
}

static void test_practice_and_real_do_not_mix(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    store_close(f->store);
    f->store = NULL;
    struct store_start start = ledger_start(f);
    start.practice = false;
    struct store *store = NULL;
    struct err err = {0};
    assert_int_equal(store_open(f->directory, &start, &store, &err), -EPERM);
    assert_non_null(strstr(err_text(&err), "practice ledger"));
    struct ledger real = {0};
    (void)snprintf(real.directory, sizeof real.directory, "%s", f->copy); /* empty still */
    assert_int_equal(store_open(real.directory, &start, &store, &err), 0);
    store_close(store);
    store = NULL;
    start = ledger_start(f);
    assert_int_equal(store_open(real.directory, &start, &store, &err), -EPERM);
    assert_non_null(strstr(err_text(&err), "real ledger"));
    assert_null(store);
}

static void test_wal_stays_after_reading(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    while (store_maintain(f->store, false) > 0)
        ;
    store_close(f->store);
    f->store = NULL;
    struct store *store;
    struct err err = {0};
    assert_int_equal(store_open_readonly(f->directory, &store, &err), 0);
    store_close(store);
    char path[128];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/ledger.db-wal", f->directory);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size >= 4 * 1024 * 1024);
}

static void test_rows_come_back(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    struct changes changes = changes_new();
    struct channel channel = {.alias = 1, .location = 1, .live = true, .orders_since_ms = 77};
    (void)snprintf(channel.kind, sizeof channel.kind, "practice");
    (void)snprintf(channel.name, sizeof channel.name, "shop");
    changes_put_channel(&changes, &channel);
    struct listing listing = {.channel = 1,
                              .alias = 1,
                              .item = 1,
                              .pack = 2,
                              .baseline = 5,
                              .sold = 1,
                              .has_level = true,
                              .level = 4};
    (void)snprintf(listing.remote_id, sizeof listing.remote_id, "gid://1");
    changes_put_listing(&changes, &listing);
    struct op op = {.channel = 1,
                    .kind = OP_LEVEL,
                    .state = OP_SENT,
                    .listing = 1,
                    .delta = -1,
                    .method = WRITE_COMPARE,
                    .from = 4};
    op.id.bytes[0] = 9;
    changes_put_op(&changes, &op);
    struct order_line line = {
        .channel = 1, .listing = 1, .item = 1, .pack = 2, .location = 1, .booked = {.ordered = 1}};
    (void)snprintf(line.source_key, sizeof line.source_key, "line-1");
    changes_put_order_line(&changes, &line);
    struct card card = {
        .kind = CARD_OVERSOLD, .state = CARD_OPEN, .channel = 1, .item = 1, .units = 1, .origin_event = 1};
    (void)snprintf(card.key, sizeof card.key, "line-1");
    changes_put_card(&changes, &card);
    struct event event = {.kind = EVENT_ORDER_STATE, .version = 1};
    event.order.channel = 1;
    event.order.source_key = text_of("line-1");
    event.order.order = text_of("1001");
    event.order.listing = event.order.item = event.order.location = 1;
    event.order.pack = 2;
    event.order.difference.ordered = 1;
    changes_add_event(&changes, &event);
    struct store_result result = ledger_submit(f, &changes);
    assert_int_equal(result.error, 0);
    ledger_reopen(f);
    struct book *book = store_book(f->store);
    assert_int_equal(book_stock(book, 1, 1).committed, 2);
    assert_int_equal(book_op_count(book), 1);
    assert_int_equal(book_listing_op(book, 1, 1)->from, 4);
    assert_int_equal(listing_expected(book_find_remote(book, 1, "gid://1")), 4);
    assert_int_equal(book_channel(book, 1)->orders_since_ms, 77);
    assert_int_equal(book_allocated(book, 1, 1), 8);
    struct card cards[2];
    assert_int_equal(store_cards(f->store, false, cards, 2), 1);
    assert_int_equal(cards[0].origin, result.first_position);
    struct order_line read;
    assert_int_equal(store_item_order_lines(f->store, 1, &read, 1), 1);
    assert_string_equal(read.source_key, "line-1");
    uint64_t positions[16];
    int count = store_item_events(f->store, 1, 0, positions, 16);
    assert_int_equal(count, 4); /* created, barcode, opening, order */
    assert_int_equal(positions[3], result.first_position);
    changes = changes_new();
    op.state = OP_DONE;
    changes_put_op(&changes, &op);
    assert_int_equal(ledger_submit(f, &changes).error, 0);
    ledger_reopen(f);
    assert_int_equal(book_op_count(store_book(f->store)), 0);
}

/* A card about the same thing is not opened twice; its numbers follow, its origin stays. */
static void test_unsettled_card_is_updated(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    for (int i = 1; i <= 2; i++) {
        struct changes changes = changes_new();
        struct card card = {.kind = CARD_DRIFT, .state = CARD_OPEN, .units = i, .origin = (uint64_t)i};
        (void)snprintf(card.key, sizeof card.key, "X");
        changes_put_card(&changes, &card);
        assert_int_equal(ledger_submit(f, &changes).error, 0);
    }
    struct card cards[3];
    assert_int_equal(store_cards(f->store, false, cards, 3), 1);
    assert_int_equal(cards[0].units, 2);
    assert_int_equal(cards[0].origin, 1);
    assert_int_equal(store_open_card_count(f->store), 1);
}

static void test_refused_batch_changes_nothing(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    uint64_t last = store_last_position(f->store);
    struct changes changes = changes_new();
    ledger_add_item(&changes, 3, "NEW", "NEW-1", 0, 100);
    ledger_add_item(&changes, 4, "MUG", "MUG-9", 0, 100); /* the SKU is taken */
    assert_int_equal(ledger_submit(f, &changes).error, -EEXIST);
    assert_int_equal(store_last_position(f->store), last);
    struct book_item found;
    assert_false(book_find_code(store_book(f->store), "NEW-1", &found));
    assert_int_equal(ledger_sell(f, 1, 1).error, 0);
    struct store_check check;
    assert_int_equal(store_verify(f->store, crypto_sha256_two, &check), 0);
    assert_int_equal(check.first_bad_position, 0);
}

static long long rows_of(struct ledger *f)
{
    sqlite3_stmt *ask;
    assert_int_equal(sqlite3_prepare_v2(f->store->db, "SELECT count(*) FROM event", -1, &ask, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(ask), SQLITE_ROW);
    long long rows = sqlite3_column_int64(ask, 0);
    (void)sqlite3_finalize(ask);
    return rows;
}

/* Somebody else put rows behind the last event: a sale there would not follow its chain, so it is refused and
 * nothing is written, until the rows are gone. */
static void test_rows_of_strangers_are_not_continued(void **state)
{
    struct ledger *f = *state;
    static const char *const strange[] = {"INSERT INTO event SELECT max(position) + 1, x'00' FROM event",
                                          "INSERT INTO event SELECT max(position) + 7, x'00' FROM event"};
    char undo[64];
    ledger_open(f);
    ledger_stock_up(f);
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct store_result sale = ledger_sell(f, 1, 1);
        assert_int_equal(sale.error, 0);
        assert_int_equal(sqlite3_exec(f->store->db, strange[i], NULL, NULL, NULL), SQLITE_OK);
        long long rows = rows_of(f);
        assert_int_equal(ledger_sell(f, 1, 1).error, -EEXIST);
        assert_int_equal(rows_of(f), rows);
        assert_int_equal(store_last_position(f->store), sale.first_position);
        (void)snprintf(undo, sizeof undo, "DELETE FROM event WHERE position > %llu",
                       (unsigned long long)sale.first_position);
        assert_int_equal(sqlite3_exec(f->store->db, undo, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(ledger_sell(f, 1, 1).first_position, sale.first_position + 1);
    }
    (void)ledger_verify(f);
}

/* The seal's row is refused after its event was written: memory must not run ahead of the file. */
static void test_failed_seal_leaves_no_gap(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    for (int i = 0; i < 140; i++)
        assert_int_equal(ledger_sell(f, 1, 1).error, 0);
    assert_int_equal(
        sqlite3_exec(
            f->store->db,
            "CREATE TEMP TRIGGER refuse BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'no'); END;"
            "CREATE TEMP TRIGGER refuse_too BEFORE INSERT ON meta BEGIN SELECT RAISE(ABORT, 'no'); END",
            NULL, NULL, NULL),
        SQLITE_OK);
    uint64_t last = store_last_position(f->store);
    int refused = 0;
    for (int i = 0; i < 8; i++)
        refused += store_maintain(f->store, i % 2) < 0;
    assert_true(refused > 0);
    assert_int_equal(store_last_position(f->store), last);
    struct store_start start = ledger_start(f);
    assert_int_equal(store_reopen(f->store, &start, NULL), -EEXIST); /* a seal, too */
    assert_int_equal(
        sqlite3_exec(f->store->db, "DROP TRIGGER refuse; DROP TRIGGER refuse_too", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(ledger_sell(f, 1, 1).first_position, last + 1);
    assert_int_equal(store_reopen(f->store, &start, NULL), 0);
    assert_int_equal(store_last_position(f->store), last + 2);
    (void)ledger_verify(f);
}

/* Another program reads while the dead handle is to be given up: not now, and nothing is lost meanwhile; then
 * yes. */
static void test_reopening_waits_for_readers(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    assert_int_equal(ledger_sell(f, 1, 1).error, 0);
    struct book *book = store_book(f->store);
    struct store *reader;
    assert_int_equal(store_open_readonly(f->directory, &reader, NULL), 0);
    assert_int_equal(sqlite3_exec(reader->db, "BEGIN; SELECT count(*) FROM event", NULL, NULL, NULL),
                     SQLITE_OK);
    f->store->dead = true;
    struct store_start start = ledger_start(f);
    struct err err = {0};
    assert_int_equal(store_reopen(f->store, &start, &err), -EBUSY);
    assert_string_not_equal(err_text(&err), "");
    assert_true(store_is_dead(f->store));
    assert_int_equal(ledger_sell(f, 1, 1).error, -EIO);
    struct item item;
    assert_int_equal(store_item(f->store, 1, &item), 0); /* the page still shows what there is */
    assert_int_equal(ledger_on_hand(f, 1), 99);
    store_close(reader);
    assert_int_equal(store_reopen(f->store, &start, &err), 0);
    assert_false(store_is_dead(f->store));
    assert_ptr_equal(store_book(f->store), book);
    assert_int_equal(ledger_sell(f, 1, 1).error, 0);
    assert_int_equal(ledger_on_hand(f, 1), 98);
    ledger_reopen(f);
    assert_int_equal(ledger_on_hand(f, 1), 98);
    assert_int_equal(ledger_verify(f).epochs, 3);
}

static void test_references_reach_over_restarts(void **state)
{
    struct ledger *f = *state;
    ledger_open(f);
    ledger_stock_up(f);
    uint64_t sale = ledger_sell(f, 1, 1).first_position;
    ledger_reopen(f);
    uint64_t later = ledger_sell(f, 1, 1).first_position;
    struct event_ref ref;
    uint64_t target = 0;
    assert_int_equal(store_ref(f->store, sale, &ref), 0);
    assert_int_equal(ref.generations_back, 1);
    assert_int_equal(store_resolve_ref(f->store, later, ref, &target), 0);
    assert_int_equal(target, sale);
    assert_int_equal(store_ref(f->store, later + 5, &ref), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sales_survive_a_restart),
        TEST(test_copy_while_open_has_every_sale),
        TEST(test_snapshot_and_tail_equal_recomputation),
        TEST(test_second_process_is_refused),
        TEST(test_practice_and_real_do_not_mix),
        TEST(test_wal_stays_after_reading),
        TEST(test_rows_come_back),
        TEST(test_unsettled_card_is_updated),
        TEST(test_refused_batch_changes_nothing),
        TEST(test_failed_seal_leaves_no_gap),
        TEST(test_rows_of_strangers_are_not_continued),
        TEST(test_reopening_waits_for_readers),
        TEST(test_references_reach_over_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
