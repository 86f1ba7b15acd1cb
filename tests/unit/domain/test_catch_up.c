/* When a catch-up begins and ends, and what its events add up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "domain/catch_up.h"

static struct catch_up_view at(int64_t now_ms, uint64_t position, bool reached, uint32_t owed)
{
    return (struct catch_up_view){.live = 1,
                                  .reached = reached,
                                  .rest = reached && !owed,
                                  .owed = owed,
                                  .position = position,
                                  .now_ms = now_ms};
}

static enum catch_up_wish look(struct catch_up *catch_up, struct catch_up_view view)
{
    return catch_up_look(catch_up, &view);
}

static void an_outage_with_a_sale_begins_after_five_seconds_and_covers_all_of_it(void **state)
{
    (void)state;
    struct catch_up c = {0};
    assert_int_equal(look(&c, at(1000, 40, true, 0)), CATCH_UP_NOTHING);
    assert_int_equal(look(&c, at(2000, 41, true, 1)), CATCH_UP_NOTHING); /* a sale on its way: no outage */
    assert_int_equal(look(&c, at(3000, 42, true, 0)), CATCH_UP_NOTHING);
    assert_int_equal(look(&c, at(10000, 42, false, 0)), CATCH_UP_NOTHING);
    assert_int_equal(look(&c, at(14000, 45, false, 2)), CATCH_UP_NOTHING);
    struct catch_up_view view = at(14999, 45, false, 2);
    assert_int_equal(catch_up_next_ms(&c, &view), 15000);
    assert_int_equal(look(&c, at(15000, 45, false, 2)), CATCH_UP_BEGIN);
    catch_up_booked(&c, CATCH_UP_BEGIN, 46);
    assert_true(c.active);
    assert_int_equal(c.after_position, 42);
    assert_int_equal(look(&c, at(60000, 50, false, 5)), CATCH_UP_NOTHING);
    assert_int_equal(look(&c, at(61000, 50, true, 5)), CATCH_UP_NOTHING);
    assert_int_equal(look(&c, at(61500, 52, false, 3)), CATCH_UP_NOTHING); /* away again in the middle */
    assert_int_equal(look(&c, at(200000, 52, false, 3)), CATCH_UP_NOTHING);
    assert_int_equal(look(&c, at(201000, 60, true, 0)), CATCH_UP_END);
    catch_up_booked(&c, CATCH_UP_END, 61);
    assert_false(c.active);
    assert_int_equal(c.rest_position, 61);
    view = at(202000, 62, true, 0);
    assert_int_equal(catch_up_look(&c, &view), CATCH_UP_NOTHING);
    assert_int_equal(catch_up_next_ms(&c, &view), INT64_MAX);
}

static void short_outages_are_none_and_long_ones_count_without_a_sale(void **state)
{
    (void)state;
    struct catch_up c = {0};
    assert_int_equal(look(&c, at(1000, 9, true, 0)), CATCH_UP_NOTHING);
    for (int64_t ms = 2000; ms < 200000; ms += 8000) { /* four seconds away, four there */
        assert_int_equal(look(&c, at(ms, 9, false, 1)), CATCH_UP_NOTHING);
        assert_int_equal(look(&c, at(ms + 3999, 9, false, 1)), CATCH_UP_NOTHING);
        assert_int_equal(look(&c, at(ms + 4000, 9, true, 0)), CATCH_UP_NOTHING);
    }
    assert_int_equal(look(&c, at(300000, 9, false, 0)), CATCH_UP_NOTHING);
    assert_int_equal(look(&c, at(329999, 9, false, 0)), CATCH_UP_NOTHING);
    assert_int_equal(look(&c, at(330000, 9, false, 0)), CATCH_UP_BEGIN);
    struct catch_up none = {0};
    struct catch_up_view view = {.now_ms = 900000};
    assert_int_equal(catch_up_look(&none, &view), CATCH_UP_NOTHING); /* no shop is live */
}

static void what_it_covers_is_added_up(void **state)
{
    (void)state;
    struct catch_up_tally *tally = calloc(1, sizeof *tally);
    assert_non_null(tally);
    struct event event = {.kind = EVENT_SALE, .version = 1};
    event.sale.line_count = 2;
    event.sale.lines[0].quantity = 2;
    event.sale.lines[1].quantity = 1;
    catch_up_add(tally, &event);
    event = (struct event){.kind = EVENT_VOID, .version = 1};
    event.voided.effect_count = 1;
    event.voided.effects[0].delta = 2;
    catch_up_add(tally, &event);
    const char *const orders[] = {"A", "B", "A"};
    for (int i = 0; i < 3; i++) {
        event = (struct event){.kind = EVENT_ORDER_STATE, .version = 1};
        event.order.channel = 2;
        event.order.order = text_of(orders[i]);
        event.order.difference = (struct order_vector){.ordered = i + 1, .cancelled = i == 2, .restored = 1};
        catch_up_add(tally, &event);
    }
    for (uint32_t proof = 0; proof <= PROOF_REFUSED_GRANT; proof++) {
        event = (struct event){.kind = proof ? EVENT_REVOKE : EVENT_GRANT, .version = 1};
        event.allocation.channel = 2;
        event.allocation.units = 3 + proof;
        event.allocation.proof = proof;
        catch_up_add(tally, &event);
    }
    for (uint32_t outcome = 1; outcome <= 4; outcome++) {
        event = (struct event){.kind = EVENT_OP_RESULT, .version = 1};
        event.op_result.channel = outcome == 4 ? 999 : 2; /* beyond our limits */
        event.op_result.outcome = outcome;
        catch_up_add(tally, &event);
    }
    const struct catch_up_shop *shop = &tally->shops[2];
    assert_int_equal(tally->events, 12);
    assert_int_equal(tally->sales, 1);
    assert_int_equal(tally->sold_units, 3);
    assert_int_equal(tally->undone_units, 2);
    assert_int_equal(shop->orders, 2); /* the second line of A is no other order */
    assert_int_equal(shop->ordered, 6);
    assert_int_equal(shop->cancelled, 1);
    assert_int_equal(shop->restored, 3);
    assert_int_equal(shop->raised_units, 3);
    assert_int_equal(shop->lowered_units, 4 + 5);
    assert_int_equal(shop->taken_back, 1);
    assert_int_equal(shop->refused, 1);
    assert_int_equal(shop->unproven, 1);
    assert_int_equal(tally->shops[0].parked, 1);
    free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_with_a_sale_begins_after_five_seconds_and_covers_all_of_it),
        cmocka_unit_test(short_outages_are_none_and_long_ones_count_without_a_sale),
        cmocka_unit_test(what_it_covers_is_added_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
