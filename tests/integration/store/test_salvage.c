/* A ledger whose file is damaged, page by page, byte by byte: what can be read is saved, what is lost is
 * named, the damaged files stay as they were, and the booth can sell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "damage.h"
#include "ledger.h"
#include "store/store_internal.h"
#include "store/store_origin.h"
#include "store/store_salvage.h"

enum { PAGE_BYTES = 1024, EVENTS_MAX = 4096 };

struct whole {
    uint8_t file[DAMAGE_FILE_MAX_BYTES];
    size_t length;
    uint8_t bodies[EVENTS_MAX][96]; /* the beginning of each event, to compare with */
    size_t lengths[EVENTS_MAX];
    uint64_t events;
    int64_t on_hand;
};

static int keep_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                      const uint8_t tag[4])
{
    struct whole *whole = user;
    (void)id;
    (void)tag;
    assert_true(position < EVENTS_MAX);
    memcpy(whole->bodies[position], bytes, length < 96 ? length : 96);
    whole->lengths[position] = length;
    whole->events = position;
    return 0;
}

/* Some starts, an item with a long title (overflow pages), sales, seals; stopped in order. */
static struct whole *make(struct ledger *ledger, int sales)
{
    struct whole *whole = calloc(1, sizeof *whole);
    assert_non_null(whole);
    ledger_open(ledger);
    ledger_stock_up(ledger);
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_OP_RESULT, .version = 1};
    char words[REASON_MAX_BYTES + 1];
    memset(words, 'w', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    event.op_result.channel = 1;
    event.op_result.words = text_of(words);
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_SALE, .version = 1};
    event.sale.location = LEDGER_BOOTH;
    event.sale.line_count = SALE_LINES_MAX; /* on overflow pages */
    for (int i = 0; i < SALE_LINES_MAX; i++)
        event.sale.lines[i] =
            (struct sale_line){.code = text_of("9999999999999999999999999999999"), .quantity = 1};
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    for (int i = 0; i < sales; i++) {
        if (i % 60 == 59)
            ledger_reopen(ledger);
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    }
    ledger_close(ledger);
    struct store *store;
    assert_int_equal(store_open_readonly(ledger->directory, &store, NULL), 0);
    assert_int_equal(store_walk(store, 0, keep_event, whole), 0);
    store_close(store);
    char path[LEDGER_PATH_BYTES];
    ledger_path(ledger, "ledger.db", path);
    damage_read(path, whole->file, &whole->length);
    return whole;
}

struct saved {
    const struct whole *whole;
    int64_t on_hand;
    uint64_t count;
};

static int compare_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes,
                         size_t length, const uint8_t tag[4])
{
    struct saved *saved = user;
    struct event event;
    (void)id;
    (void)tag;
    assert_int_equal(event_decode(bytes, length, &event), 0);
    if (event.kind == EVENT_ADJUSTMENT && event.adjustment.item == 1)
        saved->on_hand += event.adjustment.delta;
    if (event.kind == EVENT_SALE && event.sale.lines[0].item == 1)
        saved->on_hand -= event.sale.lines[0].quantity;
    if (position > saved->whole->events || event.kind == EVENT_SALVAGE ||
        (event.kind == EVENT_EPOCH && text_equal(event.epoch.program, text_of("fairstock salvage"))))
        return 1; /* from here on it is the salvage's own */
    assert_int_equal(length, saved->whole->lengths[position]);
    assert_memory_equal(bytes, saved->whole->bodies[position], length < 96 ? length : 96);
    saved->count++;
    return 0;
}

/* Every law of a salvaged ledger; returns how many of the old events are in it. */
static uint64_t check_salvaged(struct ledger *ledger, const struct whole *whole,
                               const struct store_salvaged *salvaged)
{
    struct saved saved = {.whole = whole};
    struct store_origin origin;
    ledger_open(ledger);
    assert_int_equal(store_origin(ledger->store, &origin), 0);
    assert_int_equal(origin.kind, STORE_ORIGIN_SALVAGE);
    struct store_check check = ledger_verify(ledger);
    assert_int_equal(check.lost, salvaged->lost);
    assert_true(store_walk(ledger->store, 0, compare_event, &saved) >= 0);
    assert_int_equal(saved.count, salvaged->events);
    assert_int_equal(ledger_on_hand(ledger, 1), saved.on_hand);
    int64_t before = ledger_on_hand(ledger, 1);
    assert_int_equal(ledger_sell(ledger, 1, 2).error, 0);
    ledger_reopen(ledger);
    assert_int_equal(ledger_on_hand(ledger, 1), before - 2);
    (void)ledger_verify(ledger);
    ledger_close(ledger);
    return saved.count;
}

static void check_set_aside(struct ledger *ledger, const struct store_salvaged *salvaged,
                            const uint8_t *bytes, size_t length)
{
    static uint8_t aside[DAMAGE_FILE_MAX_BYTES];
    char name[LEDGER_PATH_BYTES], path[LEDGER_PATH_BYTES];
    size_t got;
    (void)snprintf(name, sizeof name, "%.60s/ledger.db", salvaged->installed.aside);
    ledger_path(ledger, name, path);
    damage_read(path, aside, &got);
    assert_int_equal(got, length);
    assert_memory_equal(aside, bytes, length);
}

