/* The verifier on real files: whatever is changed in the events, it says where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "crypto/crypto.h"
#include "ledger.h"
#include "store/store_internal.h"

enum { BODY_MAX_BYTES = 4200 };

struct damaged {
    struct ledger *ledger;
    sqlite3 *db; /* a stranger's handle on the file */
    uint64_t last;
};

/* A ledger with every common kind of event, a seal, two starts; closed, and opened by a stranger. */
static void make(struct damaged *damaged, struct ledger *ledger)
{
    ledger_open(ledger);
    ledger_stock_up(ledger);
    for (int i = 0; i < 6; i++)
        assert_int_equal(ledger_sell(ledger, (uint32_t)(i % 3), 1 + i).error, 0);
    ledger_reopen(ledger);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    ledger_close(ledger);
    char path[LEDGER_PATH_BYTES];
    ledger_path(ledger, "ledger.db", path);
    damaged->ledger = ledger;
    assert_int_equal(sqlite3_open(path, &damaged->db), SQLITE_OK);
    sqlite3_stmt *ask;
    assert_int_equal(sqlite3_prepare_v2(damaged->db, "SELECT max(position) FROM event", -1, &ask, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(ask), SQLITE_ROW);
    damaged->last = (uint64_t)sqlite3_column_int64(ask, 0);
    (void)sqlite3_finalize(ask);
}

static void change(struct damaged *damaged, const char *sql)
{
    char *words = NULL;
    if (sqlite3_exec(damaged->db, sql, NULL, NULL, &words) != SQLITE_OK)
        print_error("%s: %s\n", sql, words);
    assert_null(words);
}

static uint64_t first_bad(struct damaged *damaged, struct store_check *check)
{
    struct store *store;
    struct err err = {0};
    assert_int_equal(store_open_readonly(damaged->ledger->directory, &store, &err), 0);
    assert_int_equal(store_verify(store, crypto_sha256_two, check), 0);
    store_close(store);
    return check->first_bad_position;
}

static void put_body(sqlite3_stmt *put, uint64_t position, const uint8_t *body, int size)
{
    (void)sqlite3_bind_blob(put, 1, body, size, SQLITE_STATIC);
    (void)sqlite3_bind_int64(put, 2, (sqlite3_int64)position);
    assert_int_equal(sqlite3_step(put), SQLITE_DONE);
    (void)sqlite3_reset(put);
}

static int get_body(sqlite3 *db, uint64_t position, uint8_t body[BODY_MAX_BYTES])
{
    sqlite3_stmt *get;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT body FROM event WHERE position = ?1", -1, &get, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_int64(get, 1, (sqlite3_int64)position);
    assert_int_equal(sqlite3_step(get), SQLITE_ROW);
    int size = sqlite3_column_bytes(get, 0);
    memcpy(body, sqlite3_column_blob(get, 0), (size_t)size);
    (void)sqlite3_finalize(get);
    return size;
}

/* Every byte of every event and of every tag, three ways: a low bit, the continuation bit of a varint, all
 * bits. */
static void test_every_changed_byte_is_named(void **state)
{
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    struct damaged damaged;
    make(&damaged, *state);
    struct store *store;
    struct err err = {0};
    assert_int_equal(store_open_readonly(damaged.ledger->directory, &store, &err), 0);
    sqlite3_stmt *put;
    assert_int_equal(
        sqlite3_prepare_v2(damaged.db, "UPDATE event SET body = ?1 WHERE position = ?2", -1, &put, NULL),
        SQLITE_OK);
    int changed = 0;
    for (uint64_t position = 1; position <= damaged.last; position++) {
        uint8_t body[BODY_MAX_BYTES];
        int size = get_body(damaged.db, position, body);
        for (int at = 0; at < size * 3; at++) {
            struct store_check check;
            body[at / 3] ^= flips[at % 3];
            put_body(put, position, body, size);
            assert_int_equal(store_verify(store, crypto_sha256_two, &check), 0);
            assert_int_equal(check.first_bad_position, position);
            assert_string_not_equal(check.words, "");
            body[at / 3] ^= flips[at % 3];
            changed++;
        }
        put_body(put, position, body, size);
    }
    struct store_check check;
    assert_int_equal(store_verify(store, crypto_sha256_two, &check), 0);
    assert_int_equal(check.first_bad_position, 0);
    assert_int_equal(check.events, damaged.last);
    assert_int_equal(check.epochs, 2);
    assert_int_equal(check.seals, 2);
    print_message("%d changed bytes, each found\n", changed);
    (void)sqlite3_finalize(put);
    store_close(store);
    (void)sqlite3_close(damaged.db);
}

/* Each event cut out of the middle, with and without closing the gap. */
static void test_missing_event_is_named(void **state)
{
    struct damaged damaged;
    make(&damaged, *state);
    struct store_check check;
    for (uint64_t position = 1; position < damaged.last; position++) {
        char sql[256];
        change(&damaged, "BEGIN");
        change(&damaged, "CREATE TABLE kept AS SELECT * FROM event");
        (void)snprintf(sql, sizeof sql, "DELETE FROM event WHERE position = %llu",
                       (unsigned long long)position);
        change(&damaged, sql);
        change(&damaged, "COMMIT");
        assert_int_equal(first_bad(&damaged, &check), position);
        (void)snprintf(sql, sizeof sql, "UPDATE event SET position = -position WHERE position > %llu",
                       (unsigned long long)position);
        change(&damaged, sql);
        change(&damaged, "UPDATE event SET position = -position - 1 WHERE position < 0");
        assert_int_equal(first_bad(&damaged, &check), position);
        change(&damaged, "DELETE FROM event; INSERT INTO event SELECT * FROM kept; DROP TABLE kept");
        assert_int_equal(first_bad(&damaged, &check), 0);
    }
    (void)sqlite3_close(damaged.db);
}

/* The chain of what is left is whole; the rows know that there was more. */
static void test_cut_tail_is_named_and_not_opened(void **state)
{
    struct damaged damaged;
    make(&damaged, *state);
    char sql[128];
    struct store_check check;
    (void)snprintf(sql, sizeof sql, "DELETE FROM event WHERE position > %llu",
                   (unsigned long long)damaged.last - 3);
    change(&damaged, sql);
    assert_int_equal(first_bad(&damaged, &check), damaged.last - 2);
    (void)sqlite3_close(damaged.db);
    struct store_start start = ledger_start(damaged.ledger);
    struct err err = {0};
    assert_int_equal(store_open(damaged.ledger->directory, &start, &damaged.ledger->store, &err), -EUCLEAN);
    assert_non_null(strstr(err_text(&err), "fairstock verify"));
}

/* An event that a stranger appends with a right tag: the chain shows damage, not forgery, except where the
 * event itself tells. Returns the position. */
static uint64_t append(struct damaged *damaged, const struct event *event)
{
    uint8_t bytes[EVENT_MAX_BYTES], hash[HASH_BYTES], body[BODY_MAX_BYTES];
    chain_hash_start(crypto_sha256_two, hash);
    for (uint64_t position = 1; position <= damaged->last; position++) {
        int size = get_body(damaged->db, position, body);
        chain_hash(crypto_sha256_two, hash, body, (size_t)size - TAG_BYTES, hash);
    }
    int length = event_encode(event, bytes, sizeof bytes);
    assert_true(length > 0);
    chain_hash(crypto_sha256_two, hash, bytes, (size_t)length, hash);
    memcpy(body, bytes, (size_t)length);
    memcpy(body + length, hash, TAG_BYTES);
    sqlite3_stmt *put;
    assert_int_equal(
        sqlite3_prepare_v2(damaged->db, "INSERT INTO event (body, position) VALUES (?1, ?2)", -1, &put, NULL),
        SQLITE_OK);
    put_body(put, damaged->last + 1, body, length + TAG_BYTES);
    (void)sqlite3_finalize(put);
    return ++damaged->last;
}

static struct event epoch_after(struct damaged *damaged)
{
    struct event event = {.kind = EVENT_EPOCH, .version = 1};
    uint8_t body[BODY_MAX_BYTES], hash[HASH_BYTES];
    uint64_t epoch_position = 0;
    struct event last_epoch = {0};
    chain_hash_start(crypto_sha256_two, hash);
    for (uint64_t position = 1; position <= damaged->last; position++) {
        struct event read;
        int size = get_body(damaged->db, position, body);
        assert_int_equal(event_decode(body, (size_t)size - TAG_BYTES, &read), 0);
        if (read.kind == EVENT_EPOCH) {
            last_epoch = read;
            epoch_position = position;
        }
        chain_hash(crypto_sha256_two, hash, body, (size_t)size - TAG_BYTES, hash);
    }
    event.epoch = last_epoch.epoch;
    event.epoch.program = text_of("test");
    event.epoch.parent_epoch = last_epoch.epoch.epoch;
    event.epoch.epoch.bytes[3] ^= 1;
    event.epoch.parent_sequence = damaged->last - epoch_position;
    event.epoch.generation++;
    memcpy(event.epoch.parent_hash, hash, HASH_BYTES);
    return event;
}

static void undo_append(struct damaged *damaged)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "DELETE FROM event WHERE position = %llu",
                   (unsigned long long)damaged->last--);
    change(damaged, sql);
}

