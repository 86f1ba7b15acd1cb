/* Reading the ledger: what is there, what is not, what does not fit; and a file that cannot be read in the
 * middle of its life says so to every caller, and what they had stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "ledger.h"
#include "store/store_internal.h"

enum { SOME = 3, CARDS = 5 };

static void submit(struct ledger *f, struct changes *changes)
{
    assert_int_equal(changes_error(changes), 0);
    assert_int_equal(ledger_submit(f, changes).error, 0);
}

/* Two starts; items 1 and 2 with stock, a shop with a listing, several open order lines and cards. */
static void fill(struct ledger *f)
{
    ledger_open(f);
    ledger_stock_up(f);
    struct changes changes = changes_new();
    struct channel channel = {.alias = 1, .kind = "practice", .name = "shop", .location = LEDGER_BOOTH};
    changes_put_channel(&changes, &channel);
    struct listing listing = {.channel = 1, .alias = 1, .item = 1, .pack = 1, .remote_id = "remote-1"};
    changes_put_listing(&changes, &listing);
    for (int i = 0; i < CARDS; i++) {
        struct order_line line = {.channel = 1, .listing = 1, .item = 1, .pack = 1, .location = LEDGER_BOOTH};
        line.booked.ordered = 1;
        line.created_wall_ms = i;
        (void)snprintf(line.source_key, sizeof line.source_key, "line-%d", i);
        changes_put_order_line(&changes, &line);
        struct card card = {.kind = CARD_DRIFT, .state = CARD_OPEN, .units = 1};
        (void)snprintf(card.key, sizeof card.key, "card-%d", i);
        changes_put_card(&changes, &card);
    }
    submit(f, &changes);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ledger_sell(f, 1, 1).error, 0);
    ledger_reopen(f);
    assert_int_equal(ledger_sell(f, 1, 1).error, 0);
}

/* --- bounds ------------------------------------------------------------------------------------------ */

static void test_no_more_than_asked_for(void **state)
{
    struct ledger *f = *state;
    fill(f);
    uint64_t positions[32];
    struct item items[1];
    struct card cards[SOME];
    struct order_line lines[SOME];
    char codes[1][CODE_MAX_BYTES + 1];
    uint32_t packs[1];
    assert_int_equal(store_items(f->store, "", 0, items, 1), 1);
    assert_int_equal(store_cards(f->store, true, cards, SOME), SOME);
    assert_int_equal(store_cards(f->store, false, cards, SOME), SOME);
    assert_int_equal(store_open_card_count(f->store), CARDS);
    assert_int_equal(store_open_order_lines(f->store, 1, "", lines, SOME), SOME);
    assert_int_equal(store_open_order_lines(f->store, 1, lines[SOME - 1].source_key, lines, SOME),
                     CARDS - SOME);
    assert_int_equal(store_item_order_lines(f->store, 1, lines, SOME), SOME);
    assert_string_equal(lines[0].source_key, "line-4"); /* the newest first */
    assert_int_equal(store_item_codes(f->store, 1, codes, packs, 1), 1);
    int all = store_item_events(f->store, 1, 0, positions, 32);
    assert_true(all > 10 && all < 32);
    uint64_t last = positions[all - 1];
    assert_int_equal(store_item_events(f->store, 1, 0, positions, all), all);
    assert_int_equal(positions[all - 1], last);
    assert_int_equal(store_item_events(f->store, 1, 0, positions, 2), 2);
    assert_int_equal(store_item_events(f->store, 1, positions[1], positions, 32), all - 2);
}

static void test_what_is_not_there(void **state)
{
    struct ledger *f = *state;
    fill(f);
    struct item item;
    struct card card;
    struct order_line line;
    uint32_t location = 77;
    char name[NAME_MAX_BYTES + 1] = "as it was";
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    assert_int_equal(store_item(f->store, 99, &item), -ENOENT);
    assert_int_equal(store_item_by_sku(f->store, "NONE", &item), -ENOENT);
    assert_int_equal(store_card(f->store, 999, &card), -ENOENT);
    assert_int_equal(store_order_line(f->store, 1, "none", &line), -ENOENT);
    assert_int_equal(store_location_by_name(f->store, "moon", &location), -ENOENT);
    assert_int_equal(location, 77);
    assert_int_equal(store_location_name(f->store, 9, name), -ENOENT);
    assert_string_equal(name, "as it was");
    assert_int_equal(store_event(f->store, 99999, bytes, &length), -ENOENT);
    assert_int_equal(length, sizeof bytes);
    length = 1;
    assert_int_equal(store_event(f->store, 1, bytes, &length), -E2BIG);
    assert_int_equal(store_event_time(f->store, 0), 0); /* a boottime of another boot */
    assert_int_equal(store_event_time(f->store, 5000), 4000);
}

