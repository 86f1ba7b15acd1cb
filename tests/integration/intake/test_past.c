/* What was sold before, in a real ledger: unknown codes that get their name, undo, the list of last scans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "stall.h"

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
    assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_true(stall->last.position > 0);
    assert_int_equal(stall_scan(stall, "OTHER", 1), INTAKE_UNKNOWN);
    assert_int_equal(stall_scan(stall, "NEW-9", 4), INTAKE_UNKNOWN);
    assert_int_equal(stall_scan(stall, "NEW-9", 2), INTAKE_UNKNOWN);
    assert_int_equal(store_open_card_count(stall->ledger->store), 2);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0); /* the two */
    struct card cards[4];
    assert_int_equal(store_cards(stall->ledger->store, false, cards, 4), 2);
    card = cards[1]; /* newest first */
    assert_string_equal(card.key, "NEW-9");
    assert_int_equal(card.units, 5);
    name(stall, &card, ITEM_CUP);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 95);
    assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_SOLD);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 94);
    stall_restart(stall);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 94);
    assert_int_equal(store_open_card_count(stall->ledger->store), 1);
}

/* Taking back an unknown sale that got its name since gives the item its units back, also after a restart. */
static void test_undo_of_a_sale_that_was_named(void **state)
{
    struct stall *stall = *state;
    struct card card;
    const struct intake_recent *voided;
    assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_int_equal(stall_scan(stall, "NEW-9", 2), INTAKE_UNKNOWN);
    assert_int_equal(stall_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    name(stall, &card, ITEM_CUP);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 97);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(voided->item, ITEM_CUP);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 99);
    stall_restart(stall);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 100);
    assert_int_equal(store_open_card_count(stall->ledger->store), 0);
    stall_restart(stall);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 100);
}

/* When all unknown sales of a code are taken back, there is nothing to name. */
static void test_card_goes_with_its_last_sale(void **state)
{
    struct stall *stall = *state;
    struct card card;
    const struct intake_recent *voided;
    assert_int_equal(stall_scan(stall, "NEW-9", 2), INTAKE_UNKNOWN);
    assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(stall_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    assert_int_equal(card.units, 2);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(stall_cards(stall, CARD_UNKNOWN_CODE, &card), 0);
    assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_UNKNOWN); /* and a new one is a new card */
    assert_int_equal(stall_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    assert_int_equal(card.units, 1);
    assert_int_equal(card.origin, stall->last.position);
}

static void test_too_many_sales_to_name_are_refused_whole(void **state)
{
    struct stall *stall = *state;
    struct card card;
    for (int i = 0; i < INTAKE_NAMED_MAX; i++)
        assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    assert_int_equal(stall_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    assert_int_equal(card.units, INTAKE_NAMED_MAX);
    assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_UNKNOWN);
    struct changes changes = changes_new();
    assert_int_equal(intake_name_code(stall->intake, &card, ITEM_CUP, 0, &changes), -E2BIG);
    changes_free(&changes);
    const struct intake_recent *voided;
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 100);
}

/* --- undo
 * ----------------------------------------------------------------------------------------------------- */

static void test_undo_takes_the_newest_first(void **state)
{
    struct stall *stall = *state;
    const struct intake_recent *voided;
    assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    uint64_t first = stall->last.position;
    assert_int_equal(stall_scan(stall, "CUP-1", 2), INTAKE_SOLD);
    uint64_t second = stall->last.position;
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(voided->position, second);
    assert_true(voided->voided);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 100);
    struct event event = stall_last_event(stall);
    assert_int_equal(event.kind, EVENT_VOID);
    assert_int_equal(event.voided.reason, 1);
    stall_restart(stall);
    assert_int_equal(intake_undo(stall->intake, 5, &voided), 0); /* not the cup again */
    assert_int_equal(voided->position, first);
    assert_int_equal(stall_last_event(stall).voided.reason, 2); /* another start: a correction */
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 100);
    assert_int_equal(intake_undo(stall->intake, 5, &voided), -ENOENT);
    uint64_t target = 0;
    event = stall_last_event(stall);
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
        assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_SOLD);
        stall->now_ms += INTAKE_UNDO_MS + i;
        assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
        assert_int_equal(stall_last_event(stall).voided.reason, 1 + i);
    }
}

static void test_the_list_of_last_scans_ends(void **state)
{
    struct stall *stall = *state;
    const struct intake_recent *voided;
    assert_null(intake_recent(stall->intake, 0));
    for (int i = 0; i < INTAKE_RECENT_MAX + 3; i++)
        assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(intake_recent(stall->intake, 0)->position, stall->last.position);
        assert_int_equal(intake_recent(stall->intake, INTAKE_RECENT_MAX - 1)->position,
                         stall->last.position - INTAKE_RECENT_MAX + 1);
        assert_null(intake_recent(stall->intake, INTAKE_RECENT_MAX));
        if (round == 0)
            stall_restart(stall);
    }
    for (int i = 0; i < INTAKE_RECENT_MAX; i++)
        assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), -ENOENT);
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 97);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stall_setup, stall_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unknown_code_is_kept_counted_and_named),
        TEST(test_undo_of_a_sale_that_was_named),
        TEST(test_card_goes_with_its_last_sale),
        TEST(test_too_many_sales_to_name_are_refused_whole),
        TEST(test_undo_takes_the_newest_first),
        TEST(test_late_undo_is_a_correction),
        TEST(test_the_list_of_last_scans_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
