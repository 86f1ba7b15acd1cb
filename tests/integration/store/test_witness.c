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
#include "ledger.h"
#include "store/store_origin.h"
#include "store/store_witness.h"

static struct witness seen(struct ledger *ledger)
{
    struct witness witness;
    assert_int_equal(store_witness(ledger->store, 1790000000000, &witness), 0);
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
        cmocka_unit_test_setup_teardown(an_ordinary_ledger_has_no_origin, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(files_that_are_none_are_named, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