/* References and ids lead to events of this ledger, each to its own, over both starts; others to none. */
static void test_references_and_ids(void **state)
{
    struct ledger *f = *state;
    fill(f);
    uint64_t last = store_last_position(f->store), found = 0;
    for (uint64_t position = 1; position <= last; position++) {
        struct event_ref ref;
        assert_int_equal(store_find_event(f->store, store_event_id(f->store, position), &found), 0);
        assert_int_equal(found, position);
        assert_int_equal(store_ref(f->store, position, &ref), 0);
        if (position == last)
            break;
        int resolved = store_resolve_ref(f->store, last, ref, &found);
        if (ref.sequence || ref.generations_back) {
            assert_int_equal(resolved, 0);
            assert_int_equal(found, position);
        } else {
            assert_int_equal(resolved, -ENOENT); /* {0, 0} is "none" */
        }
    }
    struct event_ref ref = {.generations_back = 9};
    assert_int_equal(store_resolve_ref(f->store, last, ref, &found), -ENOENT);
    ref = (struct event_ref){.sequence = 100000}; /* not before the event that names it */
    assert_int_equal(store_resolve_ref(f->store, last, ref, &found), -ENOENT);
    assert_int_equal(store_ref(f->store, 0, &ref), -ENOENT);
    struct event_id id = store_event_id(f->store, 3);
    id.sequence = 100000;
    assert_int_equal(store_find_event(f->store, id, &found), -ENOENT);
    id.epoch.bytes[5] ^= 1;
    assert_int_equal(store_find_event(f->store, id, &found), -ENOENT);
    id.device.bytes[5] ^= 1;
    assert_int_equal(store_find_event(f->store, id, &found), -ENOENT);
}

/* --- a file that cannot be read ---------------------------------------------------------------------- */

static int stop(void *unused)
{
    (void)unused;
    return 1;
}

static int count_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                       const uint8_t tag[4])
{
    (void)position, (void)id, (void)bytes, (void)length, (void)tag;
    *(int *)user += 1;
    return 0;
}

#define FAILS(call) assert_int_equal(call, -EIO)

/* Every statement of SQLite is stopped, as when a page cannot be read. */
static void test_a_read_that_fails_says_so(void **state)
{
    struct ledger *f = *state;
    fill(f);
    struct item item = {.alias = 42};
    struct card card = {.id = 42};
    struct order_line line = {.item = 42};
    struct store_check check;
    struct event_ref ref = {7, 7}, old;
    struct event_id id = store_event_id(f->store, 3);
    char name[NAME_MAX_BYTES + 1] = "as it was", codes[1][CODE_MAX_BYTES + 1];
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    uint64_t positions[4], found = 42;
    uint32_t location = 42, packs[1];
    int walked = 0;
    assert_int_equal(store_ref(f->store, 3, &old), 0);
    uint64_t last = store_last_position(f->store);
    sqlite3_progress_handler(f->store->db, 1, stop, NULL);
    FAILS(store_item(f->store, 1, &item));
    FAILS(store_item_by_sku(f->store, "MUG", &item));
    FAILS(store_items(f->store, "", 0, &item, 1));
    assert_int_equal(item.alias, 42);
    FAILS(store_item_codes(f->store, 1, codes, packs, 1));
    FAILS(store_location_name(f->store, 1, name));
    assert_string_equal(name, "as it was");
    FAILS(store_location_by_name(f->store, "booth", &location));
    assert_int_equal(location, 42);
    FAILS(store_order_line(f->store, 1, "line-1", &line));
    FAILS(store_open_order_lines(f->store, 1, "", &line, 1));
    FAILS(store_item_order_lines(f->store, 1, &line, 1));
    assert_int_equal(line.item, 42);
    FAILS(store_card(f->store, 1, &card));
    FAILS(store_cards(f->store, false, &card, 1));
    FAILS(store_cards(f->store, true, &card, 1));
    assert_int_equal(card.id, 42);
    FAILS(store_open_card_count(f->store));
    FAILS(store_event(f->store, 3, bytes, &length));
    FAILS(store_item_events(f->store, 1, 0, positions, 4));
    FAILS(store_ref(f->store, 3, &ref));
    assert_int_equal(ref.sequence, 7);
    FAILS(store_resolve_ref(f->store, 3, old, &found));
    FAILS(store_resolve_ref(f->store, last, old, &found));
    FAILS(store_find_event(f->store, id, &found));
    assert_int_equal(found, 42);
    FAILS(store_walk(f->store, 0, count_event, &walked));
    assert_int_equal(walked, 0);
    FAILS(store_verify(f->store, crypto_sha256_two, &check));
    assert_true(id128_is_zero(store_event_id(f->store, 3).epoch));
    assert_true(ledger_sell(f, 1, 1).error < 0);
    sqlite3_progress_handler(f->store->db, 0, NULL, NULL);
    assert_int_equal(store_open_card_count(f->store), CARDS); /* and afterwards all is there */
    assert_int_equal(store_last_position(f->store), last);
}