static void ruin(uint8_t *page, int how)
{
    for (size_t i = 0; i < PAGE_BYTES; i++)
        page[i] = how == 0 ? 0 : how == 1 ? 0xff : (uint8_t)(i * 197 + 13);
}

static void every_page_ruined(void **state)
{
    struct ledger *ledger = *state;
    struct whole *whole = make(ledger, 300);
    static uint8_t bytes[DAMAGE_FILE_MAX_BYTES];
    uint64_t fewest = UINT64_MAX, refused = 0, salvages = 0;
    size_t pages = whole->length / PAGE_BYTES;
    assert_true(pages > 15);
    for (size_t page = 0; page < pages; page++) {
        struct store_salvaged salvaged;
        struct err err = {0};
        memcpy(bytes, whole->file, whole->length);
        ruin(bytes + page * PAGE_BYTES, (int)(page % 3));
        damage_place(ledger, bytes, whole->length);
        int result = damage_salvage(ledger, &salvaged, &err);
        if (result == -EALREADY) { /* a free page: nothing of it is missed */
            refused++;
            continue;
        }
        if (result < 0)
            print_error("page %zu type %02x: %s, events %llu gaps %u last %llu\n", page + 1,
                        whole->file[page * PAGE_BYTES], err_text(&err), (unsigned long long)salvaged.events,
                        salvaged.gap_count, (unsigned long long)salvaged.last);
        assert_int_equal(result, 0);
        check_set_aside(ledger, &salvaged, bytes, whole->length);
        uint64_t saved = check_salvaged(ledger, whole, &salvaged);
        fewest = saved < fewest ? saved : fewest;
        salvages++;
    }
    print_message(
        "%zu pages ruined one at a time: %llu salvages, at least %llu of %llu events saved, %llu not "
        "missed\n",
        pages, (unsigned long long)salvages, (unsigned long long)fewest, (unsigned long long)whole->events,
        (unsigned long long)refused);
    /* No page holds more than some forty events, and nothing else may go with it. */
    assert_true(fewest + 60 >= whole->events);
    assert_true(refused * 4 < pages);
    free(whole);
}

static void one_byte_of_an_event(void **state)
{
    struct ledger *ledger = *state;
    struct whole *whole = make(ledger, 40);
    static uint8_t bytes[DAMAGE_FILE_MAX_BYTES];
    uint64_t target = 30, mended = 0, lost = 0;
    size_t length = whole->lengths[target];
    uint8_t *at = memmem(whole->file, whole->length, whole->bodies[target], length);
    assert_non_null(at);
    for (size_t i = 0; i < length + TAG_BYTES; i++) {
        struct store_salvaged salvaged;
        struct err err = {0};
        memcpy(bytes, whole->file, whole->length);
        bytes[(size_t)(at - whole->file) + i] ^= 0x10;
        damage_place(ledger, bytes, whole->length);
        assert_int_equal(damage_salvage(ledger, &salvaged, &err), 0);
        uint64_t saved = check_salvaged(ledger, whole, &salvaged);
        assert_int_equal(saved + salvaged.lost, whole->events);
        assert_int_equal(salvaged.lost, i < length ? 1 : 0); /* a damaged tag costs nothing */
        mended += salvaged.mended;
        lost += salvaged.lost;
    }
    assert_int_equal(mended, TAG_BYTES);
    assert_int_equal(lost, length);
    free(whole);
}

static void what_was_salvaged_cannot_be_changed_unseen(void **state)
{
    struct ledger *ledger = *state;
    struct whole *whole = make(ledger, 40);
    struct store_salvaged salvaged;
    struct err err = {0};
    uint8_t *at = memmem(whole->file, whole->length, whole->bodies[30], whole->lengths[30]);
    assert_non_null(at);
    at[2] ^= 1;
    damage_place(ledger, whole->file, whole->length);
    assert_int_equal(damage_salvage(ledger, &salvaged, &err), 0);
    assert_int_equal(salvaged.gap_count, 1);
    assert_int_equal(salvaged.gaps[0].first, 30);
    assert_int_equal(salvaged.gaps[0].last, 30);
    /* One byte of an event behind the gap, whose tag nobody can check: the salvage event still binds it. */
    char path[LEDGER_PATH_BYTES], sql[160];
    ledger_path(ledger, "ledger.db", path);
    for (int position = 31; position < 34; position++) {
        sqlite3 *db;
        struct store *store;
        struct store_check check;
        static uint8_t keep[DAMAGE_FILE_MAX_BYTES];
        size_t length;
        damage_read(path, keep, &length);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        (void)snprintf(
            sql, sizeof sql,
            "UPDATE event SET body = CAST(substr(body, 1, 2) || x'07' || substr(body, 4) AS BLOB) WHERE "
            "position = %d",
            position);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_int_equal(store_open_readonly(ledger->directory, &store, NULL), 0);
        assert_int_equal(store_verify(store, crypto_sha256_two, &check), 0);
        store_close(store);
        assert_true(check.first_bad_position > 0);
        damage_write(path, keep, length);
    }
    free(whole);
}

