#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "old_ledger.h"
#include "store/store_internal.h"

enum { SQL_MAX_BYTES = 65536 };

static void run(sqlite3 *db, const char *sql)
{
    char *words = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        print_error("%s: %s\n", sql, words);
    assert_null(words);
}

static void run_migration(sqlite3 *db, int version)
{
    static const char *const files[] = {"0001_ledger.sql", "0002_open_rows.sql", "0003_boot_clock.sql",
                                        "0004_write_methods.sql"};
    char path[1024], sql[SQL_MAX_BYTES];
    const char *source = getenv("FAIRSTOCK_SOURCE");
    assert_non_null(source);
    (void)snprintf(path, sizeof path, "%s/agent/store/migrations/%s", source, files[version - 1]);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(sql, 1, sizeof sql - 1, file);
    sql[length] = '\0';
    (void)fclose(file);
    run(db, sql);
}

/* The columns that a table has in both schemas, comma separated. */
static void common_columns(sqlite3 *db, const char *table, char *columns, size_t size)
{
    char *sql = sqlite3_mprintf("SELECT group_concat(o.name) FROM pragma_table_info(%Q, 'main') o "
                                "JOIN pragma_table_info(%Q, 'new') n ON n.name = o.name",
                                table, table);
    sqlite3_stmt *ask;
    assert_non_null(sql);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &ask, NULL), SQLITE_OK);
    sqlite3_free(sql);
    assert_int_equal(sqlite3_step(ask), SQLITE_ROW);
    (void)snprintf(columns, size, "%s", (const char *)sqlite3_column_text(ask, 0));
    (void)sqlite3_finalize(ask);
}

/* Makes of today's ledger one as the program of schema `version` wrote it, with the same data. */
void old_ledger_make(struct ledger *ledger, int version)
{
    char path[LEDGER_PATH_BYTES], old[LEDGER_PATH_BYTES], sql[4096], tables[32][64];
    ledger_path(ledger, "ledger.db", path);
    (void)snprintf(old, sizeof old, "%s/old.db", ledger->copy);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(old, &db), SQLITE_OK);
    (void)snprintf(sql, sizeof sql,
                   "PRAGMA page_size = 1024; PRAGMA application_id = %d; PRAGMA user_version = %d",
                   (int)STORE_APPLICATION_ID, version);
    run(db, sql);
    for (int i = 1; i <= version; i++)
        run_migration(db, i);
    (void)snprintf(sql, sizeof sql, "ATTACH '%s' AS new", path);
    run(db, sql);
    int count = 0;
    sqlite3_stmt *ask;
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT name FROM main.sqlite_schema WHERE type = 'table'", -1, &ask, NULL),
        SQLITE_OK);
    while (sqlite3_step(ask) == SQLITE_ROW)
        (void)snprintf(tables[count++], sizeof tables[0], "%s", (const char *)sqlite3_column_text(ask, 0));
    (void)sqlite3_finalize(ask);
    assert_true(count > 5);
    for (int i = 0; i < count; i++) {
        char columns[1024];
        common_columns(db, tables[i], columns, sizeof columns);
        char *copy = sqlite3_mprintf("INSERT INTO main.%s (%s) SELECT %s FROM new.%s", tables[i], columns,
                                     columns, tables[i]);
        assert_non_null(copy);
        run(db, copy);
        sqlite3_free(copy);
    }
    run(db, "DETACH new");
    (void)sqlite3_close(db);
    assert_int_equal(rename(old, path), 0);
    ledger_path(ledger, "ledger.db-wal", path);
    (void)unlink(path);
}

void old_ledger_fill(struct ledger *ledger)
{
    struct changes changes = changes_new();
    struct channel channel = {.alias = 1,
                              .kind = "practice",
                              .name = "shop",
                              .location = 1,
                              .live = true,
                              .orders_since_ms = 77,
                              .baseline_ms = 99};
    struct listing listing = {
        .channel = 1, .alias = 1, .item = 1, .pack = 1, .baseline = 5, .remote_id = "r-1"};
    struct op op = {
        .channel = 1, .kind = OP_LEVEL, .state = OP_SENT, .listing = 1, .delta = -1, .id.bytes = {9}};
    struct order_line line = {.channel = 1,
                              .source_key = "line-1",
                              .listing = 1,
                              .item = 1,
                              .pack = 1,
                              .location = 1,
                              .booked.ordered = 2};
    struct card card = {.kind = CARD_DRIFT, .state = CARD_OPEN, .key = "r-1", .channel = 1, .units = 3};
    changes_put_channel(&changes, &channel);
    changes_put_listing(&changes, &listing);
    changes_put_op(&changes, &op);
    changes_put_order_line(&changes, &line);
    changes_put_card(&changes, &card);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

void old_ledger_check(struct ledger *ledger, int64_t sold)
{
    struct book *book = store_book(ledger->store);
    struct order_line line;
    struct card card;
    struct book_item found;
    assert_int_equal(ledger_on_hand(ledger, 1), 100 - sold);
    assert_true(book_find_code(book, "4006381333931", &found));
    assert_int_equal(book_channel(book, 1)->orders_since_ms, 77);
    assert_int_equal(listing_expected(book_find_remote(book, 1, "r-1")), 5);
    assert_int_equal(book_listing_op(book, 1, 1)->delta, -1);
    assert_int_equal(store_open_order_lines(ledger->store, 1, "", &line, 1), 1);
    assert_int_equal(line.booked.ordered, 2);
    assert_int_equal(store_cards(ledger->store, false, &card, 1), 1);
    assert_int_equal(card.units, 3);
    (void)ledger_verify(ledger);
}
