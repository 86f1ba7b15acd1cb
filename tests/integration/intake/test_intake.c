/* Scans into a real ledger: what is sold, refused, unknown, taken back, and what a person is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/intake.h"
#include "ledger.h"
#include "store/store_internal.h"

enum { ITEM_MUG = 1, ITEM_CUP, ITEM_VASE, ITEM_UPC, ITEM_SIX, ITEM_LOW };
#define CODE_MUG "4006381333931"

struct stall {
    struct ledger *ledger;
    struct intake *intake;
    struct intake_outcome last;
    int outcomes;
    int64_t now_ms; /* monotonic and event time at once */
};

static void keep_outcome(void *user, const struct intake_outcome *outcome)
{
    struct stall *stall = user;
    stall->last = *outcome;
    stall->outcomes++;
}

static void open_intake(struct stall *stall)
{
    struct intake_settings settings = {stall->ledger->store, LEDGER_BOOTH, keep_outcome, stall};
    struct err err = {0};
    assert_int_equal(intake_new(&settings, &stall->intake, &err), 0);
}

static void link_code(struct changes *changes, uint32_t item, const char *code, uint32_t pack)
{
    struct event event = {.kind = EVENT_BARCODE_LINKED, .version = 1};
    event.barcode.item = item;
    event.barcode.code = text_of(code);
    event.barcode.pack = pack;
    changes_add_event(changes, &event);
}

static void stock_shelves(struct ledger *ledger)
{
    ledger_stock_up(ledger);
    struct changes changes = changes_new();
    ledger_add_item(&changes, ITEM_VASE, "VASE", "VASE-1", ITEM_ONE_OF_A_KIND, 1);
    ledger_add_item(&changes, ITEM_UPC, "UPC", "0036000291452", 0, 10); /* UPC-A 036000291452, as EAN-13 */
    ledger_add_item(&changes, ITEM_SIX, "SIX", "SIX-1", 0, 12);
    link_code(&changes, ITEM_SIX, "SIX-BOX", 6);
    struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
    event.item.item = ITEM_LOW;
    event.item.sku = text_of("LOW");
    event.item.title = text_of("Small bowl");
    event.item.currency = text_of("EUR");
    event.item.reorder_point = 3;
    changes_add_event(&changes, &event);
    link_code(&changes, ITEM_LOW, "LOW-1", 1);
    event = (struct event){.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = ITEM_LOW;
    event.adjustment.location = LEDGER_BOOTH;
    event.adjustment.delta = 5;
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

static int setup(void **state)
{
    struct stall *stall = calloc(1, sizeof *stall);
    void *ledger = NULL;
    if (!stall || ledger_setup(&ledger) < 0)
        return -1;
    stall->ledger = ledger;
    stall->now_ms = 1000000;
    ledger_open(ledger);
    stock_shelves(ledger);
    open_intake(stall);
    *state = stall;
    return 0;
}

static int teardown(void **state)
{
    struct stall *stall = *state;
    void *ledger = stall->ledger;
    intake_free(stall->intake);
    free(stall);
    return ledger_teardown(&ledger);
}

static enum intake_signal scan(struct stall *stall, const char *code, int64_t quantity)
{
    int before = stall->outcomes;
    intake_scan(stall->intake, code, quantity, 1, stall->now_ms, (uint64_t)stall->now_ms, 1790000000000);
    assert_int_equal(stall->outcomes, before + 1);
    return stall->last.signal;
}

static void restart(struct stall *stall)
{
    intake_free(stall->intake);
    ledger_reopen(stall->ledger);
    open_intake(stall);
}

static int64_t on_hand(struct stall *stall, uint32_t item)
{
    return ledger_on_hand(stall->ledger, item);
}

static int open_cards(struct stall *stall, enum card_kind kind, struct card *card)
{
    struct card cards[16];
    int count = store_cards(stall->ledger->store, false, cards, 16), found = 0;
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        if (cards[i].kind != kind)
            continue;
        *card = cards[i];
        found++;
    }
    return found;
}

static struct event read_event(struct stall *stall, uint64_t position)
{
    static uint8_t bytes[EVENT_MAX_BYTES];
    struct event event;
    size_t length = sizeof bytes;
    assert_int_equal(store_event(stall->ledger->store, position, bytes, &length), 0);
    assert_int_equal(event_decode(bytes, length, &event), 0);
    return event;
}

static struct event last_event(struct stall *stall)
{
    return read_event(stall, store_last_position(stall->ledger->store));
}

static void promise(struct stall *stall, uint32_t item, int64_t units)
{
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_ORDER_STATE, .version = 1};
    event.order.channel = 1;
    event.order.source_key = text_of("line-1");
    event.order.order = text_of("1001");
    event.order.item = item;
    event.order.pack = 1;
    event.order.location = LEDGER_BOOTH;
    event.order.difference.ordered = units;
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
}

