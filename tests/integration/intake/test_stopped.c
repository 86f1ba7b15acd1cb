/* The ledger cannot be read in the middle of an undo, a naming, a scan, a start: it is done wholly or not at
 * all, at each place where SQLite may stop; and when it can again, all goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refused_memory.h"
#include "stall.h"
#include "store/store_internal.h"

/* Which instruction of SQLite's is the last one. A change that has begun is left alone: SQLite would report a
 * commit as interrupted that is on the disk. Failing writes are the torture campaigns' work. */
struct stop {
    sqlite3 *db;
    int left;
    bool wrote;
};

static int stop_later(void *user)
{
    struct stop *stop = user;
    stop->wrote |= sqlite3_txn_state(stop->db, NULL) == SQLITE_TXN_WRITE;
    return !stop->wrote && stop->left-- == 0; /* only there: what follows could go on */
}

static void stop_after(struct stall *stall, struct stop *stop, int instructions)
{
    *stop = (struct stop){.db = stall->ledger->store->db, .left = instructions};
    sqlite3_progress_handler(stop->db, 1, stop_later, stop);
}

static void go_on(struct stall *stall)
{
    sqlite3_progress_handler(stall->ledger->store->db, 0, NULL, NULL);
    assert_false(store_is_dead(stall->ledger->store));
}

/* What an event that is not there yet would have to leave as it was. */
static uint32_t voids_and_names(struct stall *stall)
{
    uint32_t count = 0;
    for (uint64_t position = 1; position <= store_last_position(stall->ledger->store); position++) {
        uint8_t bytes[EVENT_MAX_BYTES];
        size_t length = sizeof bytes;
        struct event event;
        assert_int_equal(store_event(stall->ledger->store, position, bytes, &length), 0);
        assert_int_equal(event_decode(bytes, length, &event), 0);
        count += event.kind == EVENT_VOID || event.kind == EVENT_UNKNOWN_NAMED;
    }
    return count;
}

static void name_code(struct stall *stall, const struct card *card, uint32_t item)
{
    struct changes changes = changes_new();
    assert_int_equal(intake_name_code(stall->intake, card, item, (uint64_t)stall->now_ms, &changes), 0);
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
}

/* An order that the undone sale took from: event and row, at this location. */
static void order(struct stall *stall, const char *name, uint32_t item, uint32_t location, int64_t units)
{
    struct changes changes = changes_new();
    struct order_line line = {.channel = 1,
                              .listing = 1,
                              .item = item,
                              .pack = 1,
                              .location = location,
                              .lines_in_order = 1,
                              .booked.ordered = units};
    (void)snprintf(line.source_key, sizeof line.source_key, "line of %s", name);
    (void)snprintf(line.order_name, sizeof line.order_name, "%s", name);
    struct event event = {.kind = EVENT_ORDER_STATE, .version = 1};
    event.order.channel = event.order.listing = event.order.pack = 1;
    event.order.source_key = text_of(line.source_key);
    event.order.order = text_of(name);
    event.order.item = item;
    event.order.location = location;
    event.order.difference.ordered = units;
    changes_add_event(&changes, &event);
    changes_put_order_line(&changes, &line);
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
}

/* Five are there, four are promised here and one elsewhere; two are sold all the same: the cards, then the
 * undo. Each of the undo's reads is stopped in turn. */
static void test_an_undo_that_is_stopped(void **state)
{
    struct stall *stall = *state;
    struct card card;
    const struct intake_recent *voided;
    struct stop stop;
    int failed = 0, result;
    order(stall, "#1", ITEM_LOW, LEDGER_BOOTH, 4);
    order(stall, "#2", ITEM_LOW, 2, 1);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 1);
    assert_string_equal(card.key, "line of #1"); /* not the one that is filled from elsewhere */
    int64_t before = stall_on_hand(stall, ITEM_LOW);
    for (int steps = 0;; steps++) {
        stop_after(stall, &stop, steps);
        result = intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided);
        go_on(stall);
        if (result == 0)
            break;
        assert_true(result < 0);
        assert_int_equal(stall_on_hand(stall, ITEM_LOW), before);
        failed++;
    }
    assert_true(failed > 20);
    assert_int_equal(stall_on_hand(stall, ITEM_LOW), before + 1);
    assert_int_equal(voids_and_names(stall), 1);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 0);
    (void)ledger_verify(stall->ledger);
}

static void test_an_undo_of_a_named_sale_that_is_stopped(void **state)
{
    struct stall *stall = *state;
    struct card card;
    const struct intake_recent *voided;
    struct stop stop;
    int failed = 0, result;
    assert_int_equal(stall_scan(stall, "NEW-9", 2), INTAKE_UNKNOWN);
    assert_int_equal(stall_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    name_code(stall, &card, ITEM_CUP);
    int64_t before = stall_on_hand(stall, ITEM_CUP);
    for (int steps = 0;; steps++) {
        stop_after(stall, &stop, steps);
        result = intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided);
        go_on(stall);
        if (result == 0)
            break;
        assert_int_equal(stall_on_hand(stall, ITEM_CUP), before);
        failed++;
    }
    assert_true(failed > 20);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), before + 2);
}