/* The index of an item's events can be read, the tail behind it cannot. */
static int stop_later(void *left)
{
    return (*(int *)left)-- == 0; /* only there: what follows could go on */
}

static void test_every_place_where_reading_may_stop(void **state)
{
    struct ledger *f = *state;
    fill(f);
    uint64_t positions[32];
    int all = store_item_events(f->store, 1, 0, positions, 32), failed = 0, result;
    for (int steps = 0;; steps++) {
        int left = steps;
        sqlite3_progress_handler(f->store->db, 1, stop_later, &left);
        result = store_item_events(f->store, 1, 0, positions, 32);
        sqlite3_progress_handler(f->store->db, 0, NULL, NULL);
        if (result >= 0)
            break;
        assert_int_equal(result, -EIO);
        failed++;
    }
    assert_int_equal(result, all); /* whole or not at all */
    assert_true(failed > 20);
}

/* --- rows that were changed behind our back ---------------------------------------------------------- */

static void change(struct ledger *f, const char *sql)
{
    char path[LEDGER_PATH_BYTES], *words = NULL;
    sqlite3 *db;
    ledger_path(f, "ledger.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        fail_msg("%s: %s", sql, words);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What a list shows skips damage; what needs the event itself says so. */
static void test_damaged_events_are_named_or_skipped(void **state)
{
    struct ledger *f = *state;
    fill(f);
    uint64_t positions[32], last = store_last_position(f->store);
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    int walked = 0, all = store_item_events(f->store, 1, 0, positions, 32);
    char sql[128];
    (void)snprintf(sql, sizeof sql, "UPDATE event SET body = x'01' WHERE position = %llu",
                   (unsigned long long)last);
    change(f, sql);
    assert_int_equal(store_event(f->store, last, bytes, &length), -EUCLEAN);
    assert_int_equal(store_walk(f->store, last - 1, count_event, &walked), -EUCLEAN);
    assert_int_equal(store_item_events(f->store, 1, 0, positions, 32), all - 1);
    (void)snprintf(sql, sizeof sql, "UPDATE event SET body = x'ffffffffffffff' WHERE position = %llu",
                   (unsigned long long)last);
    change(f, sql);
    assert_int_equal(store_item_events(f->store, 1, 0, positions, 32), all - 1);
    assert_true(store_snapshot(f->store) < 0); /* no snapshot is made of it */
    change(f, "UPDATE card SET text = hex(zeroblob(2000)) WHERE id = 1");
    struct card card;
    assert_int_equal(store_card(f->store, 1, &card), 0);
    assert_int_equal(strlen(card.text), CARD_TEXT_MAX_BYTES); /* cut, never overrun */
}

/* A start that cannot trust what it finds does not sell from it. */
static void test_a_damaged_ledger_is_not_opened(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int result;
    } damages[] = {
        {"DELETE FROM meta WHERE key = 'device'", -EUCLEAN},
        {"UPDATE meta SET value = zeroblob(16) WHERE key = 'device'", -EUCLEAN},
        {"UPDATE meta SET value = x'1234' WHERE key = 'device'", -EUCLEAN},
        {"DELETE FROM epoch", -EUCLEAN},
        {"UPDATE meta SET value = value + 1000 WHERE key = 'seal'", -EUCLEAN},
        {"UPDATE meta SET value = value + 1000 WHERE key = 'snapshot'", -EUCLEAN},
        {"UPDATE meta SET value = 3 WHERE key = 'seal'", -EUCLEAN}, /* no seal */
        {"UPDATE event SET body = x'00' WHERE position = (SELECT value FROM meta WHERE key = 'seal')",
         -EUCLEAN},
        {"UPDATE event SET body = x'ff0102030405' WHERE position = (SELECT value FROM meta WHERE key = "
         "'seal')",
         -EUCLEAN},
        {"UPDATE event SET body = substr(body, 1, length(body) - 1) || x'a5' "
         "WHERE position = (SELECT max(position) FROM event)",
         -EUCLEAN},
        {"DELETE FROM meta WHERE key = 'snapshot'; UPDATE event SET body = x'00' WHERE position = 4",
         -EUCLEAN},
        {"DELETE FROM meta WHERE key = 'snapshot'; UPDATE event SET body = x'ff0102030405' WHERE position = "
         "4",
         -EUCLEAN},
        {"DELETE FROM meta WHERE key = 'seal'; DELETE FROM event WHERE position = 4", -EUCLEAN},
        {"DELETE FROM meta WHERE key = 'seal'; UPDATE event SET body = x'00' WHERE position = 4", -EUCLEAN},
        {"UPDATE stock SET location = 999", -E2BIG},
        {"UPDATE listing SET alias = 4294967295", -E2BIG},
        {"UPDATE channel SET alias = 9", -E2BIG},
        {"DROP TABLE barcode", -EIO},
        {"DROP TABLE meta", -EIO},
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        void *one;
        assert_int_equal(ledger_setup(&one), 0);
        struct ledger *f = one;
        struct err err = {0};
        fill(f);
        ledger_close(f);
        change(f, damages[i].sql);
        struct store_start start = ledger_start(f);
        int result = store_open(f->directory, &start, &f->store, &err);
        if (result != damages[i].result)
            print_error("%s: %d, %s\n", damages[i].sql, result, err_text(&err));
        assert_true(result < 0);
        assert_int_equal(result, damages[i].result);
        assert_string_not_equal(err_text(&err), "");
        assert_null(f->store);
        assert_int_equal(ledger_teardown(&one), 0);
    }
}

/* --- the system's own files -------------------------------------------------------------------------- */

static void test_the_systems_refusals_come_through(void **state)
{
    struct ledger *f = *state;
    const struct store_disk *disk = &store_disk_system;
    char here[LEDGER_PATH_BYTES], there[LEDGER_PATH_BYTES];
    ledger_path(f, "nothing", here);
    ledger_path(f, "no folder/nothing", there);
    assert_int_equal(disk->rename(NULL, here, there), -ENOENT);
    assert_int_equal(disk->remove(NULL, here), -ENOENT);
    assert_int_equal(disk->size(NULL, here, NULL), -ENOENT);
    assert_int_equal(disk->open(NULL, there, O_RDWR | O_CREAT), -ENOENT);
    assert_int_equal(store_disk_sync_path(disk, there, O_RDONLY), -ENOENT);
    int full = disk->open(NULL, "/dev/full", O_WRONLY);
    assert_true(full >= 0);
    assert_int_equal(disk->write(NULL, full, "x", 1, 0), -ENOSPC);
    disk->close(NULL, full);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(disk->sync(NULL, ends[1]), -EINVAL);
    assert_int_equal(disk->write(NULL, ends[1], "x", 1, 0), -ESPIPE);
    disk->close(NULL, ends[0]);
    disk->close(NULL, ends[1]);
    int handle = disk->open(NULL, here, O_RDWR | O_CREAT);
    assert_true(handle >= 0);
    assert_int_equal(disk->write(NULL, handle, "", 0, 0), 0);
    assert_int_equal(disk->write(NULL, handle, "four", 4, 8), 0);
    int64_t size = 0;
    assert_int_equal(disk->size(NULL, here, &size), 0);
    assert_int_equal(size, 12);
    disk->close(NULL, handle);
    assert_int_equal(disk->rename(NULL, here, here), 0);
    assert_int_equal(disk->remove(NULL, here), 0);
}

static void test_a_read_only_handle_writes_nothing(void **state)
{
    struct ledger *f = *state;
    fill(f);
    struct store *reader;
    assert_int_equal(store_open_readonly(f->directory, &reader, NULL), 0);
    struct item item;
    uint64_t positions[32];
    assert_int_equal(store_item(reader, 1, &item), 0);
    assert_true(store_item_events(reader, 1, 0, positions, 32) > 10); /* without a book */
    assert_int_equal(store_maintain(reader, true), 0);
    store_close(reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_more_than_asked_for),
        TEST(test_what_is_not_there),
        TEST(test_references_and_ids),
        TEST(test_a_read_that_fails_says_so),
        TEST(test_every_place_where_reading_may_stop),
        TEST(test_damaged_events_are_named_or_skipped),
        cmocka_unit_test(test_a_damaged_ledger_is_not_opened),
        TEST(test_the_systems_refusals_come_through),
        TEST(test_a_read_only_handle_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
