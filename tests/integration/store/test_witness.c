/* What a witness saw, compared with ledgers on real files: the same, an older copy, a twin, a stranger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "damage.h"
#include "store/store_internal.h"
#include "store/store_origin.h"
#include "store/store_witness.h"

static struct witness seen(struct ledger *ledger)
{
    uint64_t last = store_last_position(ledger->store);
    struct witness witness = {
        .last = store_event_id(ledger->store, last), .position = last, .wall_ms = 1790000000000};
    memcpy(witness.hash, ledger->store->hash, HASH_BYTES);
    return witness;
}

static enum store_witness_verdict verdict(struct ledger *ledger, const struct witness *witness)
{
    enum store_witness_verdict said;
    assert_int_equal(store_witness_compare(ledger->store, crypto_sha256_two, witness, &said), 0);
    return said;
}

static void agrees_also_after_more_sales(void **state)
{
    struct ledger *ledger = *state;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    struct witness witness = seen(ledger);
    assert_int_equal(verdict(ledger, &witness), WITNESS_AGREES);
    assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    ledger_reopen(ledger);
    assert_int_equal(verdict(ledger, &witness), WITNESS_AGREES);
    witness.hash[31] ^= 1;
    assert_int_equal(verdict(ledger, &witness), WITNESS_DIFFERS);
    witness.last.device.bytes[0] ^= 1;
    assert_int_equal(verdict(ledger, &witness), WITNESS_STRANGE);
}

static void an_older_copy_and_a_twin_are_told(void **state)
{
    struct ledger *ledger = *state;
    struct ledger twin;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    ledger_open_copy(ledger, &twin);
    for (int i = 0; i < 9; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    struct witness witness = seen(ledger);
    assert_int_equal(verdict(&twin, &witness), WITNESS_AHEAD);
    for (int i = 0; i < 20; i++)
        assert_int_equal(ledger_sell(&twin, 1, 1).error, 0);
    assert_int_equal(verdict(&twin, &witness), WITNESS_DIFFERS);
    witness = seen(&twin);
    assert_int_equal(verdict(ledger, &witness), WITNESS_AHEAD);
    ledger_close(&twin);
}

/* How many rows a comparison steps over, whatever was sold before. */
static int rows_stepped;
static int count_step(unsigned kind, void *user, void *statement, void *text)
{
    (void)user;
    (void)text;
    if (kind == SQLITE_TRACE_ROW)
        rows_stepped++;
    (void)statement;
    return 0;
}

static int hashed;
static void count_hashes(const void *first, size_t first_length, const void *second, size_t second_length,
                         uint8_t hash[HASH_BYTES])
{
    hashed++;
    crypto_sha256_two(first, first_length, second, second_length, hash);
}

static void a_long_ledger_costs_no_more(void **state)
{
    struct ledger *ledger = *state;
    enum store_witness_verdict said;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    for (int i = 0; i < 1500; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    struct witness witness = seen(ledger);
    for (int i = 0; i < 300; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    rows_stepped = hashed = 0;
    (void)sqlite3_trace_v2(ledger->store->db, SQLITE_TRACE_ROW, count_step, NULL);
    assert_int_equal(store_witness_compare(ledger->store, count_hashes, &witness, &said), 0);
    (void)sqlite3_trace_v2(ledger->store->db, 0, NULL, NULL);
    assert_int_equal(said, WITNESS_AGREES);
    assert_true(hashed > 1 && hashed < 300);
    assert_true(rows_stepped < 300);
}

/* What a salvage left a gap in is followed from behind it; where that cannot be, nobody is accused. */
static void a_salvaged_ledger_is_compared(void **state)
{
    struct ledger *ledger = *state;
    struct store_salvaged salvaged;
    struct witness before, behind, far;
    static uint8_t bytes[DAMAGE_FILE_MAX_BYTES];
    uint8_t event[EVENT_MAX_BYTES];
    char path[LEDGER_PATH_BYTES];
    size_t size, length = sizeof event;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    before = seen(ledger);
    uint64_t lost = ledger_sell(ledger, 2, 77).first_position;
    assert_int_equal(store_event(ledger->store, lost, event, &length), 0);
    assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    behind = seen(ledger);
    ledger_reopen(ledger); /* a seal and a start, which say h again */
    assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    far = seen(ledger);
    ledger_close(ledger);
    ledger_path(ledger, "ledger.db", path);
    damage_read(path, bytes, &size);
    uint8_t *at = memmem(bytes, size, event, length);
    assert_non_null(at);
    at[length - 3] ^= 0x20;
    damage_place(ledger, bytes, size);
    assert_int_equal(damage_salvage(ledger, &salvaged, NULL), 0);
    assert_int_equal(salvaged.lost, 1);
    ledger_open(ledger);
    assert_int_equal(verdict(ledger, &before), WITNESS_AGREES);
    assert_int_equal(verdict(ledger, &behind), WITNESS_AGREES);
    assert_int_equal(verdict(ledger, &far), WITNESS_AGREES);
    before.hash[31] ^= 1;
    far.hash[31] ^= 1;
    assert_int_equal(verdict(ledger, &before), WITNESS_DIFFERS);
    assert_int_equal(verdict(ledger, &far), WITNESS_DIFFERS);
}

static void damage_is_not_compared(void **state)
{
    struct ledger *ledger = *state;
    struct witness witness;
    enum store_witness_verdict said = WITNESS_STRANGE;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    witness = seen(ledger);
    char sql[128];
    (void)snprintf(sql, sizeof sql, "UPDATE event SET body = substr(body, 1, 5) || body WHERE position = %d",
                   (int)witness.position - 1);
    assert_int_equal(sqlite3_exec(ledger->store->db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_witness_compare(ledger->store, crypto_sha256_two, &witness, &said), -EUCLEAN);
    assert_int_equal(said, WITNESS_STRANGE); /* untouched */
}

static void an_ordinary_ledger_has_no_origin(void **state)
{
    struct ledger *ledger = *state;
    struct store_origin origin;
    ledger_open(ledger);
    assert_int_equal(store_origin(ledger->store, &origin), -ENOENT);
}

static void files_that_are_none_are_named(void **state)
{
    struct ledger *ledger = *state;
    struct witness witness;
    struct err err = {0};
    char path[LEDGER_PATH_BYTES];
    ledger_path(ledger, "w", path);
    assert_int_equal(store_witness_read(path, crypto_sha256_two, &witness, &err), -ENOENT);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 2000; i++)
        (void)fputc(i % 7 ? 'x' : '\0', file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(store_witness_read(path, crypto_sha256_two, &witness, &err), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agrees_also_after_more_sales, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(an_older_copy_and_a_twin_are_told, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(a_long_ledger_costs_no_more, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(a_salvaged_ledger_is_compared, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(damage_is_not_compared, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(an_ordinary_ledger_has_no_origin, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(files_that_are_none_are_named, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
