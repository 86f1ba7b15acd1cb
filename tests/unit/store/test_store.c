// link: crypto
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

#include <sqlite3.h>

#include "crypto/crypto.h"
#include "store/store.h"

struct fixture {
    char directory[64], copy[64];
    struct store *store;
    uint8_t next_epoch;
};

static struct store_start start_of(struct fixture *f)
{
    struct store_start start = {.wall_ms = 1790000000000 + f->next_epoch,
                                .boottime_ms = 1000,
                                .practice = true,
                                .program = "test",
                                .sha256 = crypto_sha256_two};
    memset(start.new_device.bytes, 0xd0, ID128_BYTES);
    memset(start.epoch.bytes, ++f->next_epoch, ID128_BYTES);
    return start;
}

static void open_store(struct fixture *f)
{
    struct store_start start = start_of(f);
    struct err err = {0};
    int result = store_open(f->directory, &start, &f->store, &err);
    if (result < 0)
        print_error("%s\n", err_text(&err));
    assert_int_equal(result, 0);
}

static void reopen(struct fixture *f)
{
    store_close(f->store);
    open_store(f);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    (void)snprintf(f->directory, sizeof f->directory, "/tmp/fairstock-store-XXXXXX");
    (void)snprintf(f->copy, sizeof f->copy, "/tmp/fairstock-copy-XXXXXX");
    *state = f;
    return f && mkdtemp(f->directory) && mkdtemp(f->copy) ? 0 : -1;
}

static void remove_files(const char *directory)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.new",
                                        "lock"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    remove_files(f->directory);
    remove_files(f->copy);
    free(f);
    return 0;
}

static void keep_result(void *user, const struct store_result *result)
{
    *(struct store_result *)user = *result;
}

static struct store_result submit(struct fixture *f, struct changes *changes)
{
    struct store_result result = {.error = 1};
    store_submit(f->store, STORE_SYNC, changes, keep_result, &result);
    changes_free(changes);
    return result;
}

static void add_item(struct changes *changes, uint32_t alias, const char *sku, const char *code)
{
    struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
    event.item.item = alias;
    event.item.sku = text_of(sku);
    event.item.title = text_of("Blue mug");
    event.item.price_minor = 2400;
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
    event.adjustment.delta = 100;
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(changes, &event);
}

static void stock_up(struct fixture *f)
{
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_LOCATION_CREATED, .version = 1};
    event.location.location = 1;
    event.location.name = text_of("booth");
    event.location.kind = 1;
    changes_add_event(&changes, &event);
    add_item(&changes, 1, "MUG", "4006381333931");
    add_item(&changes, 2, "CUP", "CUP-1");
    assert_int_equal(submit(f, &changes).error, 0);
}

static struct store_result sell(struct fixture *f, uint32_t item, int64_t quantity)
{
    struct event event = {.kind = EVENT_SALE, .version = 1, .time_ms = 5};
    event.sale.location = 1;
    event.sale.line_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = item, .quantity = quantity, .unit_price_minor = 2400};
    if (!item)
        event.sale.lines[0].code = text_of("UNKNOWN");
    struct store_result result = {.error = 1};
    store_submit_event(f->store, &event, keep_result, &result);
    return result;
}

static int64_t on_hand(struct fixture *f, uint32_t item)
{
    return book_stock(store_book(f->store), item, 1).on_hand;
}

/* --- tests
 * --------------------------------------------------------------------------------------------------------------------
 */

static void test_sales_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    stock_up(f);
    struct store_result first = sell(f, 1, 1);
    assert_int_equal(first.error, 0);
    assert_int_equal(sell(f, 1, 2).first_position, first.first_position + 1);
    assert_int_equal(on_hand(f, 1), 97);
    struct event_id before = store_event_id(f->store, first.first_position);
    reopen(f);
    assert_int_equal(on_hand(f, 1), 97);
    assert_int_equal(on_hand(f, 2), 100);
    struct event_id after = store_event_id(f->store, first.first_position);
    assert_true(id128_equal(before.epoch, after.epoch));
    assert_int_equal(before.sequence, after.sequence);
    struct book_item found;
    assert_true(book_find_code(store_book(f->store), "4006381333931", &found));
    assert_int_equal(found.alias, 1);
    assert_int_equal(found.price_minor, 2400);
}

