/* The files of a ledger: made whole or not at all, brought up from every earlier schema, at home with
 * strangers who read them. */
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
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ledger.h"
#include "old_ledger.h"
#include "store/store_internal.h"
#include "tracing.h"

static void run(sqlite3 *db, const char *sql)
{
    char *words = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        print_error("%s: %s\n", sql, words);
    assert_null(words);
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *ask;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &ask, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(ask), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(ask, 0);
    (void)sqlite3_finalize(ask);
    return value;
}

static void put_file(const struct ledger *ledger, const char *name, const char *content)
{
    char path[LEDGER_PATH_BYTES];
    ledger_path(ledger, name, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
    assert_int_equal(fclose(file), 0);
}

static int open_fails(struct ledger *ledger, const char *words)
{
    struct store_start start = ledger_start(ledger);
    struct err err = {0};
    int result = store_open(ledger->directory, &start, &ledger->store, &err);
    if (result >= 0 || !strstr(err_text(&err), words))
        print_error("%s\n", err_text(&err));
    assert_non_null(strstr(err_text(&err), words));
    assert_null(ledger->store);
    return result;
}

/* --- creating
 * ------------------------------------------------------------------------------------------------- */

static void test_half_made_ledger_is_made_anew(void **state)
{
    struct ledger *ledger = *state;
    put_file(ledger, "ledger.db.new", "half a ledger");
    put_file(ledger, "ledger.db.new-journal", "and its journal");
    ledger_open(ledger);
    ledger_stock_up(ledger);
    char path[LEDGER_PATH_BYTES];
    struct stat status;
    ledger_path(ledger, "ledger.db", path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    ledger_path(ledger, "ledger.db.new", path);
    assert_int_equal(access(path, F_OK), -1);
    ledger_path(ledger, "ledger.db.new-journal", path);
    assert_int_equal(access(path, F_OK), -1);
    (void)ledger_verify(ledger);
}

static void test_log_without_its_ledger_is_refused(void **state)
{
    struct ledger *ledger = *state;
    char path[LEDGER_PATH_BYTES];
    ledger_open(ledger);
    ledger_stock_up(ledger);
    ledger_close(ledger);
    ledger_path(ledger, "ledger.db", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(open_fails(ledger, "still there"), -EUCLEAN);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_foreign_file_is_refused(void **state)
{
    struct ledger *ledger = *state;
    char path[LEDGER_PATH_BYTES];
    put_file(ledger, "ledger.db",
             "this is a shopping list, not a database, and it is longer than a header: eggs, milk,"
             " bread, butter, blue glaze, boxes, stamps");
    assert_int_equal(open_fails(ledger, "not a Fairstock ledger"), -EUCLEAN);
    ledger_path(ledger, "ledger.db", path);
    assert_int_equal(unlink(path), 0);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run(db, "CREATE TABLE sheep (name TEXT)");
    (void)sqlite3_close(db);
    assert_int_equal(open_fails(ledger, "not a Fairstock ledger"), -EUCLEAN);
}

/* In this order: the file's bytes, its name, the directory that has the name, the directory that has the
 * directory. */
static void test_creation_reaches_the_disk_in_order(void **state)
{
    struct ledger *ledger = *state;
    char trace[LEDGER_PATH_BYTES], line[512];
    if (!tracing_works())
        skip();
    (void)snprintf(trace, sizeof trace, "%s/trace", ledger->copy);
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
        (void)execlp("strace", "strace", "-qq", "-y", "-o", trace, "-e", "trace=fsync,fdatasync,rename,write",
                     LEDGER_SELLER, ledger->directory, "0", (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    static const char *const steps[] = {"fsync(*ledger.db.new>)",     "rename(", "fsync(", "fsync(",
                                        "fdatasync(*ledger.db-wal>)", "write(1"};
    size_t step = 0;
    FILE *file = fopen(trace, "r");
    assert_non_null(file);
    while (step < sizeof steps / sizeof steps[0] && fgets(line, sizeof line, file)) {
        char call[64];
        (void)snprintf(call, sizeof call, "%s", steps[step]);
        char *star = strchr(call, '*');
        if (star)
            *star = '\0';
        step += strncmp(line, call, strlen(call)) == 0 && (!star || strstr(line, star + 1));
    }
    (void)fclose(file);
    assert_int_equal(step, sizeof steps / sizeof steps[0]);
}

/* --- migrations
 * ----------------------------------------------------------------------------------------------- */

static void test_every_earlier_schema_is_brought_up(void **state)
{
    struct ledger *ledger = *state;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    old_ledger_fill(ledger);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    ledger_reopen(ledger);
    old_ledger_check(ledger, 10);
    assert_int_equal(book_channel(store_book(ledger->store), 1)->baseline_ms, 99); /* kept over a restart */
    int newest = (int)number(ledger->store->db, "PRAGMA user_version");
    assert_int_equal(newest, 4); /* a newer schema adds its file to old_ledger.c */
    for (int version = 1; version < newest; version++) {
        ledger_close(ledger);
        old_ledger_make(ledger, version);
        struct store *reader = NULL;
        struct time_start start;
        assert_int_equal(store_open_readonly(ledger->directory, &reader, NULL), 0);
        assert_int_equal(store_starts(reader, &start, 1), version < 3 ? -EIO : 1); /* 3 brought its column */
        store_close(reader);
        ledger_open(ledger);
        assert_int_equal(number(ledger->store->db, "PRAGMA user_version"), newest);
        old_ledger_check(ledger, 10);
        ledger_reopen(ledger);
        old_ledger_check(ledger, 10);
    }
}

static void test_newer_schema_is_refused(void **state)
{
    struct ledger *ledger = *state;
    char path[LEDGER_PATH_BYTES];
    ledger_open(ledger);
    ledger_close(ledger);
    ledger_path(ledger, "ledger.db", path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run(db, "PRAGMA user_version = 99");
    (void)sqlite3_close(db);
    assert_int_equal(open_fails(ledger, "newer Fairstock"), -ENOTSUP);
}

/* --- strangers
 * ------------------------------------------------------------------------------------------------ */

static long long ask_stranger(const struct ledger *ledger)
{
    char path[LEDGER_PATH_BYTES];
    int ends[2], status;
    long long events = -1;
    ledger_path(ledger, "ledger.db", path);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execl(LEDGER_STRANGER, LEDGER_STRANGER, path, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    FILE *said = fdopen(ends[0], "r");
    assert_non_null(said);
    assert_int_equal(fscanf(said, "%lld", &events), 1);
    (void)fclose(said);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return events;
}

static off_t log_size(const struct ledger *ledger)
{
    char path[LEDGER_PATH_BYTES];
    struct stat status;
    ledger_path(ledger, "ledger.db-wal", path);
    return stat(path, &status) == 0 ? status.st_size : 0;
}

static void rest(struct ledger *ledger)
{
    int more;
    do
        more = store_maintain(ledger->store, false);
    while (more > 0);
    assert_int_equal(more, 0);
}

/* A shell that reads beside the agent sees every sale and takes nothing away; one that reads while the agent
 * is down closes the file as its last user and removes the log: it is made again, with its space. */
static void test_stranger_reads(void **state)
{
    struct ledger *ledger = *state;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    rest(ledger);
    assert_int_equal(log_size(ledger), WAL_BYTES);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
        assert_int_equal(ask_stranger(ledger), store_last_position(ledger->store));
    }
    assert_int_equal(log_size(ledger), WAL_BYTES);
    ledger_close(ledger);
    assert_int_equal(log_size(ledger), WAL_BYTES);
    assert_true(ask_stranger(ledger) > 20);
    assert_int_equal(log_size(ledger), 0);
    ledger_open(ledger);
    assert_int_equal(ledger_on_hand(ledger, 1), 80);
    rest(ledger);
    assert_int_equal(log_size(ledger), WAL_BYTES);
    assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    (void)ledger_verify(ledger);
}

/* The WAL of an earlier run lies there whole, with frames that were brought home long ago: none of them
 * counts. */
static void test_old_frames_in_the_log_do_not_count(void **state)
{
    struct ledger *ledger = *state;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    rest(ledger);
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 10; i++)
            assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
        int more = store_maintain(ledger->store, true);
        assert_true(more >= 0);
        struct ledger copied;
        ledger_open_copy(ledger, &copied);
        assert_int_equal(ledger_on_hand(&copied, 1), 100 - 10 * (round + 1));
        (void)ledger_verify(&copied);
        store_close(copied.store);
        char path[LEDGER_PATH_BYTES];
        ledger_path(&copied, "ledger.db-shm", path);
        (void)unlink(path);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_half_made_ledger_is_made_anew),
        TEST(test_log_without_its_ledger_is_refused),
        TEST(test_foreign_file_is_refused),
        TEST(test_creation_reaches_the_disk_in_order),
        TEST(test_every_earlier_schema_is_brought_up),
        TEST(test_newer_schema_is_refused),
        TEST(test_stranger_reads),
        TEST(test_old_frames_in_the_log_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
