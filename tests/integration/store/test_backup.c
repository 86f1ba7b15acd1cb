/* Backups at the level of the store: the same events and rows, many pieces, and no hold on the log of the one
 * who sells. */
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
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "crypto/crypto.h"
#include "ledger.h"
#include "store/store_backup.h"
#include "store/store_internal.h"
#include "store/store_restore.h"

/* Called when the copy is read back: the stick is being waited for. The agent sells then, and its log goes
 * home and begins anew, which no reader may hinder. */
static struct ledger *seller;
static int log_result, sales;

static void sell_meanwhile(const void *first, size_t first_length, const void *second, size_t second_length,
                           uint8_t hash[HASH_BYTES])
{
    if (seller && sales++ == 0) {
        assert_int_equal(ledger_sell(seller, 1, 1).error, 0);
        log_result =
            sqlite3_wal_checkpoint_v2(seller->store->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    }
    crypto_sha256_two(first, first_length, second, second_length, hash);
}

static int back_up(struct ledger *ledger, sha256_fn *sha256, struct store_backup_report *report,
                   struct err *err)
{
    struct store *source;
    struct store_backup_request request = {
        .directory = ledger->copy, .wall_ms = 1790000000000, .keep = 2, .sha256 = sha256};
    assert_int_equal(store_open_readonly(ledger->directory, &source, NULL), 0);
    int result = store_backup(source, &request, report, err);
    store_close(source);
    return result;
}

static void open_report(struct ledger *ledger, const struct store_backup_report *report, struct store **copy)
{
    char path[LEDGER_PATH_BYTES + STORE_COPY_NAME_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", ledger->copy, report->name);
    assert_int_equal(store_copy_open(path, copy, NULL), 0);
}

static void the_log_is_free_while_the_stick_is_waited_for(void **state)
{
    struct ledger *ledger = *state;
    struct store_backup_report report;
    struct err err = {0};
    ledger_open(ledger);
    ledger_stock_up(ledger);
    seller = ledger;
    sales = 0;
    log_result = -1;
    int result = back_up(ledger, sell_meanwhile, &report, &err);
    seller = NULL;
    if (result < 0)
        print_error("%s\n", err_text(&err));
    assert_int_equal(result, 0);
    assert_true(sales > 0);
    assert_int_equal(log_result, SQLITE_OK);
    assert_int_equal(report.events, store_last_position(ledger->store) - 1); /* as of before that sale */
}

static void many_pieces_make_one_ledger(void **state)
{
    struct ledger *ledger = *state;
    struct store_backup_report report;
    struct store_origin origin;
    struct store *copy;
    struct err err = {0};
    ledger_open(ledger);
    ledger_stock_up(ledger);
    for (int round = 0; round < 5; round++) {
        struct changes changes = changes_new();
        for (int i = 0; i < 2000; i++) {
            struct event event = {.kind = EVENT_ADJUSTMENT, .version = 1};
            event.adjustment.item = (uint32_t)(i % 2) + 1;
            event.adjustment.location = LEDGER_BOOTH;
            event.adjustment.delta = 1;
            event.adjustment.reason = ADJUST_FOUND;
            changes_add_event(&changes, &event);
        }
        assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    }
    assert_int_equal(back_up(ledger, crypto_sha256_two, &report, &err), 0);
    assert_int_equal(report.events, store_last_position(ledger->store));
    assert_memory_equal(report.witness.hash, ledger->store->hash, HASH_BYTES);
    open_report(ledger, &report, &copy);
    assert_int_equal(store_origin(copy, &origin), 0);
    assert_int_equal(origin.kind, STORE_ORIGIN_BACKUP);
    assert_int_equal(origin.position, report.events);
    struct item item;
    assert_int_equal(store_item_by_sku(copy, "MUG", &item), 0);
    store_close(copy);
}

static void two_at_once_are_refused(void **state)
{
    struct ledger *ledger = *state;
    struct store_backup_report report;
    struct err err = {0};
    ledger_open(ledger);
    FD_AUTO int folder = open(ledger->copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(folder, LOCK_EX), 0);
    assert_int_equal(back_up(ledger, crypto_sha256_two, &report, &err), -EBUSY);
    assert_int_equal(flock(folder, LOCK_UN), 0);
    assert_int_equal(back_up(ledger, crypto_sha256_two, &report, &err), 0);
}

static void the_mark_goes_when_it_is_settled(void **state)
{
    struct ledger *ledger = *state;
    struct ledger restored = {.next_epoch = 100};
    struct store_backup_report report;
    struct store_installed installed;
    struct store_origin origin;
    struct err err = {0};
    char file[LEDGER_PATH_BYTES + STORE_COPY_NAME_BYTES];
    ledger_open(ledger);
    ledger_stock_up(ledger);
    assert_int_equal(back_up(ledger, crypto_sha256_two, &report, &err), 0);
    (void)snprintf(file, sizeof file, "%s/%s", ledger->copy, report.name);
    (void)snprintf(restored.directory, sizeof restored.directory, "%.50s/new", ledger->copy);
    struct store_install install = {.directory = restored.directory, .sha256 = crypto_sha256_two};
    assert_int_equal(store_restore(file, &install, &installed, &err), 0);
    ledger_open(&restored);
    assert_int_equal(store_origin(restored.store, &origin), 0);
    assert_int_equal(origin.position + 1, store_last_position(restored.store)); /* its start is behind it */
    ledger_reopen(&restored);
    assert_int_equal(store_origin(restored.store, &origin),
                     0); /* no start takes the mark away, only the seller */
    assert_int_equal(ledger_on_hand(&restored, 1), 100);
    ledger_close(&restored);
    ledger_remove(restored.directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_log_is_free_while_the_stick_is_waited_for, ledger_setup,
                                        ledger_teardown),
        cmocka_unit_test_setup_teardown(many_pieces_make_one_ledger, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(two_at_once_are_refused, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(the_mark_goes_when_it_is_settled, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