/* A start that does not hang on the event before it: a twin (a second child of an earlier event), a
 * generation skipped, another device's, an id given twice. A right one is accepted, so each difference is
 * what was found. */
static void test_wrong_start_is_named(void **state)
{
    struct damaged damaged;
    make(&damaged, *state);
    struct store_check check;
    for (int wrong = 0; wrong <= 5; wrong++) {
        struct event event = epoch_after(&damaged);
        event.epoch.parent_sequence -= wrong == 1;
        event.epoch.generation += wrong == 2;
        event.epoch.device.bytes[0] ^= wrong == 3;
        if (wrong == 4)
            event.epoch.epoch = event.epoch.parent_epoch;
        event.epoch.parent_hash[31] ^= wrong == 5;
        uint64_t position = append(&damaged, &event);
        assert_int_equal(first_bad(&damaged, &check), wrong ? position : 0);
        undo_append(&damaged);
    }
    (void)sqlite3_close(damaged.db);
}

static void test_wrong_seal_is_named(void **state)
{
    struct damaged damaged;
    make(&damaged, *state);
    struct store_check check;
    for (int wrong = 0; wrong <= 2; wrong++) {
        struct event start = epoch_after(&damaged);
        struct event seal = {.kind = EVENT_SEAL, .version = 1};
        memcpy(seal.seal.hash, start.epoch.parent_hash,
               HASH_BYTES); /* h of the last event; which is a seal */
        seal.seal.events = wrong == 1;
        seal.seal.hash[17] ^= wrong == 2; /* beyond the bytes that the chain carries on */
        uint64_t position = append(&damaged, &seal);
        assert_int_equal(first_bad(&damaged, &check), wrong ? position : 0);
        undo_append(&damaged);
    }
    (void)sqlite3_close(damaged.db);
}