/* --- sold
 * ----------------------------------------------------------------------------------------------------- */

static void test_a_scan_sells(void **state)
{
    struct stall *stall = *state;
    assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    assert_int_equal(stall->last.item, ITEM_MUG);
    assert_int_equal(stall->last.on_hand, 99);
    assert_int_equal(stall->last.price_minor, 2400);
    assert_int_equal(stall->last.position, store_last_position(stall->ledger->store));
    struct event event = last_event(stall);
    assert_int_equal(event.kind, EVENT_SALE);
    assert_int_equal(event.sale.lines[0].item, ITEM_MUG);
    assert_int_equal(event.sale.lines[0].unit_price_minor, 2400);
    assert_int_equal(event.sale.flags, 0);
    assert_int_equal(event.sale.source, 1);
    assert_int_equal(scan(stall, CODE_MUG, 5), INTAKE_SOLD);
    assert_int_equal(stall->last.quantity, 5);
    assert_int_equal(on_hand(stall, ITEM_MUG), 94);
    assert_int_equal(store_open_card_count(stall->ledger->store), 0);
}

/* One product, whichever way its label was printed; what only looks alike is another code. */
static void test_one_product_many_ways_to_print_it(void **state)
{
    static const struct {
        const char *code;
        enum intake_signal signal;
    } ways[] = {
        {"0036000291452", INTAKE_SOLD},     /* EAN-13 */
        {"036000291452", INTAKE_SOLD},      /* UPC-A */
        {"00036000291452", INTAKE_SOLD},    /* GTIN-14, indicator 0 */
        {"  036000291452\r", INTAKE_SOLD},  /* a scanner that adds spaces and a carriage return */
        {"36000291452", INTAKE_UNKNOWN},    /* a lost zero makes it no GTIN */
        {"036000291453", INTAKE_UNKNOWN},   /* a wrong check digit */
        {"10036000291459", INTAKE_UNKNOWN}, /* another packaging level */
        {"000000000000036000291452", INTAKE_UNKNOWN},
    };
    struct stall *stall = *state;
    int64_t expected = 10;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        assert_int_equal(scan(stall, ways[i].code, 1), ways[i].signal);
        expected -= ways[i].signal == INTAKE_SOLD;
        assert_int_equal(on_hand(stall, ITEM_UPC), expected);
    }
}

static void test_a_box_counts_its_pieces(void **state)
{
    struct stall *stall = *state;
    assert_int_equal(scan(stall, "SIX-BOX", 1), INTAKE_SOLD);
    assert_int_equal(stall->last.quantity, 6);
    assert_int_equal(on_hand(stall, ITEM_SIX), 6);
    assert_int_equal(scan(stall, "SIX-1", 2), INTAKE_SOLD);
    assert_int_equal(on_hand(stall, ITEM_SIX), 4);
    assert_int_equal(scan(stall, "SIX-BOX", 1), INTAKE_SOLD); /* a fact */
    assert_true(stall->last.beyond);
    assert_int_equal(on_hand(stall, ITEM_SIX), -2);
}

