/* A listing's number and what is behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/balance.h"
#include "event_fixture.h"

static int64_t small(struct random *random)
{
    return (int64_t)(random_next(random) % 40);
}

/* A random history: each event into the lines and, by the text of docs/events.md, into the row. */
static void any_line(struct random *random, struct event *event, struct listing *row)
{
    static const uint32_t kinds[] = {EVENT_BASELINE, EVENT_GRANT, EVENT_REVOKE, EVENT_ORDER_STATE,
                                     EVENT_LEVEL_EDIT};
    *event = (struct event){.kind = kinds[random_next(random) % 5], .version = 1};
    int64_t n = small(random), m = small(random);
    if (event->kind == EVENT_BASELINE)
        row->baseline += event->baseline.level = n - 5;
    else if (event->kind == EVENT_ORDER_STATE) {
        row->sold += event->order.difference.ordered = n;
        row->restored += event->order.difference.restored = m;
    } else if (event->kind == EVENT_LEVEL_EDIT)
        row->edits += event->edit.delta = n - m;
    else {
        event->allocation.units = (uint64_t)n;
        *(event->kind == EVENT_GRANT ? &row->granted : &row->revoked) += n;
    }
}

static void lines_agree_with_the_row_term_by_term(void **state)
{
    (void)state;
    struct random random = {.state = 11};
    for (int round = 0; round < 300; round++) {
        struct balance_lines lines = {0};
        struct listing row = {0};
        struct event event;
        enum balance_term wrong;
        for (uint64_t i = random_next(&random) % 30; i; i--) {
            any_line(&random, &event, &row);
            balance_add(&lines, &event);
        }
        event = (struct event){.kind = EVENT_SALE, .version = 1};
        balance_add(&lines, &event);
        assert_true(balance_agrees(&lines, &row, &wrong));
        assert_int_equal(balance_sum(&lines), listing_expected(&row));
        /* Two wrongs that cancel each other are found, by name. */
        row.granted += 3;
        row.revoked += 3;
        assert_int_equal(balance_sum(&lines), listing_expected(&row));
        assert_false(balance_agrees(&lines, &row, &wrong));
        assert_string_equal(balance_term_name(wrong), "granted");
        row.granted -= 3;
        row.revoked -= 3;
        row.edits--;
        assert_false(balance_agrees(&lines, &row, &wrong));
        assert_string_equal(balance_term_name(wrong), "edits");
    }
}

static void the_level_is_always_explained_to_the_last_unit(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    for (int round = 0; round < 20000; round++) {
        struct listing row = {
            .baseline = small(&random) - 10, .has_level = true, .level = small(&random) - 10};
        struct op op = {.kind = random_next(&random) % 5 ? OP_LEVEL : OP_CANCEL_ORDER,
                        .method = (enum write_method)(random_next(&random) % 4 + 1),
                        .delta = small(&random) - 20,
                        .from = small(&random),
                        .to = small(&random)};
        struct balance_gap gap;
        bool carded = random_next(&random) % 2;
        balance_gap(&row, random_next(&random) % 3 ? &op : NULL, carded, &gap);
        assert_int_equal(row.level, listing_expected(&row) + gap.on_its_way - gap.suspected_sold + gap.drift);
        assert_true(gap.suspected_sold >= 0);
        assert_true(!carded || !gap.suspected_sold);
        assert_true(!gap.suspected_sold || gap.drift <= 0);
    }
}

struct change_of_ours {
    enum op_kind kind; /* 0: none */
    enum write_method method;
    int64_t delta, from, to;
};

struct example {
    const char *name;
    int64_t expected, level;
    struct change_of_ours op;
    bool carded;
    struct balance_gap gap;
};

static const struct example examples[] = {
    {"at rest", 3, 3, {0}, false, {0}},
    {"an order that is not read yet", 3, 2, {0}, false, {0, 1, 0}},
    {"the same after nothing explained it", 3, 2, {0}, true, {0, 0, -1}},
    {"somebody put two there", 3, 5, {0}, false, {0, 0, 2}},
    {"raised by two, not applied yet",
     5,
     3,
     {.kind = OP_LEVEL, .method = WRITE_DELTA, .delta = 2},
     false,
     {-2, 0, 0}},
    {"raised by two and one was bought",
     5,
     4,
     {.kind = OP_LEVEL, .method = WRITE_COMPARE, .delta = 2},
     false,
     {-1, 0, 0}},
    {"raised by two, three less",
     5,
     2,
     {.kind = OP_LEVEL, .method = WRITE_DELTA, .delta = 2},
     false,
     {-2, 1, 0}},
    {"lowered, the answer lost",
     5,
     4,
     {.kind = OP_LEVEL, .method = WRITE_DELTA, .delta = -1},
     false,
     {-1, 0, 0}},
    {"set from 5 to 2, applied",
     5,
     2,
     {.kind = OP_LEVEL, .method = WRITE_ABSOLUTE, .from = 5, .to = 2},
     false,
     {-3, 0, 0}},
    {"set from 5 to 7, booked as 12",
     12,
     7,
     {.kind = OP_LEVEL, .method = WRITE_ABSOLUTE, .delta = 7, .from = 5, .to = 7},
     false,
     {-5, 0, 0}},
    {"paused", 5, 4, {.kind = OP_LEVEL, .method = WRITE_PAUSE, .from = 5}, false, {0, 1, 0}},
};

static void each_gap_has_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *example = &examples[i];
        struct listing row = {.baseline = example->expected, .has_level = true, .level = example->level};
        const struct change_of_ours *ours = &example->op;
        struct op op = {.kind = ours->kind,
                        .method = ours->method,
                        .delta = ours->delta,
                        .from = ours->from,
                        .to = ours->to};
        struct balance_gap gap;
        balance_gap(&row, ours->kind ? &op : NULL, example->carded, &gap);
        if (memcmp(&gap, &example->gap, sizeof gap) != 0)
            fail_msg("%s: on its way %d, suspected sold %d, drift %d", example->name, (int)gap.on_its_way,
                     (int)gap.suspected_sold, (int)gap.drift);
    }
    struct listing unread = {.baseline = 3};
    struct balance_gap gap = {1, 1, 1};
    balance_gap(&unread, NULL, false, &gap);
    assert_memory_equal(&gap, &(struct balance_gap){0}, sizeof gap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_agree_with_the_row_term_by_term),
        cmocka_unit_test(the_level_is_always_explained_to_the_last_unit),
        cmocka_unit_test(each_gap_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