static void sales_that_are_only_in_the_log(void **state)
{
    struct ledger *ledger = *state;
    struct ledger running = {.next_epoch = 50};
    ledger_open(ledger);
    ledger_stock_up(ledger);
    for (int i = 0; i < 20; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    /* The file's first page and the log's header: SQLite finds neither ledger nor log any more. */
    static const char *const names[] = {"ledger.db", "ledger.db-wal"};
    static const size_t zeros[] = {PAGE_BYTES, 32};
    static uint8_t bytes[DAMAGE_FILE_MAX_BYTES];
    memcpy(running.directory, ledger->copy, sizeof running.directory);
    for (size_t i = 0; i < 2; i++) {
        char path[LEDGER_PATH_BYTES];
        size_t length;
        ledger_path(ledger, names[i], path);
        damage_read(path, bytes, &length);
        memset(bytes, 0, zeros[i]);
        ledger_path(&running, names[i], path);
        damage_write(path, bytes, length);
    }
    struct store_salvaged salvaged;
    struct err err = {0};
    int result = damage_salvage(&running, &salvaged, &err);
    if (result < 0)
        print_error("%s\n", err_text(&err));
    assert_int_equal(result, 0);
    assert_int_equal(salvaged.lost, 0);
    assert_int_equal(salvaged.last, store_last_position(ledger->store));
    ledger_open(&running);
    assert_int_equal(ledger_on_hand(&running, 1), 80);
    (void)ledger_verify(&running);
    ledger_close(&running);
    ledger_close(ledger);
}

/* As kill -9 leaves it: no seal and no start behind the damage, so nothing says h again before the end. */
static void a_gap_with_nothing_sure_behind_it(void **state)
{
    struct ledger *ledger = *state;
    struct ledger killed = {.next_epoch = 50};
    struct store_salvaged salvaged;
    struct err err = {0};
    static uint8_t bytes[DAMAGE_FILE_MAX_BYTES];
    uint8_t event[EVENT_MAX_BYTES];
    size_t length = sizeof event, changed = 0;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    for (int i = 0; i < 30; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    struct changes changes = changes_new();
    ledger_add_item(&changes, 4, "TO BE LOST", "LOST-CODE", 0, 7);
    struct store_result added = ledger_submit(ledger, &changes);
    assert_int_equal(added.error, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    uint64_t last = store_last_position(ledger->store);
    assert_int_equal(store_event(ledger->store, added.first_position, event, &length), 0);
    memcpy(killed.directory, ledger->copy, sizeof killed.directory);
    for (const char *name = "ledger.db"; name;
         name = strcmp(name, "ledger.db") == 0 ? "ledger.db-wal" : NULL) {
        char path[LEDGER_PATH_BYTES];
        size_t size;
        ledger_path(ledger, name, path);
        damage_read(path, bytes, &size);
        for (uint8_t *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), event, length)); changed++)
            at[length - 3] ^= 0x20;
        ledger_path(&killed, name, path);
        damage_write(path, bytes, size);
    }
    assert_true(changed > 0);
    int result = damage_salvage(&killed, &salvaged, &err);
    if (result < 0)
        print_error("%s\n", err_text(&err));
    assert_int_equal(result, 0);
    assert_int_equal(salvaged.lost, 1);
    assert_int_equal(salvaged.events, last - 1);
    ledger_open(&killed);
    assert_int_equal(ledger_verify(&killed).lost, 1);
    assert_int_equal(ledger_on_hand(&killed, 1), 60);
    struct item item; /* its making is lost, its stock is not */
    assert_int_equal(store_item(killed.store, 4, &item), 0);
    assert_string_equal(item.sku, "LOST-4");
    assert_int_equal(ledger_on_hand(&killed, 4), 7);
    ledger_close(&killed);
    ledger_close(ledger);
}

static void what_is_well_or_nothing_at_all_is_refused(void **state)
{
    struct ledger *ledger = *state;
    struct store_salvaged salvaged;
    struct err err = {0};
    ledger_open(ledger);
    assert_int_equal(damage_salvage(ledger, &salvaged, &err), -EBUSY);
    ledger_close(ledger);
    assert_int_equal(damage_salvage(ledger, &salvaged, &err), -EALREADY);
    static uint8_t bytes[64 * 1024];
    memset(bytes, 'x', sizeof bytes);
    damage_place(ledger, bytes, sizeof bytes);
    assert_int_equal(damage_salvage(ledger, &salvaged, &err), -ENODATA);
    check_set_aside(ledger, &(struct store_salvaged){.installed.aside = "."}, bytes, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_page_ruined, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(one_byte_of_an_event, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(what_was_salvaged_cannot_be_changed_unseen, ledger_setup,
                                        ledger_teardown),
        cmocka_unit_test_setup_teardown(sales_that_are_only_in_the_log, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(a_gap_with_nothing_sure_behind_it, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(what_is_well_or_nothing_at_all_is_refused, ledger_setup,
                                        ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