static void test_low_is_said_once_per_crossing(void **state)
{
    struct stall *stall = *state; /* five there, reorder at three */
    static const bool low[] = {false, true, false, false};
    for (size_t i = 0; i < sizeof low / sizeof low[0]; i++) {
        assert_int_equal(scan(stall, "LOW-1", 1), INTAKE_SOLD);
        assert_int_equal(stall->last.low, low[i]);
    }
    const struct intake_recent *voided;
    for (int i = 0; i < 3; i++)
        assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(scan(stall, "LOW-1", 2), INTAKE_SOLD); /* crosses anew */
    assert_true(stall->last.low);
}

/* --- below zero
 * ----------------------------------------------------------------------------------------------- */

static void test_below_zero_is_booked_with_a_card(void **state)
{
    struct stall *stall = *state;
    struct card card;
    assert_int_equal(scan(stall, "CUP-1", 99), INTAKE_SOLD);
    assert_int_equal(open_cards(stall, CARD_BELOW_ZERO, &card), 0);
    assert_int_equal(scan(stall, "CUP-1", 3), INTAKE_SOLD);
    assert_true(stall->last.beyond);
    assert_int_equal(stall->last.on_hand, -2);
    assert_int_equal(last_event(stall).sale.flags, SALE_BEYOND_LEDGER);
    assert_int_equal(open_cards(stall, CARD_BELOW_ZERO, &card), 1);
    assert_int_equal(card.units, 2); /* missing, not sold */
    assert_int_equal(card.item, ITEM_CUP);
    assert_int_equal(card.origin, stall->last.position);
    assert_non_null(strstr(card.text, "only 1 were left"));
    assert_int_equal(scan(stall, "CUP-1", 1), INTAKE_SOLD);
    assert_int_equal(open_cards(stall, CARD_BELOW_ZERO, &card), 1);
    assert_int_equal(card.units, 3);
    assert_non_null(strstr(card.text, "none was left"));
}

/* --- refused
 * -------------------------------------------------------------------------------------------------- */

static void test_one_of_a_kind_twice(void **state)
{
    struct stall *stall = *state;
    struct card card;
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_SOLD);
    uint64_t last = store_last_position(stall->ledger->store);
    stall->now_ms += 1000;
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall->last.position, 0);
    assert_int_equal(store_last_position(stall->ledger->store), last); /* a card is no event */
    assert_int_equal(open_cards(stall, CARD_REFUSED, &card), 1);
    stall->now_ms += INTAKE_SECOND_SCAN_MS;
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_SOLD);
    assert_true(stall->last.second_scan && stall->last.beyond);
    assert_int_equal(last_event(stall).sale.flags, SALE_BEYOND_LEDGER | SALE_SECOND_SCAN);
    assert_int_equal(on_hand(stall, ITEM_VASE), -1);
    assert_int_equal(open_cards(stall, CARD_REFUSED, &card), 0); /* it was booked: nothing to settle */
    assert_int_equal(open_cards(stall, CARD_BELOW_ZERO, &card), 1);
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_REFUSED); /* a third one is asked about anew */
}

static void test_second_scan_must_come_in_time(void **state)
{
    struct stall *stall = *state;
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_SOLD);
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_REFUSED);
    stall->now_ms += INTAKE_SECOND_SCAN_MS + 1;
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_REFUSED);
    stall->now_ms += INTAKE_SECOND_SCAN_MS + 1;
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_REFUSED);
    assert_int_equal(on_hand(stall, ITEM_VASE), 0);
    stall->now_ms += INTAKE_SECOND_SCAN_MS;
    assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_SOLD); /* another customer in between */
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_SOLD);
}

