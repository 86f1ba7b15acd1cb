/* Is this the machine, and the state, that the ledger was last written on: what the file remembers, across
 * starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <string.h>

#include "crypto/crypto.h"
#include "ledger.h"
#include "store/store_identity.h"

static enum store_identity_suspect open_on(struct ledger *ledger, const char *machine,
                                           struct event_id *before)
{
    struct err err = {0};
    struct store_start start = ledger_start(ledger);
    uint8_t hash[HASH_BYTES];
    start.machine = machine;
    if (store_open(ledger->directory, &start, &ledger->store, &err) < 0)
        fail_msg("%s", err_text(&err));
    return store_identity_suspect(ledger->store, before, hash);
}

static enum store_identity_suspect open_once(struct ledger *ledger, const char *machine)
{
    struct event_id before;
    enum store_identity_suspect suspect = open_on(ledger, machine, &before);
    ledger_close(ledger);
    return suspect;
}

static const struct suspicion *suspicion_of(const struct ledger *ledger)
{
    return book_suspicion(store_book(ledger->store));
}

static void book_suspected(struct ledger *ledger, struct event_id seen)
{
    struct suspicion_reason reason = {.seen = seen, .who = "machine", .words = "it moved."};
    CHANGES_AUTO struct changes changes = changes_new();
    suspicion_raise(store_book(ledger->store), &reason, 1, 2, &changes);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

static void decide(struct ledger *ledger, uint32_t accepted)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_RESTORE_DECISION, .version = 1, .restore = {.accepted = accepted}};
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

static void the_same_machine_is_no_news(void **state)
{
    struct ledger *ledger = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(open_once(ledger, "system=one\n"), STORE_IDENTITY_NOTHING);
}

static void another_machine_is_found_until_it_is_booked(void **state)
{
    struct ledger *ledger = *state;
    struct event_id before;
    assert_int_equal(open_on(ledger, "system=one\n", &before), STORE_IDENTITY_NOTHING);
    ledger_stock_up(ledger);
    struct event_id last = store_event_id(ledger->store, store_last_position(ledger->store) + 1);
    ledger_close(ledger); /* with a seal behind it */
    /* The power goes before the suspicion is booked, twice. */
    assert_int_equal(open_once(ledger, "system=two\n"), STORE_IDENTITY_MACHINE);
    assert_int_equal(open_once(ledger, "system=two\n"), STORE_IDENTITY_MACHINE);
    assert_int_equal(open_once(ledger, "system=one\n"), STORE_IDENTITY_NOTHING); /* and it may come back */
    assert_int_equal(open_on(ledger, "system=two\n", &before), STORE_IDENTITY_MACHINE);
    assert_false(id128_equal(before.epoch, last.epoch));
    assert_true(id128_equal(before.device, last.device));
    book_suspected(ledger, before);
    ledger_close(ledger);
    assert_int_equal(open_on(ledger, "system=two\n", &before), STORE_IDENTITY_NOTHING);
    assert_int_equal(suspicion_of(ledger)->state, SUSPICION_OPEN); /* it is still to be answered */
    (void)ledger_verify(ledger);
}

static void an_unknown_machine_neither_asks_nor_forgets(void **state)
{
    struct ledger *ledger = *state;
    assert_int_equal(open_once(ledger, NULL), STORE_IDENTITY_NOTHING);
    assert_int_equal(open_once(ledger, "system=one\n"),
                     STORE_IDENTITY_NOTHING); /* the first one that is known */
    assert_int_equal(open_once(ledger, ""), STORE_IDENTITY_NOTHING);
    assert_int_equal(open_once(ledger, "system=two\n"), STORE_IDENTITY_MACHINE);
}

static void the_standing_outlives_starts_snapshots_and_recovery(void **state)
{
    struct ledger *ledger = *state;
    struct event_id seen = {.sequence = UINT64_C(0x1122334455667788)}, before;
    memset(seen.device.bytes, 0x0d, ID128_BYTES);
    memset(seen.epoch.bytes, 0x0e, ID128_BYTES);
    (void)open_on(ledger, "system=one\n", &before);
    book_suspected(ledger, seen);
    struct ledger copied = {0};
    ledger_open_copy(ledger, &copied); /* as kill -9 leaves it */
    assert_int_equal(book_suspicion(store_book(copied.store))->state, SUSPICION_OPEN);
    store_close(copied.store);
    ledger_reopen(ledger);
    assert_int_equal(suspicion_of(ledger)->state, SUSPICION_OPEN);
    assert_int_equal(suspicion_of(ledger)->witness.sequence, seen.sequence);
    assert_true(id128_equal(suspicion_of(ledger)->witness.device, seen.device));
    assert_true(id128_equal(suspicion_of(ledger)->witness.epoch, seen.epoch));
    decide(ledger, 0);
    ledger_reopen(ledger);
    assert_int_equal(suspicion_of(ledger)->state, SUSPICION_COPY);
    decide(ledger, 1);
    ledger_reopen(ledger);
    assert_int_equal(suspicion_of(ledger)->state, SUSPICION_GOES_ON);
}

static void mark_as_backup(struct ledger *ledger)
{
    char path[LEDGER_PATH_BYTES];
    sqlite3 *db = NULL;
    ledger_path(ledger, "ledger.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "INSERT OR REPLACE INTO meta (key, value) VALUES ('origin', 1), "
                                  "('origin_wall_ms', 5), ('origin_position', 7)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_backup_is_asked_about_once(void **state)
{
    struct ledger *ledger = *state;
    struct event_id before;
    assert_int_equal(open_once(ledger, "system=one\n"), STORE_IDENTITY_NOTHING);
    mark_as_backup(ledger);
    assert_int_equal(open_once(ledger, "system=one\n"), STORE_IDENTITY_BACKUP);
    assert_int_equal(open_on(ledger, "system=one\n", &before), STORE_IDENTITY_BACKUP);
    book_suspected(ledger, before);
    decide(ledger, 1);
    ledger_close(ledger);
    assert_int_equal(open_once(ledger, "system=one\n"), STORE_IDENTITY_NOTHING);
    mark_as_backup(ledger); /* put back once more: asked once more */
    assert_int_equal(open_once(ledger, "system=one\n"), STORE_IDENTITY_BACKUP);
}

int main(void)
{
#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)
    const struct CMUnitTest tests[] = {
        LEDGER_TEST(the_same_machine_is_no_news),
        LEDGER_TEST(another_machine_is_found_until_it_is_booked),
        LEDGER_TEST(an_unknown_machine_neither_asks_nor_forgets),
        LEDGER_TEST(the_standing_outlives_starts_snapshots_and_recovery),
        LEDGER_TEST(a_backup_is_asked_about_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