/* Names what was sold under a code; what has its name, was voided or is of another code is left alone. */
static void test_a_naming_that_is_stopped(void **state)
{
    struct stall *stall = *state;
    struct card card;
    const struct intake_recent *voided;
    struct stop stop;
    int failed = 0, result;
    struct event several = {.kind = EVENT_SALE, .version = 1}; /* no scan makes these, a basket will */
    several.sale.location = LEDGER_BOOTH;
    several.sale.line_count = 2;
    several.sale.lines[0] = (struct sale_line){.quantity = 1, .code = text_of("NEW-9")};
    several.sale.lines[1] = (struct sale_line){.quantity = 1, .code = text_of("NEW-9")};
    struct changes changes = changes_new();
    changes_add_event(&changes, &several);
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
    assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_int_equal(stall_scan(stall, "NEW-9", 4), INTAKE_UNKNOWN);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(stall_scan(stall, "OTHER", 1), INTAKE_UNKNOWN);
    struct card cards[4];
    assert_int_equal(store_cards(stall->ledger->store, false, cards, 4), 2);
    card = cards[1];
    assert_string_equal(card.key, "NEW-9");
    card.origin = 0; /* a card of an older program: looked for from the start */
    for (int steps = 0;; steps++) {
        changes = changes_new();
        stop_after(stall, &stop, steps);
        result = intake_name_code(stall->intake, &card, ITEM_CUP, (uint64_t)stall->now_ms, &changes);
        go_on(stall);
        if (result == 0)
            break;
        assert_int_equal(result, -EIO);
        changes_free(&changes);
        failed++;
    }
    assert_true(failed > 20);
    assert_int_equal(changes.event_count, 2); /* the code, and the one that stands */
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 99);
    name_code(stall, &card, ITEM_VASE); /* once more: its stock was moved before */
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 99);
    assert_int_equal(voids_and_names(stall), 1 + 1);
}

/* A sale that takes what an order was promised is booked even when the orders cannot be read, or held. */
static void test_a_sale_whose_orders_cannot_be_read(void **state)
{
    struct stall *stall = *state;
    struct stop stop;
    struct card card;
    order(stall, "#1", ITEM_CUP, LEDGER_BOOTH, 100);
    for (int n = 0; n < 40; n++) {
        stall->now_ms += 60000;
        assert_int_equal(stall_scan(stall, "CUP-1", 1), INTAKE_REFUSED);
        if (n % 2)
            stop_after(stall, &stop, n);
        else
            refused_memory_once(1 + (uint64_t)n / 2);
        enum intake_signal signal = stall_scan(stall, "CUP-1", 1);
        (void)refused_memory_end();
        go_on(stall);
        assert_true(signal == INTAKE_SOLD || signal == INTAKE_FAULT);
        assert_int_equal(stall_on_hand(stall, ITEM_CUP) + (signal == INTAKE_SOLD), 100);
        if (signal == INTAKE_SOLD) {
            const struct intake_recent *voided;
            assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
        }
    }
    stall->now_ms += 60000;
    assert_int_equal(stall_scan(stall, "CUP-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall_scan(stall, "CUP-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 1);
    int outcomes = stall->outcomes;
    intake_sell_item(stall->intake, 99, "GHOST", 1, 1, stall->now_ms, (uint64_t)stall->now_ms, 0);
    assert_int_equal(stall->outcomes, outcomes + 1);
    assert_int_equal(stall->last.item, 0);
}

/* The list of last scans is read back, or the start fails and says why; what is damaged is not in it. */
static void test_a_start_that_is_stopped(void **state)
{
    struct stall *stall = *state;
    struct intake_settings settings = {.store = stall->ledger->store, .location = LEDGER_BOOTH};
    struct intake *intake = NULL;
    struct err err = {0};
    struct stop stop;
    int failed = 0, result;
    assert_int_equal(stall_scan(stall, "CUP-1", 1), INTAKE_SOLD);
    for (int steps = 0;; steps += 7) {
        stop_after(stall, &stop, steps);
        result = intake_new(&settings, &intake, &err);
        go_on(stall);
        if (result == 0)
            break;
        assert_int_equal(result, -EIO);
        assert_null(intake);
        failed++;
    }
    assert_true(failed > 20);
    assert_int_equal(intake_recent(intake, 0)->item, ITEM_CUP);
    intake_free(intake);
    intake_free(NULL);
    refused_memory_once(1);
    assert_int_equal(intake_new(&settings, &intake, &err), -ENOMEM);
    (void)refused_memory_end();
    char sql[128];
    (void)snprintf(sql, sizeof sql, "UPDATE event SET body = x'ffffffffffffff' WHERE position = %llu",
                   (unsigned long long)store_last_position(stall->ledger->store));
    assert_int_equal(sqlite3_exec(stall->ledger->store->db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(intake_new(&settings, &intake, &err), 0);
    assert_null(intake_recent(intake, 0));
    intake_free(intake);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stall_setup, stall_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_undo_that_is_stopped),  TEST(test_an_undo_of_a_named_sale_that_is_stopped),
        TEST(test_a_naming_that_is_stopped), TEST(test_a_sale_whose_orders_cannot_be_read),
        TEST(test_a_start_that_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