/* Units that an order was promised are asked about, units that are free are not. */
static void test_promised_units_are_refused_once(void **state)
{
    struct stall *stall = *state;
    struct card card;
    promise(stall, ITEM_LOW, 2); /* five there, three free */
    assert_int_equal(scan(stall, "LOW-1", 2), INTAKE_SOLD);
    assert_int_equal(scan(stall, "LOW-1", 2), INTAKE_REFUSED); /* one free, one promised */
    assert_int_equal(open_cards(stall, CARD_REFUSED, &card), 1);
    assert_non_null(strstr(card.text, "Of the 3 left, 2 are promised"));
    assert_int_equal(card.units, 2);
    stall->now_ms += INTAKE_SECOND_SCAN_MS + 1;
    assert_int_equal(scan(stall, "LOW-1", 1), INTAKE_SOLD); /* the free one */
    assert_false(stall->last.second_scan);
    assert_int_equal(scan(stall, "LOW-1", 1), INTAKE_REFUSED);
    assert_int_equal(scan(stall, "LOW-1", 1), INTAKE_SOLD);
    assert_true(stall->last.second_scan);
    assert_false(stall->last.beyond);
    assert_int_equal(last_event(stall).sale.flags, SALE_SECOND_SCAN);
    assert_int_equal(on_hand(stall, ITEM_LOW), 1);
    assert_int_equal(open_cards(stall, CARD_REFUSED, &card), 0);
}

/* --- unknown codes
 * -------------------------------------------------------------------------------------------- */

static void name(struct stall *stall, struct card *card, uint32_t item)
{
    struct changes changes = changes_new();
    assert_int_equal(intake_name_code(stall->intake, card, item, (uint64_t)stall->now_ms, &changes), 0);
    card->state = CARD_SETTLED;
    changes_put_card(&changes, card);
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
}

static void test_unknown_code_is_kept_counted_and_named(void **state)
{
    struct stall *stall = *state;
    struct card card;
    const struct intake_recent *voided;
    assert_int_equal(scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_true(stall->last.position > 0);
    assert_int_equal(scan(stall, "OTHER", 1), INTAKE_UNKNOWN);
    assert_int_equal(scan(stall, "NEW-9", 4), INTAKE_UNKNOWN);
    assert_int_equal(scan(stall, "NEW-9", 2), INTAKE_UNKNOWN);
    assert_int_equal(store_open_card_count(stall->ledger->store), 2);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0); /* the two */
    struct card cards[4];
    assert_int_equal(store_cards(stall->ledger->store, false, cards, 4), 2);
    card = cards[1]; /* newest first */
    assert_string_equal(card.key, "NEW-9");
    assert_int_equal(card.units, 5);
    name(stall, &card, ITEM_CUP);
    assert_int_equal(on_hand(stall, ITEM_CUP), 95);
    assert_int_equal(scan(stall, "NEW-9", 1), INTAKE_SOLD);
    assert_int_equal(on_hand(stall, ITEM_CUP), 94);
    restart(stall);
    assert_int_equal(on_hand(stall, ITEM_CUP), 94);
    assert_int_equal(store_open_card_count(stall->ledger->store), 1);
}