static void copy_file(const char *from, const char *to, const char *name)
{
    char source[128], target[128];
    (void)snprintf(source, sizeof source, "%s/%s", from, name);
    (void)snprintf(target, sizeof target, "%s/%s", to, name);
    FILE *in = fopen(source, "rb");
    FILE *out = fopen(target, "wb");
    assert_non_null(in);
    assert_non_null(out);
    char part[4096];
    size_t got;
    while ((got = fread(part, 1, sizeof part, in)) > 0)
        assert_int_equal(fwrite(part, 1, got, out), got);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

/* What kill -9 leaves: database and WAL as they are at that moment. */
static void test_copy_while_open_has_every_sale(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    stock_up(f);
    for (int i = 0; i < 300; i++)
        assert_int_equal(sell(f, 1 + (uint32_t)(i % 2), 1).error, 0);
    int maintained = store_maintain(f->store, true);
    assert_true(maintained >= 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(sell(f, 1, 1).error, 0);
    copy_file(f->directory, f->copy, "ledger.db");
    copy_file(f->directory, f->copy, "ledger.db-wal");
    struct fixture copied = {.next_epoch = 100};
    memcpy(copied.directory, f->copy, sizeof copied.directory);
    open_store(&copied);
    assert_int_equal(on_hand(&copied, 1), 100 - 150 - 10);
    assert_int_equal(on_hand(&copied, 2), 100 - 150);
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
    struct fixture *f = *state;
    open_store(f);
    stock_up(f);
    srand(7);
    int64_t expected[3] = {0, 100, 100};
    for (int i = 0; i < 2000; i++) {
        uint32_t item = (uint32_t)(rand() % 3);
        int64_t quantity = 1 + rand() % 3;
        assert_int_equal(sell(f, item, quantity).error, 0);
        expected[item] -= item ? quantity : 0;
        if (rand() % 97 == 0)
            while (store_maintain(f->store, rand() % 2) > 0)
                ;
        if (rand() % 301 == 0)
            reopen(f);
    }
    reopen(f);
    assert_int_equal(on_hand(f, 1), expected[1]);
    assert_int_equal(on_hand(f, 2), expected[2]);
}

static void test_second_process_is_refused(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct fixture other = {.next_epoch = 50};
    memcpy(other.directory, f->directory, sizeof other.directory);
    struct store_start start = start_of(&other);
    struct store *second = NULL;
    struct err err = {0};
    assert_int_equal(store_open(f->directory, &start, &second, &err), -EBUSY);
    assert_null(second);
    assert_non_null(strstr(err_text(&err), "another fairstockd"));
}

static void test_practice_and_real_do_not_mix(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    store_close(f->store);
    f->store = NULL;
    struct store_start start = start_of(f);
    start.practice = false;
    struct store *store = NULL;
    struct err err = {0};
    assert_int_equal(store_open(f->directory, &start, &store, &err), -EPERM);
    assert_non_null(strstr(err_text(&err), "practice ledger"));
}

/* Any changed byte of any event is named by the verifier. */
static void test_verifier_names_the_first_changed_event(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    stock_up(f);
    for (int i = 0; i < 20; i++)
        assert_int_equal(sell(f, 1, 1).error, 0);
    uint64_t last = store_last_position(f->store);
    store_close(f->store);
    f->store = NULL;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/ledger.db", f->directory);
    for (uint64_t position = 1; position <= last; position++) {
        sqlite3 *db;
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        char sql[256];
        /* flip one bit of one byte, chosen by the position */
        (void)snprintf(sql, sizeof sql, "SELECT body FROM event WHERE position = %llu",
                       (unsigned long long)position);
        sqlite3_stmt *get;
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &get, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(get), SQLITE_ROW);
        int size = sqlite3_column_bytes(get, 0);
        uint8_t original[1024], changed[1024];
        memcpy(original, sqlite3_column_blob(get, 0), (size_t)size);
        (void)sqlite3_finalize(get);
        memcpy(changed, original, (size_t)size);
        changed[(position * 7) % (uint64_t)size] ^= (uint8_t)(1 << position % 8);
        sqlite3_stmt *put;
        assert_int_equal(
            sqlite3_prepare_v2(db, "UPDATE event SET body = ?1 WHERE position = ?2", -1, &put, NULL),
            SQLITE_OK);
        for (int round = 0; round < 2; round++) {
            (void)sqlite3_bind_blob(put, 1, round == 0 ? changed : original, size, SQLITE_STATIC);
            (void)sqlite3_bind_int64(put, 2, (sqlite3_int64)position);
            assert_int_equal(sqlite3_step(put), SQLITE_DONE);
            (void)sqlite3_reset(put);
            struct store *store;
            struct err err = {0};
            struct store_check check;
            assert_int_equal(store_open_readonly(f->directory, &store, &err), 0);
            assert_int_equal(store_verify(store, crypto_sha256_two, &check), 0);
            assert_int_equal(check.first_bad_position, round == 0 ? position : 0);
            store_close(store);
        }
        (void)sqlite3_finalize(put);
        (void)sqlite3_close(db);
    }
}

static void test_wal_stays_after_reading(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    stock_up(f);
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
    struct fixture *f = *state;
    open_store(f);
    stock_up(f);
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
                    .compare = true,
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
    struct store_result result = submit(f, &changes);
    assert_int_equal(result.error, 0);
    reopen(f);
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
    assert_int_equal(submit(f, &changes).error, 0);
    reopen(f);
    assert_int_equal(book_op_count(store_book(f->store)), 0);
}

/* A card about the same thing is not opened twice; its numbers follow, its origin stays. */
static void test_unsettled_card_is_updated(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    for (int i = 1; i <= 2; i++) {
        struct changes changes = changes_new();
        struct card card = {.kind = CARD_UNKNOWN_CODE, .state = CARD_OPEN, .units = i, .origin = (uint64_t)i};
        (void)snprintf(card.key, sizeof card.key, "X");
        changes_put_card(&changes, &card);
        assert_int_equal(submit(f, &changes).error, 0);
    }
    struct card cards[3];
    assert_int_equal(store_cards(f->store, false, cards, 3), 1);
    assert_int_equal(cards[0].units, 2);
    assert_int_equal(cards[0].origin, 1);
    assert_int_equal(store_open_card_count(f->store), 1);
}

static void test_refused_batch_changes_nothing(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    stock_up(f);
    uint64_t last = store_last_position(f->store);
    struct changes changes = changes_new();
    add_item(&changes, 3, "NEW", "NEW-1");
    add_item(&changes, 4, "MUG", "MUG-9"); /* the SKU is taken */
    assert_int_equal(submit(f, &changes).error, -EEXIST);
    assert_int_equal(store_last_position(f->store), last);
    struct book_item found;
    assert_false(book_find_code(store_book(f->store), "NEW-1", &found));
    assert_int_equal(sell(f, 1, 1).error, 0);
    struct store_check check;
    assert_int_equal(store_verify(f->store, crypto_sha256_two, &check), 0);
    assert_int_equal(check.first_bad_position, 0);
}

static void test_references_reach_over_restarts(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    stock_up(f);
    uint64_t sale = sell(f, 1, 1).first_position;
    reopen(f);
    uint64_t later = sell(f, 1, 1).first_position;
    struct event_ref ref;
    uint64_t target = 0;
    assert_int_equal(store_ref(f->store, sale, &ref), 0);
    assert_int_equal(ref.generations_back, 1);
    assert_int_equal(store_resolve_ref(f->store, later, ref, &target), 0);
    assert_int_equal(target, sale);
    assert_int_equal(store_ref(f->store, later + 5, &ref), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sales_survive_a_restart),
        TEST(test_copy_while_open_has_every_sale),
        TEST(test_snapshot_and_tail_equal_recomputation),
        TEST(test_second_process_is_refused),
        TEST(test_practice_and_real_do_not_mix),
        TEST(test_verifier_names_the_first_changed_event),
        TEST(test_wal_stays_after_reading),
        TEST(test_rows_come_back),
        TEST(test_unsettled_card_is_updated),
        TEST(test_refused_batch_changes_nothing),
        TEST(test_references_reach_over_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
