/* Who is asked to wait when more was sold than there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/resolve.h"

enum { ITEM = 7, ORDERS_MAX = 16 };

static int setup(void **state)
{
    struct changes *changes = calloc(1, sizeof *changes);
    if (changes)
        *changes = changes_new();
    *state = changes;
    return changes ? 0 : -1;
}

static int teardown(void **state)
{
    changes_free(*state);
    free(*state);
    return 0;
}

static uint32_t oversold(struct changes *changes, struct order_line *lines, uint32_t count, int64_t on_hand,
                         int64_t committed)
{
    changes_reset(changes);
    resolve_oversold(lines, count, "MUG", on_hand, committed, 9, changes);
    assert_int_equal(changes_error(changes), 0);
    assert_int_equal(changes->event_count, 0);
    return changes->row_count;
}

static struct order_line order(int number, int64_t created, int64_t units, uint32_t pack)
{
    struct order_line line = {
        .channel = 1, .item = ITEM, .pack = pack, .created_wall_ms = created, .booked.ordered = units};
    (void)snprintf(line.source_key, sizeof line.source_key, "order-%d", number);
    (void)snprintf(line.order_name, sizeof line.order_name, "#%d", number);
    return line;
}

static void test_the_newest_order_waits(void **state)
{
    struct changes *changes = *state;
    struct order_line lines[] = {order(2, 200, 1, 1), order(1, 100, 1, 1), order(3, 300, 1, 1)};
    assert_int_equal(oversold(changes, lines, 3, 3, 3), 0);
    assert_int_equal(oversold(changes, lines, 3, 2, 3), 1);
    assert_string_equal(changes->rows[0].card.key, "order-3");
    assert_int_equal(changes->rows[0].card.units, 1);
    assert_int_equal(changes->rows[0].card.kind, CARD_OVERSOLD);
    assert_int_equal(changes->rows[0].card.state, CARD_OPEN);
    assert_non_null(strstr(changes->rows[0].card.text, "#3"));
    assert_int_equal(oversold(changes, lines, 3, 1, 3), 2);
    assert_string_equal(changes->rows[1].card.key, "order-2");
    assert_int_equal(oversold(changes, lines, 3, -7, 3), 3); /* never more than was ordered */
    lines[0] = order(4, 300, 2, 1);
    lines[1] = order(5, 300, 2, 1); /* the same moment: the later key */
    assert_int_equal(oversold(changes, lines, 2, 3, 4), 1);
    assert_string_equal(changes->rows[0].card.key, "order-5");
    assert_int_equal(changes->rows[0].card.units, 1);
}

/* Without a SKU the card says what the shop calls it. */
static void test_a_card_always_names_the_item(void **state)
{
    struct changes *changes = *state;
    struct order_line line = order(1, 100, 1, 1);
    (void)snprintf(line.remote_id, sizeof line.remote_id, "remote-7");
    resolve_oversold(&line, 1, "", 0, 1, 9, changes);
    assert_non_null(strstr(changes->rows[0].card.text, "1 of remote-7 missing"));
}

/* On random orders: the cards together name the whole shortage, each no more than its order, the newest
 * first. */
static void test_cards_name_the_whole_shortage(void **state)
{
    struct changes *changes = *state;
    srand(5);
    for (int round = 0; round < 5000; round++) {
        struct order_line lines[ORDERS_MAX];
        uint32_t count = (uint32_t)(rand() % ORDERS_MAX);
        int64_t committed = 0, named = 0, oldest_named = INT64_MAX;
        for (uint32_t i = 0; i < count; i++) {
            lines[i] = order((int)i, rand() % 6, 1 + rand() % 3, 1 + (uint32_t)(rand() % 3));
            lines[i].booked.handed_over = rand() % 4 == 0 ? lines[i].booked.ordered : 0;
            committed += (lines[i].booked.ordered - lines[i].booked.handed_over) * lines[i].pack;
        }
        int64_t on_hand = rand() % 20;
        uint32_t cards = oversold(changes, lines, count, on_hand, committed);
        for (uint32_t i = 0; i < cards; i++) {
            const struct card *card = &changes->rows[i].card;
            for (uint32_t n = 0; n < count; n++) {
                if (strcmp(lines[n].source_key, card->key) != 0)
                    continue;
                int64_t open = (lines[n].booked.ordered - lines[n].booked.handed_over) * lines[n].pack;
                assert_true(card->units > 0 && card->units <= open);
                assert_true(i + 1 == cards || card->units == open);
                assert_true(lines[n].created_wall_ms <= oldest_named);
                oldest_named = lines[n].created_wall_ms;
            }
            named += card->units;
        }
        assert_int_equal(named, committed > on_hand ? committed - on_hand : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_newest_order_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_card_always_names_the_item, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cards_name_the_whole_shortage, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
