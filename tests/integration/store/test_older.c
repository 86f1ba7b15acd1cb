/* A backup that an earlier program made is as good as one of today: it is verified where it lies and put in
 * place brought up to this program's schema, and nothing of it is changed. */
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

#include "base/cleanup.h"
#include "crypto/crypto.h"
#include "ledger.h"
#include "old_ledger.h"
#include "store/store_backup.h"
#include "store/store_internal.h"
#include "store/store_restore.h"
#include "store/store_salvage.h"
#include "store/store_verify.h"

enum { SOLD = 10, FILE_MAX_BYTES = 1 << 20 };

static void sell(struct ledger *ledger)
{
    for (int i = 0; i < SOLD; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
}

/* A stopped ledger of that schema. */
static void make_old(struct ledger *ledger, int version)
{
    ledger_open(ledger);
    ledger_stock_up(ledger);
    old_ledger_fill(ledger);
    sell(ledger);
    ledger_close(ledger);
    old_ledger_make(ledger, version);
}

/* As a backup of that time: a file alone, marked as what it is. Write-protected, like the stick it lies on.
 */
static void make_backup(struct ledger *ledger, char path[LEDGER_PATH_BYTES])
{
    sqlite3 *db;
    ledger_path(ledger, "ledger.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA journal_mode = DELETE; INSERT INTO meta VALUES ('origin', 1), "
                                  "('origin_wall_ms', 1790000000000), ('origin_position', 7)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(chmod(path, 0400), 0);
}

static size_t read_file(const char *path, uint8_t **bytes)
{
    FILE_AUTO FILE *file = fopen(path, "re");
    assert_non_null(file);
    *bytes = malloc(FILE_MAX_BYTES);
    assert_non_null(*bytes);
    size_t length = fread(*bytes, 1, FILE_MAX_BYTES, file);
    assert_true(length > 0 && length < FILE_MAX_BYTES);
    return length;
}

static void assert_verifies(const char *path)
{
    struct store *copy;
    struct store_check check;
    struct item item;
    char words[REASON_MAX_BYTES + 1] = "";
    struct err err = {0};
    int result = store_copy_open(path, &copy, &err);
    if (result < 0)
        print_error("%s\n", err_text(&err));
    assert_int_equal(result, 0);
    assert_int_equal(store_verify(copy, crypto_sha256_two, &check), 0);
    assert_int_equal(check.first_bad_position, 0);
    assert_int_equal(check.events, store_last_position(copy));
    assert_int_equal(store_verify_rows(copy, words), 0);
    assert_string_equal(words, "ok");
    assert_int_equal(store_item_by_sku(copy, "MUG", &item), 0); /* of export */
    store_close(copy);
}

static void a_backup(struct ledger *ledger, int version)
{
    char file[LEDGER_PATH_BYTES];
    struct ledger restored = {.next_epoch = 100};
    struct store_installed installed;
    int64_t schema;
    struct store_origin origin;
    struct err err = {0};
    FREE_AUTO uint8_t *before = NULL, *after = NULL;
    make_old(ledger, version);
    make_backup(ledger, file);
    size_t length = read_file(file, &before);
    assert_verifies(file);
    (void)snprintf(restored.directory, sizeof restored.directory, "%.50s/new", ledger->copy);
    struct store_install install = {.directory = restored.directory, .sha256 = crypto_sha256_two};
    int result = store_restore(file, &install, &installed, &err);
    if (result < 0)
        print_error("schema %d: %s\n", version, err_text(&err));
    assert_int_equal(result, 0);
    assert_int_equal(installed.origin.position, 7); /* the backup's own mark, not that of today */
    assert_int_equal(read_file(file, &after), length);
    assert_memory_equal(after, before, length);
    ledger_open(&restored);
    old_ledger_check(&restored, SOLD);
    assert_int_equal(store_schema_of(restored.store, &schema, &err), 0);
    assert_int_equal(schema, store_schema_version());
    assert_int_equal(store_origin(restored.store, &origin), 0);
    assert_int_equal(ledger_sell(&restored, 1, 1).error, 0);
    ledger_close(&restored);
    ledger_remove(restored.directory);
}

/* The program was replaced, and a backup is made before its first start. */
static void a_ledger(struct ledger *ledger, int version)
{
    char file[LEDGER_PATH_BYTES + STORE_COPY_NAME_BYTES];
    struct store *source;
    int64_t schema;
    struct store_backup_report report;
    struct err err = {0};
    struct store_backup_request request = {
        .directory = ledger->copy, .wall_ms = 1790000000000, .keep = 2, .sha256 = crypto_sha256_two};
    make_old(ledger, version);
    assert_int_equal(store_open_readonly(ledger->directory, &source, NULL), 0);
    int result = store_backup(source, &request, &report, &err);
    if (result < 0)
        print_error("schema %d: %s\n", version, err_text(&err));
    assert_int_equal(result, 0);
    assert_int_equal(store_schema_of(source, &schema, &err), 0);
    assert_int_equal(schema, version);
    store_close(source);
    (void)snprintf(file, sizeof file, "%s/%s", ledger->copy, report.name);
    assert_verifies(file);
    ledger_open(ledger);
    old_ledger_check(ledger, SOLD);
}

static void undamaged_is_not_salvaged(struct ledger *ledger, int version)
{
    struct store_salvaged salvaged;
    struct store_install install = {.directory = ledger->directory, .sha256 = crypto_sha256_two};
    struct store_start start = ledger_start(ledger);
    make_old(ledger, version);
    assert_int_equal(store_salvage(NULL, &install, &start, &salvaged, NULL), -EALREADY);
}

static void for_each_schema(void (*fn)(struct ledger *ledger, int version))
{
    int newest = (int)store_schema_version();
    assert_true(newest > 2);
    for (int version = 1; version <= newest; version++) {
        void *state;
        assert_int_equal(ledger_setup(&state), 0);
        fn(state, version);
        assert_int_equal(ledger_teardown(&state), 0);
    }
}

static void test_a_backup_of_each_schema_is_verified_and_restored(void **state)
{
    (void)state;
    for_each_schema(a_backup);
}

static void test_a_ledger_of_each_schema_is_backed_up(void **state)
{
    (void)state;
    for_each_schema(a_ledger);
}

static void test_an_old_ledger_is_no_damaged_one(void **state)
{
    (void)state;
    for_each_schema(undamaged_is_not_salvaged);
}

static void test_a_newer_one_is_refused(void **state)
{
    struct ledger *ledger = *state;
    struct store *copy;
    struct err err = {0};
    char path[LEDGER_PATH_BYTES];
    make_old(ledger, (int)store_schema_version());
    ledger_path(ledger, "ledger.db", path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(store_copy_open(path, &copy, &err), -ENOTSUP);
    assert_non_null(strstr(err_text(&err), "newer Fairstock (schema 99"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_backup_of_each_schema_is_verified_and_restored),
        cmocka_unit_test(test_a_ledger_of_each_schema_is_backed_up),
        cmocka_unit_test(test_an_old_ledger_is_no_damaged_one),
        cmocka_unit_test_setup_teardown(test_a_newer_one_is_refused, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
