/* Orders as state: what is booked is the difference, and the differences add up to the state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/order_vector.h"
#include "event_fixture.h"

enum { PARTS = 7 };

/* By number, in the order of docs/events.md kind 57, so that a component that is forgotten shows. */
static int64_t *part(struct order_vector *v, int i)
{
    int64_t *const parts[PARTS] = {
        &v->ordered, &v->held, &v->cancelled, &v->handed_over, &v->returned_sellable, &v->returned_unsellable,
        &v->restored};
    return parts[i];
}

static struct order_vector any_state(struct random *random)
{
    struct order_vector v = {0};
    for (int i = 0; i < PARTS; i++) {
        uint64_t bits = random_next(random);
        *part(&v, i) = bits % 4 ? (int64_t)(bits >> 8) % 50 : (int64_t)(bits >> 8) % (ORDER_UNITS_MAX + 1);
    }
    if (v.cancelled + v.handed_over > v.ordered) {
        v.ordered = ORDER_UNITS_MAX;
        v.cancelled /= 2;
        v.handed_over /= 2;
    }
    return v;
}

static void booked_differences_sum_to_the_last_state(void **state)
{
    (void)state;
    struct random random = {.state = 2026};
    for (int round = 0; round < 1000; round++) {
        struct order_vector booked = {0}, sum = {0}, now = {0};
        int64_t committed = 0, on_hand = 0, expected = 0;
        for (int step = 0; step < 20; step++) {
            now = any_state(&random);
            assert_true(order_vector_is_plausible(&now));
            struct order_vector difference = order_vector_difference(&now, &booked);
            assert_int_equal(order_vector_is_zero(&difference), memcmp(&now, &booked, sizeof now) == 0);
            order_vector_add(&booked, &difference);
            order_vector_add(&sum, &difference);
            committed += order_vector_committed(&difference);
            on_hand += order_vector_on_hand(&difference);
            expected += order_vector_expected(&difference);
            for (int i = 0; i < PARTS; i++)
                assert_true(*part(&booked, i) == *part(&now, i));
        }
        assert_memory_equal(&sum, &now, sizeof now);
        /* The effects are linear: those of the differences add up to those of the state. */
        assert_true(committed == order_vector_committed(&now));
        assert_true(on_hand == order_vector_on_hand(&now));
        assert_true(expected == order_vector_expected(&now));
    }
}

static void the_same_state_again_books_nothing(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    for (int round = 0; round < 1000; round++) {
        struct order_vector now = any_state(&random), difference = order_vector_difference(&now, &now);
        assert_true(order_vector_is_zero(&difference));
    }
}

static void each_component_counts_for_zero_and_plausibility(void **state)
{
    (void)state;
    for (int i = 0; i < PARTS; i++) {
        struct order_vector v = {0};
        assert_true(order_vector_is_zero(&v));
        *part(&v, i) = 1;
        assert_false(order_vector_is_zero(&v));
        v.ordered = ORDER_UNITS_MAX;
        assert_true(order_vector_is_plausible(&v));
        *part(&v, i) = ORDER_UNITS_MAX;
        assert_true(order_vector_is_plausible(&v));
        *part(&v, i) = ORDER_UNITS_MAX + 1;
        assert_false(order_vector_is_plausible(&v));
        *part(&v, i) = -1;
        assert_false(order_vector_is_plausible(&v));
        *part(&v, i) = INT64_MIN;
        assert_false(order_vector_is_plausible(&v));
    }
}

static void no_more_leaves_an_order_than_came_in(void **state)
{
    (void)state;
    struct order_vector v = {.ordered = 3, .cancelled = 1, .handed_over = 2, .returned_sellable = 2};
    assert_true(order_vector_is_plausible(&v));
    v.handed_over = 3;
    assert_false(order_vector_is_plausible(&v));
    v = (struct order_vector){.cancelled = 1, .restored = 1}; /* a return's own line */
    assert_true(order_vector_is_plausible(&v));
    v = (struct order_vector){.ordered = 3, .cancelled = 4};
    assert_false(order_vector_is_plausible(&v));
    v = (struct order_vector){
        .ordered = ORDER_UNITS_MAX, .cancelled = ORDER_UNITS_MAX, .handed_over = ORDER_UNITS_MAX};
    assert_false(order_vector_is_plausible(&v));
}

/* A state that may lack something proves no decrease, but every increase. */
static void only_negative_components_are_dropped(void **state)
{
    (void)state;
    struct random random = {.state = 11};
    for (int round = 0; round < 1000; round++) {
        struct order_vector now = any_state(&random), booked = any_state(&random);
        struct order_vector difference = order_vector_difference(&now, &booked), kept = difference;
        order_vector_drop_negative(&kept);
        for (int i = 0; i < PARTS; i++)
            assert_true(*part(&kept, i) == (*part(&difference, i) < 0 ? 0 : *part(&difference, i)));
        order_vector_add(&booked, &kept);
        for (int i = 0; i < PARTS; i++)
            assert_true(*part(&booked, i) >= *part(&now, i));
    }
}

/* docs/events.md kind 57: C += ordered - cancelled - handed over; H -= handed over, += returned sellable;
 * E -= ordered, += restored. */
static void effects_are_those_of_the_specification(void **state)
{
    (void)state;
    static const int committed[PARTS] = {1, 0, -1, -1, 0, 0, 0}, on_hand[PARTS] = {0, 0, 0, -1, 1, 0, 0},
                     expected[PARTS] = {-1, 0, 0, 0, 0, 0, 1};
    for (int i = 0; i < PARTS; i++) {
        struct order_vector v = {0};
        *part(&v, i) = 10;
        assert_int_equal(order_vector_committed(&v), 10 * committed[i]);
        assert_int_equal(order_vector_on_hand(&v), 10 * on_hand[i]);
        assert_int_equal(order_vector_expected(&v), 10 * expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booked_differences_sum_to_the_last_state),
        cmocka_unit_test(the_same_state_again_books_nothing),
        cmocka_unit_test(each_component_counts_for_zero_and_plausibility),
        cmocka_unit_test(no_more_leaves_an_order_than_came_in),
        cmocka_unit_test(only_negative_components_are_dropped),
        cmocka_unit_test(effects_are_those_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