static int fold(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                const uint8_t tag[4])
{
    uint8_t *sum = user;
    (void)position;
    (void)id;
    crypto_sha256_two(sum, HASH_BYTES, bytes, length, sum);
    crypto_sha256_two(sum, HASH_BYTES, tag, TAG_BYTES, sum);
    return 0;
}

/* A byte of the file itself: either it is said that something is wrong, or every event is still what it was
 * (the byte was in a table that can be derived again, or in free space). */
static void test_damaged_file_never_passes_for_whole(void **state)
{
    enum { STEP = 41 };
    struct damaged damaged;
    make(&damaged, *state);
    (void)sqlite3_close(damaged.db); /* the stranger is the last: the WAL goes into the file */
    char path[LEDGER_PATH_BYTES];
    ledger_path(damaged.ledger, "ledger.db", path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(setvbuf(file, NULL, _IONBF, 0), 0);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    uint8_t whole[HASH_BYTES] = {0};
    int found = 0, harmless = 0;
    for (long at = -1; at < size; at += STEP) {
        uint8_t sum[HASH_BYTES] = {0};
        int byte = 0;
        if (at >= 0) {
            assert_int_equal(fseek(file, at, SEEK_SET), 0);
            byte = fgetc(file);
            assert_int_equal(fseek(file, at, SEEK_SET), 0);
            assert_int_equal(fputc(byte ^ 0x55, file), byte ^ 0x55);
        }
        struct store *store = NULL;
        struct store_check check = {0};
        int result = store_open_readonly(damaged.ledger->directory, &store, NULL);
        if (result == 0)
            result = store_verify(store, crypto_sha256_two, &check);
        if (result == 0 && !check.first_bad_position) {
            assert_int_equal(store_walk(store, 0, fold, sum), 0);
            if (at < 0)
                memcpy(whole, sum, sizeof whole);
            assert_memory_equal(whole, sum, sizeof whole);
            harmless++;
        } else {
            found++;
        }
        store_close(store);
        if (at >= 0) {
            assert_int_equal(fseek(file, at, SEEK_SET), 0);
            assert_int_equal(fputc(byte, file), byte);
        }
    }
    (void)fclose(file);
    print_message("%d bytes: %d found, %d harmless\n", found + harmless, found, harmless);
    assert_true(found > 0 && harmless > 0);
}

/* The agent goes on selling while another process verifies. */
static void test_verify_beside_a_running_agent(void **state)
{
    struct ledger *ledger = *state;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
        if (i % 60)
            continue;
        int maintained = store_maintain(ledger->store, i % 120 == 0);
        assert_true(maintained >= 0);
        struct store *reader;
        struct store_check check;
        assert_int_equal(store_open_readonly(ledger->directory, &reader, NULL), 0);
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
        assert_int_equal(store_verify(reader, crypto_sha256_two, &check), 0);
        assert_int_equal(check.first_bad_position, 0);
        assert_int_equal(check.events, store_last_position(ledger->store));
        store_close(reader);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_changed_byte_is_named),
        TEST(test_missing_event_is_named),
        TEST(test_cut_tail_is_named_and_not_opened),
        TEST(test_wrong_start_is_named),
        TEST(test_wrong_seal_is_named),
        TEST(test_damaged_file_never_passes_for_whole),
        TEST(test_verify_beside_a_running_agent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
