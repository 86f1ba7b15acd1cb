/* Scans that waited already share one commit: each decided on what those before it left, all told afterwards,
 * in order; and when the commit fails, none of them happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stall.h"

enum { TOLD_MAX = 2 * INTAKE_GROUP_MAX };

/* An intake of its own on the stall's ledger, that keeps all it is told. */
struct group {
    struct stall *stall;
    struct intake *intake;
    struct intake_outcome told[TOLD_MAX];
    int count;
};

static void keep(void *user, const struct intake_outcome *outcome)
{
    struct group *group = user;
    assert_true(group->count < TOLD_MAX);
    group->told[group->count++] = *outcome;
}

static void open_group(struct group *group, struct stall *stall)
{
    struct intake_settings settings = {stall->ledger->store, LEDGER_BOOTH, keep, group};
    struct err err = {0};
    group->stall = stall;
    assert_int_equal(intake_new(&settings, &group->intake, &err), 0);
}

static void scan(struct group *group, const char *code, int64_t quantity)
{
    intake_scan(group->intake, code, quantity, 1, group->stall->now_ms, (uint64_t)group->stall->now_ms, 1);
}

static void scan_all_kinds(struct group *group)
{
    intake_group_begin(group->intake);
    scan(group, CODE_MUG, 1);
    scan(group, "VASE-1", 1);
    scan(group, "VASE-1", 1); /* its only piece was sold one scan ago */
    scan(group, "NEW-9", 1);
    scan(group, "CUP-1", 101);
    scan(group, CODE_MUG, 1);
    assert_int_equal(group->count, 0);
    intake_group_end(group->intake);
    assert_int_equal(group->count, 6);
}

static void test_each_is_decided_on_what_the_others_left(void **state)
{
    static const enum intake_signal signals[] = {INTAKE_SOLD,    INTAKE_SOLD, INTAKE_REFUSED,
                                                 INTAKE_UNKNOWN, INTAKE_SOLD, INTAKE_SOLD};
    static struct group group;
    struct stall *stall = *state;
    struct card card;
    open_group(&group, stall);
    uint64_t before = store_last_position(stall->ledger->store), position = before;
    scan_all_kinds(&group);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(group.told[i].signal, signals[i]);
        assert_int_equal(group.told[i].position, signals[i] == INTAKE_REFUSED ? 0 : ++position);
    }
    assert_int_equal(store_last_position(stall->ledger->store), position);
    assert_int_equal(group.told[0].on_hand, 99);
    assert_int_equal(group.told[5].on_hand, 98);
    assert_true(group.told[4].beyond);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), -1);
    assert_int_equal(stall_cards(stall, CARD_REFUSED, &card), 1);
    assert_int_equal(stall_cards(stall, CARD_UNKNOWN_CODE, &card), 1);
    assert_int_equal(stall_cards(stall, CARD_BELOW_ZERO, &card), 1);
    assert_int_equal(intake_recent(group.intake, 0)->position, position);
    assert_int_equal(intake_recent(group.intake, 4)->position, before + 1);
    (void)ledger_verify(stall->ledger);
    intake_free(group.intake);
}

static void test_a_group_that_fails_did_not_happen(void **state)
{
    static struct group group;
    struct stall *stall = *state;
    open_group(&group, stall);
    uint64_t before = store_last_position(stall->ledger->store);
    stall_refuse_events(stall, true);
    scan_all_kinds(&group);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(group.told[i].signal, INTAKE_FAULT);
        assert_true(group.told[i].error < 0);
        assert_int_equal(group.told[i].position, 0);
    }
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 100);
    assert_int_equal(stall_on_hand(stall, ITEM_VASE), 1);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 100);
    assert_int_equal(store_open_card_count(stall->ledger->store), 0);
    stall_refuse_events(stall, false);
    group.count = 0;
    scan(&group, "VASE-1", 1);
    assert_int_equal(group.told[0].signal, INTAKE_SOLD);
    assert_int_equal(group.told[0].position, before + 1);
    (void)ledger_verify(stall->ledger);
    intake_free(group.intake);
}

/* One could not be added in the middle: the book was ahead of the disk and comes back, and each is tried
 * alone. */
static void test_one_that_cannot_be_added_stops_no_other(void **state)
{
    static struct group group;
    struct stall *stall = *state;
    open_group(&group, stall);
    uint64_t before = store_last_position(stall->ledger->store);
    intake_group_begin(group.intake);
    scan(&group, CODE_MUG, 1);
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 99);
    stall_refuse_events(stall, true);
    scan(&group, "NEW-9", 1);
    stall_refuse_events(stall, false);
    scan(&group, CODE_MUG, 1);
    intake_group_end(group.intake);
    static const enum intake_signal signals[] = {INTAKE_SOLD, INTAKE_UNKNOWN, INTAKE_SOLD};
    assert_int_equal(group.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(group.told[i].signal, signals[i]);
    assert_int_equal(group.told[2].on_hand, 98);
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 98);
    assert_int_equal(store_last_position(stall->ledger->store), before + 3);
    (void)ledger_verify(stall->ledger);
    intake_free(group.intake);
}

static void test_a_long_queue_takes_several_commits(void **state)
{
    static struct group group;
    struct stall *stall = *state;
    open_group(&group, stall);
    intake_group_begin(group.intake);
    for (int i = 0; i < INTAKE_GROUP_MAX; i++)
        scan(&group, CODE_MUG, 1);
    assert_int_equal(group.count, 0);
    scan(&group, CODE_MUG, 1);
    assert_int_equal(group.count, INTAKE_GROUP_MAX);
    intake_group_end(group.intake);
    assert_int_equal(group.count, INTAKE_GROUP_MAX + 1);
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 100 - INTAKE_GROUP_MAX - 1);
    (void)ledger_verify(stall->ledger);
    intake_free(group.intake);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stall_setup, stall_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_is_decided_on_what_the_others_left),
        TEST(test_a_group_that_fails_did_not_happen),
        TEST(test_one_that_cannot_be_added_stops_no_other),
        TEST(test_a_long_queue_takes_several_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
