/* Timers that are due when they are armed: they run at once, once, in the order of their priority, and can be
 * taken back, also from inside a callback. */
#include "loop/loop.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct turn {
    struct loop *loop;
    struct loop_source *first, *second, *end;
    char order[16];
    int failures;
};

static void note(struct turn *turn, char name)
{
    size_t length = strlen(turn->order);
    if (length + 1 < sizeof turn->order)
        turn->order[length] = name;
}

static int on_first(void *user, int64_t now_ms)
{
    (void)now_ms;
    note(user, 'f');
    return 0;
}

static int on_second(void *user, int64_t now_ms)
{
    (void)now_ms;
    note(user, 's');
    return 0;
}

static int on_end(void *user)
{
    struct turn *turn = user;
    note(turn, '.');
    loop_stop(turn->loop);
    return 0;
}

static void set_up(struct turn *turn, loop_timer_fn *second)
{
    struct err err = {0};
    *turn = (struct turn){0};
    assert_int_equal(loop_new(&turn->loop, &err), 0);
    assert_int_equal(loop_add_timer(turn->loop, "first", LOOP_SCAN, on_first, turn, &turn->first), 0);
    assert_int_equal(loop_add_timer(turn->loop, "second", LOOP_WEB, second, turn, &turn->second), 0);
    assert_int_equal(loop_add_idle(turn->loop, "end", on_end, turn, &turn->end), 0);
    assert_int_equal(loop_arm_idle(turn->end), 0);
}

static void run_and_tear_down(struct turn *turn)
{
    assert_int_equal(loop_run(turn->loop), 0);
    loop_remove(turn->first);
    loop_remove(turn->second);
    loop_remove(turn->end);
    loop_free(turn->loop);
}

static void test_due_timers_run_once_by_priority(void **state)
{
    struct turn turn;
    (void)state;
    set_up(&turn, on_second);
    int64_t now_ms = loop_now_ms(turn.loop);
    assert_int_equal(loop_arm(turn.second, now_ms), 0);
    assert_int_equal(loop_arm(turn.first, 0), 0);
    assert_int_equal(loop_arm(turn.first, now_ms - 5), 0);
    run_and_tear_down(&turn);
    assert_string_equal(turn.order, "fs.");
}

static void test_a_due_timer_can_be_taken_back_or_moved(void **state)
{
    struct turn turn;
    (void)state;
    set_up(&turn, on_second);
    int64_t now_ms = loop_now_ms(turn.loop);
    assert_int_equal(loop_arm(turn.first, now_ms), 0);
    assert_int_equal(loop_arm(turn.first, INT64_MAX), 0);
    assert_int_equal(loop_arm(turn.second, now_ms), 0);
    assert_int_equal(loop_arm(turn.second, now_ms + 1000000), 0);
    run_and_tear_down(&turn);
    assert_string_equal(turn.order, ".");
}

static void test_a_far_timer_can_become_due(void **state)
{
    struct turn turn;
    (void)state;
    set_up(&turn, on_second);
    int64_t now_ms = loop_now_ms(turn.loop);
    assert_int_equal(loop_arm(turn.first, now_ms + 1000000), 0);
    assert_int_equal(loop_arm(turn.first, now_ms), 0);
    run_and_tear_down(&turn);
    assert_string_equal(turn.order, "f.");
}

static int on_second_again(void *user, int64_t now_ms)
{
    struct turn *turn = user;
    note(turn, 's');
    if (strlen(turn->order) < 4) /* due again and again: the others have their turn all the same */
        return loop_arm(turn->second, now_ms);
    loop_remove(turn->second);
    turn->second = NULL;
    return 0;
}

static void test_a_callback_arms_and_removes_its_own_timer(void **state)
{
    struct turn turn;
    (void)state;
    set_up(&turn, on_second_again);
    assert_int_equal(loop_arm(turn.second, 0), 0);
    run_and_tear_down(&turn);
    assert_string_equal(turn.order, "ssss.");
}

static int on_second_fails(void *user, int64_t now_ms)
{
    struct turn *turn = user;
    note(turn, 's');
    int result = loop_arm(turn->second, now_ms);
    return result < 0 ? result : -EIO;
}

static void on_failure(void *user, const char *name, int error)
{
    struct turn *turn = user;
    assert_string_equal(name, "second");
    assert_int_equal(error, -EIO);
    turn->failures++;
}

static void test_a_failing_timer_is_switched_off_also_when_it_is_due_again(void **state)
{
    struct turn turn;
    (void)state;
    set_up(&turn, on_second_fails);
    loop_on_failure(turn.loop, on_failure, &turn);
    assert_int_equal(loop_arm(turn.second, 0), 0);
    run_and_tear_down(&turn);
    assert_string_equal(turn.order, "s.");
    assert_int_equal(turn.failures, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due_timers_run_once_by_priority),
        cmocka_unit_test(test_a_due_timer_can_be_taken_back_or_moved),
        cmocka_unit_test(test_a_far_timer_can_become_due),
        cmocka_unit_test(test_a_callback_arms_and_removes_its_own_timer),
        cmocka_unit_test(test_a_failing_timer_is_switched_off_also_when_it_is_due_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
