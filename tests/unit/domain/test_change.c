/* A batch of changes: everything that was put in comes out in order, and the first failure is kept. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/change.h"
#include "event_fixture.h"

static struct event live_event(uint32_t channel)
{
    return (struct event){.kind = EVENT_CHANNEL_LIVE, .version = 1, .live = {channel, 1}};
}

static void an_empty_batch_is_empty(void **state)
{
    (void)state;
    CHANGES_AUTO struct changes changes = changes_new();
    size_t at = 0, length;
    const uint8_t *bytes;
    assert_true(changes_empty(&changes));
    assert_int_equal(changes_error(&changes), 0);
    assert_false(changes_next_event(&changes, &at, &bytes, &length));
}

static void events_come_out_as_they_went_in(void **state)
{
    (void)state;
    CHANGES_AUTO struct changes changes = changes_new();
    struct random random = {.state = 3}, again = random;
    struct event event;
    enum { COUNT = 500 };
    for (int i = 0; i < COUNT; i++) {
        event_fixture_fill(&random, event_fixture_kinds[i % EVENT_FIXTURE_KINDS], &event);
        changes_add_event(&changes, &event);
        assert_int_equal(changes.event_count, i + 1);
    }
    assert_int_equal(changes_error(&changes), 0);
    size_t at = 0, length;
    const uint8_t *bytes;
    for (int i = 0; i < COUNT; i++) {
        uint8_t expected[EVENT_MAX_BYTES];
        event_fixture_fill(&again, event_fixture_kinds[i % EVENT_FIXTURE_KINDS], &event);
        assert_true(changes_next_event(&changes, &at, &bytes, &length));
        assert_int_equal(event_encode(&event, expected, sizeof expected), length);
        assert_memory_equal(bytes, expected, length);
    }
    assert_false(changes_next_event(&changes, &at, &bytes, &length));
}

static void rows_come_out_as_they_went_in(void **state)
{
    (void)state;
    CHANGES_AUTO struct changes changes = changes_new();
    static struct listing listing;
    static struct op op;
    static struct order_line line;
    static struct card card;
    static struct channel channel;
    for (uint32_t i = 1; i <= 40; i++) {
        listing = (struct listing){.alias = i, .level = -(int64_t)i};
        op = (struct op){.listing = i, .delta = i};
        line = (struct order_line){.item = i, .version = i};
        card = (struct card){.id = i, .units = i};
        channel = (struct channel){.alias = i, .orders_since_ms = i};
        changes_put_listing(&changes, &listing);
        changes_put_op(&changes, &op);
        changes_put_order_line(&changes, &line);
        changes_put_card(&changes, &card);
        changes_put_channel(&changes, &channel);
    }
    assert_int_equal(changes_error(&changes), 0);
    assert_int_equal(changes.row_count, 200);
    assert_false(changes_empty(&changes));
    for (uint32_t i = 1; i <= 40; i++) {
        const struct change *rows = changes.rows + (size_t)5 * (i - 1);
        assert_int_equal(rows[0].kind, CHANGE_LISTING);
        assert_int_equal(rows[0].listing.level, -(int64_t)i);
        assert_int_equal(rows[1].kind, CHANGE_OP);
        assert_int_equal(rows[1].op.delta, i);
        assert_int_equal(rows[2].kind, CHANGE_ORDER_LINE);
        assert_int_equal(rows[2].order_line.version, i);
        assert_int_equal(rows[3].kind, CHANGE_CARD);
        assert_int_equal(rows[3].card.units, i);
        assert_int_equal(rows[4].kind, CHANGE_CHANNEL);
        assert_int_equal(rows[4].channel.orders_since_ms, i);
    }
}

static void the_first_failure_is_kept(void **state)
{
    (void)state;
    CHANGES_AUTO struct changes changes = changes_new();
    struct event bad = {.kind = EVENT_LOCATION_CREATED, .version = 1, .location = {1, {"\xff", 1}, 1}};
    changes_add_event(&changes, &bad);
    assert_int_equal(changes_error(&changes), -EINVAL);
    assert_false(changes_empty(&changes)); /* a batch that failed is not one that says nothing */
    struct event large = {.kind = EVENT_SALE, .version = 1, .sale = {.line_count = SALE_LINES_MAX + 1}};
    changes_add_event(&changes, &large);
    assert_int_equal(changes_error(&changes), -EINVAL);
    changes_reset(&changes);
    assert_true(changes_empty(&changes));
    assert_int_equal(changes_error(&changes), 0);
}

static void both_lists_are_bounded(void **state)
{
    (void)state;
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = live_event(1);
    for (int i = 0; i < BATCH_CHANGES_MAX; i++)
        changes_add_event(&changes, &event);
    assert_int_equal(changes_error(&changes), 0);
    changes_add_event(&changes, &event);
    assert_int_equal(changes_error(&changes), -E2BIG);
    assert_int_equal(changes.event_count, BATCH_CHANGES_MAX);

    changes_reset(&changes);
    static const struct channel channel = {.alias = 1};
    for (int i = 0; i < BATCH_CHANGES_MAX; i++)
        changes_put_channel(&changes, &channel);
    assert_int_equal(changes_error(&changes), 0);
    changes_put_channel(&changes, &channel);
    assert_int_equal(changes_error(&changes), -E2BIG);
    assert_int_equal(changes.row_count, BATCH_CHANGES_MAX);
}

static void resetting_keeps_the_memory(void **state)
{
    (void)state;
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = live_event(1);
    static const struct channel channel = {.alias = 1};
    changes_add_event(&changes, &event);
    changes_put_channel(&changes, &channel);
    const struct change *rows = changes.rows;
    const char *events = changes.events.data;
    changes_reset(&changes);
    changes_add_event(&changes, &event);
    changes_put_channel(&changes, &channel);
    assert_ptr_equal(changes.rows, rows);
    assert_ptr_equal(changes.events.data, events);
    assert_int_equal(changes.event_count, 1);
    assert_int_equal(changes.row_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_batch_is_empty),       cmocka_unit_test(events_come_out_as_they_went_in),
        cmocka_unit_test(rows_come_out_as_they_went_in), cmocka_unit_test(the_first_failure_is_kept),
        cmocka_unit_test(both_lists_are_bounded),        cmocka_unit_test(resetting_keeps_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
