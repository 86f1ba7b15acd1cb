/* What a statement costs does not grow with history, and what changes nothing writes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "store/store_internal.h"

/* --- plans
 * ---------------------------------------------------------------------------------------------------- */

/* Tables that grow with history, not with the catalogue or with what is open. */
static bool is_history(const char *table)
{
    static const char *const names[] = {"event", "item_event", "order_line", "card", "epoch"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(table, names[i], length) == 0 && (table[length] == ' ' || table[length] == '\0'))
            return true;
    }
    return false;
}

/* A scan that what is open, or a LIMIT, bounds. */
static bool is_bounded_scan(int statement, const char *plan)
{
    bool open_cards = strstr(plan, "INDEX card_open") && !strstr(plan, "AUTOMATIC");
    return open_cards || statement == SQL_CARDS; /* newest first up to LIMIT, in the table's own order */
}

/* An item has few codes, and few open orders of one instant. */
static bool sorts_few(int statement)
{
    return statement == SQL_BARCODES_OF || statement == SQL_ORDERS_OF_ITEM;
}

static void test_no_statement_scans_history(void **state)
{
    struct ledger *ledger = *state;
    ledger_open(ledger);
    int checked = 0;
    for (int i = 0; i < SQL_COUNT; i++) {
        char sql[2048];
        (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", store_sql[i]);
        sqlite3_stmt *plan;
        assert_int_equal(sqlite3_prepare_v2(ledger->store->db, sql, -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *words = (const char *)sqlite3_column_text(plan, 3);
            bool scan = strncmp(words, "SCAN ", 5) == 0 && is_history(words + 5);
            bool sorts = strstr(words, "TEMP B-TREE") && !sorts_few(i);
            if ((scan && !is_bounded_scan(i, words)) || sorts)
                print_error("%s: %s\n", store_sql[i], words);
            assert_false((scan && !is_bounded_scan(i, words)) || sorts);
            checked++;
        }
        (void)sqlite3_finalize(plan);
    }
    assert_true(checked > 20);
}

/* --- steps
 * ---------------------------------------------------------------------------------------------------- */

static void put_order_line(struct changes *changes, int number, bool open)
{
    struct order_line line = {.channel = 1,
                              .listing = 1,
                              .item = 1,
                              .pack = 1,
                              .location = 1,
                              .lines_in_order = 1,
                              .version = number,
                              .created_wall_ms = number,
                              .booked = {.ordered = 1, .handed_over = open ? 0 : 1}};
    (void)snprintf(line.source_key, sizeof line.source_key, "line-%08d", number);
    changes_put_order_line(changes, &line);
}

static void put_card(struct changes *changes, int number)
{
    struct card card = {.kind = CARD_REFUSED, .state = CARD_OPEN, .units = 1};
    (void)snprintf(card.key, sizeof card.key, "code-%d", number);
    changes_put_card(changes, &card);
}

/* A stretch of history: sales, settled orders, settled cards. Numbers tell stretches apart. */
static void live(struct ledger *ledger, int from, int to)
{
    for (int i = from; i < to; i++) {
        struct changes changes = changes_new();
        struct event sale = {.kind = EVENT_SALE, .version = 1};
        sale.sale.location = LEDGER_BOOTH;
        sale.sale.line_count = 1;
        sale.sale.lines[0] = (struct sale_line){.item = 1, .quantity = 1};
        for (int n = 0; n < 8; n++)
            changes_add_event(&changes, &sale);
        put_order_line(&changes, i, false);
        put_card(&changes, i);
        struct card settled = {.kind = CARD_REFUSED, .state = CARD_SETTLED};
        (void)snprintf(settled.key, sizeof settled.key, "code-%d", i);
        changes_put_card(&changes, &settled);
        assert_int_equal(ledger_submit(ledger, &changes).error, 0);
        while (i % 50 == 0 && store_maintain(ledger->store, true) > 0)
            ;
        if (i % 40 == 0)
            ledger_reopen(ledger);
    }
    while (store_maintain(ledger->store, true) > 0)
        ;
}

static int64_t steps_taken(struct store *store)
{
    int64_t steps = 0;
    for (int i = 0; i < SQL_COUNT; i++)
        steps += sqlite3_stmt_status(store->statements[i], SQLITE_STMTSTATUS_VM_STEP, 1);
    return steps;
}

enum { READS = 15 };

/* Each call that the scan path, the engine or the page makes. Steps of SQLite's virtual machine count rows
 * that were looked at, in memory or not. */
static void measure(struct ledger *ledger, int64_t steps[READS])
{
    static struct order_line lines[50];
    static struct card cards[50];
    struct store *store = ledger->store;
    struct item item;
    uint64_t positions[8], target;
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    char name[NAME_MAX_BYTES + 1];
    uint32_t location;
    struct event_ref ref;
    uint64_t last = store_last_position(store);
    int n = 0;
    (void)steps_taken(store);
#define MEASURE(call, expected)                                                                              \
    do {                                                                                                     \
        assert_int_equal(call, expected);                                                                    \
        steps[n++] = steps_taken(store);                                                                     \
    } while (0)
    MEASURE(ledger_sell(ledger, 1, 1).error, 0);
    MEASURE(store_item(store, 2, &item), 0);
    MEASURE(store_item_by_sku(store, "CUP", &item), 0);
    MEASURE(store_order_line(store, 1, "line-00000007", lines), 0);
    MEASURE(store_open_order_lines(store, 1, "", lines, 50), 1);
    MEASURE(store_item_order_lines(store, 1, lines, 50), 1);
    MEASURE(store_cards(store, false, cards, 50), 1);
    MEASURE(store_card(store, 1, cards), 0);
    store->open_cards = -1; /* as after a card's change */
    MEASURE(store_open_card_count(store), 1);
    MEASURE(store_event(store, 3, bytes, &length), 0);
    MEASURE(store_ref(store, 3, &ref), 0);
    MEASURE(store_resolve_ref(store, last, ref, &target), 0);
    MEASURE(store_find_event(store, store_event_id(store, 3), &target), 0);
    MEASURE(store_item_events(store, 2, 0, positions, 8), 3);
    MEASURE(store_location_name(store, LEDGER_BOOTH, name) +
                store_location_by_name(store, "booth", &location),
            0);
#undef MEASURE
    assert_int_equal(n, READS);
}

static void test_reads_and_sales_cost_the_same_after_years(void **state)
{
    struct ledger *ledger = *state;
    int64_t young[READS], old[READS];
    ledger_open(ledger);
    ledger_stock_up(ledger);
    struct changes changes = changes_new();
    put_order_line(&changes, 0, true);
    put_card(&changes, 0);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    live(ledger, 1, 60);
    measure(ledger, young);
    live(ledger, 60, 2500);
    measure(ledger, old);
    for (int i = 0; i < READS; i++) {
        if (old[i] > young[i])
            print_error("call %d: %lld steps, before %lld\n", i, (long long)old[i], (long long)young[i]);
        assert_true(young[i] > 0);
        assert_true(old[i] <= young[i]);
    }
}

/* --- nothing to write, nothing written
 * ---------------------------------------------------------------------- */

static void test_an_empty_set_writes_nothing(void **state)
{
    struct ledger *ledger = *state;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    while (store_maintain(ledger->store, false) > 0)
        ;
    int before = sqlite3_total_changes(ledger->store->db), frames = ledger->store->wal_frames;
    uint64_t last = store_last_position(ledger->store);
    for (int i = 0; i < 100; i++) {
        struct changes changes = changes_new();
        assert_int_equal(ledger_submit(ledger, &changes).error, 0);
        assert_int_equal(store_maintain(ledger->store, false), 0);
    }
    assert_int_equal(sqlite3_total_changes(ledger->store->db), before);
    assert_int_equal(ledger->store->wal_frames, frames);
    assert_int_equal(store_last_position(ledger->store), last);
}

/* --- the WAL's space and what lags behind
 * -------------------------------------------------------------------- */

static void test_rest_keeps_log_and_snapshot_bounded(void **state)
{
    struct ledger *ledger = *state;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    while (store_maintain(ledger->store, false) > 0)
        ;
    int most_frames = 0;
    uint64_t most_behind = 0;
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
        const struct store *store = ledger->store;
        most_frames = store->wal_frames > most_frames ? store->wal_frames : most_frames;
        uint64_t behind = store->last_position - store->snapshot_position;
        most_behind = behind > most_behind ? behind : most_behind;
        while (store_needs_rest(store)) {
            int result = store_maintain(ledger->store, true);
            assert_true(result >= 0);
        }
    }
    assert_true(most_behind <= SNAPSHOT_BEHIND_MAX_EVENTS);
    assert_true((int64_t)most_frames * (1024 + 24) < WAL_BYTES);
    char path[LEDGER_PATH_BYTES];
    ledger_path(ledger, "ledger.db-wal", path);
    FILE *log = fopen(path, "rb");
    assert_non_null(log);
    assert_int_equal(fseek(log, 0, SEEK_END), 0);
    assert_int_equal(ftell(log), WAL_BYTES);
    (void)fclose(log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_statement_scans_history),
        TEST(test_reads_and_sales_cost_the_same_after_years),
        TEST(test_an_empty_set_writes_nothing),
        TEST(test_rest_keeps_log_and_snapshot_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
