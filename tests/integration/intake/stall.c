#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "stall.h"
#include "store/store_internal.h"

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

int stall_setup(void **state)
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

int stall_teardown(void **state)
{
    struct stall *stall = *state;
    void *ledger = stall->ledger;
    intake_free(stall->intake);
    free(stall);
    return ledger_teardown(&ledger);
}

enum intake_signal stall_scan(struct stall *stall, const char *code, int64_t quantity)
{
    int before = stall->outcomes;
    intake_scan(stall->intake, code, quantity, 1, stall->now_ms, (uint64_t)stall->now_ms, 1790000000000);
    assert_int_equal(stall->outcomes, before + 1);
    return stall->last.signal;
}

void stall_restart(struct stall *stall)
{
    intake_free(stall->intake);
    ledger_reopen(stall->ledger);
    open_intake(stall);
}

int64_t stall_on_hand(struct stall *stall, uint32_t item)
{
    return ledger_on_hand(stall->ledger, item);
}

int stall_cards(struct stall *stall, enum card_kind kind, struct card *card)
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

struct event stall_last_event(struct stall *stall)
{
    return read_event(stall, store_last_position(stall->ledger->store));
}

void stall_refuse_events(struct stall *stall, bool refuse)
{
    assert_int_equal(sqlite3_exec(stall->ledger->store->db,
                                  refuse ? "CREATE TEMP TRIGGER full BEFORE INSERT ON event BEGIN "
                                           "SELECT RAISE(ABORT, 'no'); END"
                                         : "DROP TRIGGER full",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
}