/* Taking back an unknown sale that got its name since gives the item its units back, also after a restart. */
static void test_undo_of_a_sale_that_was_named(void **state)
{
    struct stall *stall = *state;
    struct card card;
    const struct intake_recent *voided;
    assert_int_equal(scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_int_equal(scan(stall, "NEW-9", 2), INTAKE_UNKNOWN);
    assert_int_equal(open_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    name(stall, &card, ITEM_CUP);
    assert_int_equal(on_hand(stall, ITEM_CUP), 97);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(voided->item, ITEM_CUP);
    assert_int_equal(on_hand(stall, ITEM_CUP), 99);
    restart(stall);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(on_hand(stall, ITEM_CUP), 100);
    assert_int_equal(store_open_card_count(stall->ledger->store), 0);
    restart(stall);
    assert_int_equal(on_hand(stall, ITEM_CUP), 100);
}

/* When all unknown sales of a code are taken back, there is nothing to name. */
static void test_card_goes_with_its_last_sale(void **state)
{
    struct stall *stall = *state;
    struct card card;
    const struct intake_recent *voided;
    assert_int_equal(scan(stall, "NEW-9", 2), INTAKE_UNKNOWN);
    assert_int_equal(scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(open_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    assert_int_equal(card.units, 2);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(open_cards(stall, CARD_UNKNOWN_CODE, &card), 0);
    assert_int_equal(scan(stall, "NEW-9", 1), INTAKE_UNKNOWN); /* and a new one is a new card */
    assert_int_equal(open_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    assert_int_equal(card.units, 1);
    assert_int_equal(card.origin, stall->last.position);
}

static void test_too_many_sales_to_name_are_refused_whole(void **state)
{
    struct stall *stall = *state;
    struct card card;
    for (int i = 0; i < INTAKE_NAMED_MAX; i++)
        assert_int_equal(scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_int_equal(open_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    assert_int_equal(card.units, INTAKE_NAMED_MAX);
    assert_int_equal(scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    struct changes changes = changes_new();
    assert_int_equal(intake_name_code(stall->intake, &card, ITEM_CUP, 0, &changes), -E2BIG);
    changes_free(&changes);
    const struct intake_recent *voided;
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(on_hand(stall, ITEM_CUP), 100);
}

/* --- undo
 * ----------------------------------------------------------------------------------------------------- */

static void test_undo_takes_the_newest_first(void **state)
{
    struct stall *stall = *state;
    const struct intake_recent *voided;
    assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    uint64_t first = stall->last.position;
    assert_int_equal(scan(stall, "CUP-1", 2), INTAKE_SOLD);
    uint64_t second = stall->last.position;
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(voided->position, second);
    assert_true(voided->voided);
    assert_int_equal(on_hand(stall, ITEM_CUP), 100);
    struct event event = last_event(stall);
    assert_int_equal(event.kind, EVENT_VOID);
    assert_int_equal(event.voided.reason, 1);
    restart(stall);
    assert_int_equal(intake_undo(stall->intake, 5, &voided), 0); /* not the cup again */
    assert_int_equal(voided->position, first);
    assert_int_equal(last_event(stall).voided.reason, 2); /* another start: a correction */
    assert_int_equal(on_hand(stall, ITEM_MUG), 100);
    assert_int_equal(intake_undo(stall->intake, 5, &voided), -ENOENT);
    uint64_t target = 0;
    event = last_event(stall);
    assert_int_equal(store_resolve_ref(stall->ledger->store, store_last_position(stall->ledger->store),
                                       event.voided.target, &target),
                     0);
    assert_int_equal(target, first);
}

static void test_late_undo_is_a_correction(void **state)
{
    struct stall *stall = *state;
    const struct intake_recent *voided;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_SOLD);
        stall->now_ms += INTAKE_UNDO_MS + i;
        assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
        assert_int_equal(last_event(stall).voided.reason, 1 + i);
    }
}

static void test_the_list_of_last_scans_ends(void **state)
{
    struct stall *stall = *state;
    const struct intake_recent *voided;
    assert_null(intake_recent(stall->intake, 0));
    for (int i = 0; i < INTAKE_RECENT_MAX + 3; i++)
        assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(intake_recent(stall->intake, 0)->position, stall->last.position);
        assert_int_equal(intake_recent(stall->intake, INTAKE_RECENT_MAX - 1)->position,
                         stall->last.position - INTAKE_RECENT_MAX + 1);
        assert_null(intake_recent(stall->intake, INTAKE_RECENT_MAX));
        if (round == 0)
            restart(stall);
    }
    for (int i = 0; i < INTAKE_RECENT_MAX; i++)
        assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), -ENOENT);
    assert_int_equal(on_hand(stall, ITEM_MUG), 97);
}

/* --- failures
 * ------------------------------------------------------------------------------------------------- */

static void refuse_events(struct stall *stall, bool refuse)
{
    assert_int_equal(sqlite3_exec(stall->ledger->store->db,
                                  refuse ? "CREATE TEMP TRIGGER full BEFORE INSERT ON event BEGIN "
                                           "SELECT RAISE(ABORT, 'no'); END"
                                         : "DROP TRIGGER full",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
}

/* Every way a scan is booked fails whole: signal, book, list and cards. */
static void test_failed_commit_is_a_fault(void **state)
{
    static const char *const codes[] = {CODE_MUG, "NEW-9", "VASE-1", "UNKNOWN-TOO"};
    struct stall *stall = *state;
    const struct intake_recent *voided;
    assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    uint64_t sold = stall->last.position;
    refuse_events(stall, true);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(scan(stall, codes[i], 1), INTAKE_FAULT);
        assert_true(stall->last.error < 0);
        assert_int_equal(stall->last.position, 0);
    }
    assert_int_equal(scan(stall, "CUP-1", 101), INTAKE_FAULT); /* below zero: event and card */
    assert_true(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided) < 0);
    assert_int_equal(on_hand(stall, ITEM_MUG), 99);
    assert_int_equal(on_hand(stall, ITEM_CUP), 100);
    assert_int_equal(on_hand(stall, ITEM_VASE), 1);
    assert_int_equal(store_open_card_count(stall->ledger->store), 0);
    assert_int_equal(intake_recent(stall->intake, 0)->position, sold);
    assert_false(intake_recent(stall->intake, 0)->voided);
    refuse_events(stall, false);
    assert_int_equal(scan(stall, "VASE-1", 1), INTAKE_SOLD);
    assert_int_equal(stall->last.position, sold + 1);
    (void)ledger_verify(stall->ledger);
}

/* A dead handle: fault until the store is opened anew; then the same intake sells on, and undo still knows.
 */
static void test_sells_on_after_the_store_was_reopened(void **state)
{
    struct stall *stall = *state;
    const struct intake_recent *voided;
    assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    struct id128 before = store_event_id(stall->ledger->store, stall->last.position).epoch;
    stall->ledger->store->dead =
        true; /* as a failed fdatasync leaves it: integration.store.recover does it for real */
    assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_FAULT);
    assert_int_equal(stall->last.error, -EIO);
    assert_int_equal(scan(stall, "NEW-9", 1), INTAKE_FAULT);
    struct store_start start = ledger_start(stall->ledger);
    assert_int_equal(store_reopen(stall->ledger->store, &start, NULL), 0);
    assert_int_equal(scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    assert_int_equal(on_hand(stall, ITEM_MUG), 98);
    struct event_id id = store_event_id(stall->ledger->store, stall->last.position);
    assert_false(id128_equal(id.epoch, before));
    assert_int_equal(id.sequence, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(on_hand(stall, ITEM_MUG), 100);
    (void)ledger_verify(stall->ledger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_scan_sells),
        TEST(test_one_product_many_ways_to_print_it),
        TEST(test_a_box_counts_its_pieces),
        TEST(test_low_is_said_once_per_crossing),
        TEST(test_below_zero_is_booked_with_a_card),
        TEST(test_one_of_a_kind_twice),
        TEST(test_second_scan_must_come_in_time),
        TEST(test_promised_units_are_refused_once),
        TEST(test_unknown_code_is_kept_counted_and_named),
        TEST(test_undo_of_a_sale_that_was_named),
        TEST(test_card_goes_with_its_last_sale),
        TEST(test_too_many_sales_to_name_are_refused_whole),
        TEST(test_undo_takes_the_newest_first),
        TEST(test_late_undo_is_a_correction),
        TEST(test_the_list_of_last_scans_ends),
        TEST(test_failed_commit_is_a_fault),
        TEST(test_sells_on_after_the_store_was_reopened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
