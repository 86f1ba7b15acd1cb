/* Turns: one at a time, scans first; while one waits for the disk the loop goes on, and nobody else decides.
 */
#include "loop/turn.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ORDER_MAX = 32 };

struct piece {
    struct bed *bed;
    struct turn turn;
    char name;
    int waits;          /* how often it waits for the disk */
    bool for_tick;      /* the first time until the loop ticked: a slow disk */
    bool breathes;      /* once, instead */
    struct piece *asks; /* for another turn, from inside */
    bool decides;       /* begins with a decision… */
    bool goes_on;       /* …which is this */
};

struct bed {
    struct loop *loop;
    struct turns *turns;
    pthread_t loops; /* the loop's thread */
    struct loop_source *tick, *end;
    struct piece *wanted; /* asked for at the next tick */
    int left;             /* pieces that are not over */
    int running;          /* at once; the law is 1 at most */
    char order[ORDER_MAX + 1];
    int ticks[2]; /* a pipe: a byte for each tick */
};

static void note(struct bed *bed, char name)
{
    size_t length = strlen(bed->order);
    assert_true(length < ORDER_MAX);
    bed->order[length] = name;
}

/* Lower case when it begins, upper case when it is over. */
static void run(void *user)
{
    struct piece *piece = user;
    struct bed *bed = piece->bed;
    assert_int_equal(bed->running++, 0);
    note(bed, piece->name);
    if (piece->asks && !piece->decides)
        turns_run(bed->turns, &piece->asks->turn);
    for (int i = 0; i < piece->waits; i++) {
        char tick;
        turn_wait_begin(bed->turns, turn_shares(bed->turns));
        if (i == 0 && piece->for_tick)
            assert_int_equal(read(bed->ticks[0], &tick, 1), 1);
        turn_wait_end(bed->turns, true);
    }
    if (piece->breathes)
        turn_breathe(bed->turns);
    note(bed, (char)(piece->name - 'a' + 'A'));
    bed->running--;
    if (--bed->left == 0)
        loop_stop(bed->loop);
}

/* The decision is a question mark. It may ask for another turn, and never runs beside our code. */
static bool decide(void *user)
{
    struct piece *piece = user;
    struct bed *bed = piece->bed;
    assert_int_equal(bed->running++, 0);
    assert_true(pthread_equal(pthread_self(), bed->loops));
    assert_false(turn_shares(bed->turns));
    note(bed, '?');
    if (piece->asks)
        turns_run(bed->turns, &piece->asks->turn);
    bed->running--;
    if (!piece->goes_on && --bed->left == 0)
        loop_stop(bed->loop);
    return piece->goes_on;
}

static struct piece piece_of(struct bed *bed, char name, enum turn_priority priority)
{
    return (struct piece){.bed = bed, .turn = {.run = run, .priority = priority}, .name = name};
}

/* While something waits the loop ticks: it notes a dot, once, and asks for what is wanted. */
static int on_tick(void *user, int64_t now_ms)
{
    struct bed *bed = user;
    (void)now_ms;
    note(bed, '.');
    assert_int_equal(write(bed->ticks[1], ".", 1), 1);
    if (bed->wanted)
        turns_run(bed->turns, &bed->wanted->turn);
    bed->wanted = NULL;
    return 0;
}

static int on_end(void *user, int64_t now_ms)
{
    (void)now_ms;
    (void)user;
    fail_msg("the turns did not come to their end");
    return 0;
}

static void set_up(struct bed *bed, enum turns_place place, int pieces)
{
    struct err err = {0};
    *bed = (struct bed){.left = pieces, .loops = pthread_self()};
    assert_int_equal(pipe(bed->ticks), 0);
    assert_int_equal(loop_new(&bed->loop, &err), 0);
    assert_int_equal(turns_new(bed->loop, place, &bed->turns, &err), 0);
    assert_int_equal(loop_add_timer(bed->loop, "tick", LOOP_NORMAL, on_tick, bed, &bed->tick), 0);
    assert_int_equal(loop_add_timer(bed->loop, "end", LOOP_NORMAL, on_end, bed, &bed->end), 0);
    assert_int_equal(loop_arm(bed->end, loop_now_ms(bed->loop) + 20000), 0);
}

static void tick_after(struct bed *bed, int64_t ms)
{
    assert_int_equal(loop_arm(bed->tick, loop_now_ms(bed->loop) + ms), 0);
}

static void tear_down(struct bed *bed)
{
    loop_remove(bed->tick);
    loop_remove(bed->end);
    turns_free(bed->turns);
    loop_free(bed->loop);
    assert_int_equal(close(bed->ticks[0]) | close(bed->ticks[1]), 0);
}

/* The caller has the pieces: they know themselves by then. */
static void start(struct piece *piece, bool at_once)
{
    piece->turn.user = piece;
    piece->turn.decide = piece->decides ? decide : NULL;
    if (at_once)
        turns_run(piece->bed->turns, &piece->turn);
    else
        turns_ask(piece->bed->turns, &piece->turn);
}

static void test_the_loop_goes_on_while_a_turn_waits(void **state)
{
    struct bed bed;
    (void)state;
    set_up(&bed, TURNS_CHOOSE, 1);
    struct piece a = piece_of(&bed, 'a', TURN_SYNC);
    a.waits = 1;
    a.for_tick = true;
    tick_after(&bed, 0);
    start(&a, true);
    assert_string_equal(bed.order, "a"); /* it waits, and we are back */
    assert_true(turns_busy(bed.turns));
    assert_int_equal(loop_run(bed.loop), 0);
    assert_string_equal(bed.order, "a.A");
    assert_false(turns_busy(bed.turns));
    tear_down(&bed);
}

static void test_nobody_else_decides_meanwhile_and_scans_go_first(void **state)
{
    struct bed bed;
    (void)state;
    set_up(&bed, TURNS_ON_THREAD, 4);
    struct piece a = piece_of(&bed, 'a', TURN_SYNC), b = piece_of(&bed, 'b', TURN_SYNC);
    struct piece p = piece_of(&bed, 'p', TURN_PERSON), s = piece_of(&bed, 's', TURN_SCAN);
    a.waits = 2;
    a.for_tick = true;
    s.waits = p.waits = b.waits = 1;
    start(&a, true);
    start(&b, true);
    start(&b, true); /* asked for twice, it runs once */
    start(&p, false);
    s.turn.user = &s;
    bed.wanted = &s; /* comes last, while a waits */
    tick_after(&bed, 0);
    assert_int_equal(loop_run(bed.loop), 0);
    assert_string_equal(bed.order, "a.AsSpPbB");
    tear_down(&bed);
}

static void test_asked_from_inside_it_comes_after(void **state)
{
    for (int place = TURNS_CHOOSE; place <= TURNS_ON_LOOP; place++) {
        struct bed bed;
        (void)state;
        set_up(&bed, (enum turns_place)place, 2);
        struct piece a = piece_of(&bed, 'a', TURN_SYNC), s = piece_of(&bed, 's', TURN_SCAN);
        s.turn.user = &s;
        a.asks = &s;
        start(&a, false);
        assert_string_equal(bed.order, ""); /* soon, not now */
        assert_int_equal(loop_run(bed.loop), 0);
        assert_string_equal(bed.order, "aAsS");
        tear_down(&bed);
    }
}

/* A decision with nothing to commit is a whole turn, on the loop's thread; one that goes on does so before
 * anybody else, the scan too that it heard meanwhile. */
static void test_a_decision_comes_first_and_may_be_all(void **state)
{
    for (int goes_on = 0; goes_on <= 1; goes_on++) {
        struct bed bed;
        (void)state;
        set_up(&bed, TURNS_ON_THREAD, 3);
        struct piece a = piece_of(&bed, 'a', TURN_SYNC), b = piece_of(&bed, 'b', TURN_SYNC);
        struct piece s = piece_of(&bed, 's', TURN_SCAN);
        a.decides = true;
        a.goes_on = goes_on;
        a.asks = &s;
        a.waits = 1;
        s.turn.user = &s;
        start(&b, false);
        start(&a, false);
        assert_int_equal(loop_run(bed.loop), 0);
        assert_string_equal(bed.order, goes_on ? "bB?aAsS" : "bB?sS");
        tear_down(&bed);
    }
}

/* A long piece of work lets others look at the loop, and goes on only when they did. */
static void test_breathing(void **state)
{
    struct bed bed;
    (void)state;
    set_up(&bed, TURNS_CHOOSE, 1);
    struct piece p = piece_of(&bed, 'p', TURN_PERSON);
    p.breathes = true;
    tick_after(&bed, 0);
    start(&p, true);
    assert_string_equal(bed.order, "p");
    assert_int_equal(loop_run(bed.loop), 0);
    assert_string_equal(bed.order, "p.P");
    tear_down(&bed);
}

static void forget_order(struct bed *bed)
{
    memset(bed->order, 0, sizeof bed->order);
}

static void many_short_waits(struct bed *bed)
{
    struct piece s = piece_of(bed, 's', TURN_SCAN);
    s.waits = TURN_CALM_WAITS;
    bed->left++;
    start(&s, true);
    turns_drain(bed->turns);
    forget_order(bed);
}

static void one_long_wait(struct bed *bed)
{
    struct piece s = piece_of(bed, 's', TURN_PERSON); /* on the thread, so that the loop can tick */
    s.waits = 1;
    s.for_tick = true;
    bed->left = 1;
    tick_after(bed, 2 * TURN_RESTLESS_US / 1000);
    start(&s, true);
    assert_int_equal(loop_run(bed->loop), 0);
    forget_order(bed);
}

/* True when the turn is over before turns_run returns: it ran on the loop's thread. */
static bool runs_on_loop(struct bed *bed)
{
    struct piece s = piece_of(bed, 's', TURN_SCAN);
    s.waits = 1;
    bed->left++;
    start(&s, true);
    bool over = !turns_busy(bed->turns);
    turns_drain(bed->turns);
    forget_order(bed);
    return over;
}

/* A disk has to prove that it is calm, and one pause takes that away for good. */
static void test_a_calm_disk_needs_no_thread_until_it_pauses(void **state)
{
    enum { TRIES = 50 }; /* a busy machine makes a wait long that was none */
    struct bed bed;
    bool calm = false;
    (void)state;
    for (int i = 0; i < TRIES && !calm; i++) {
        if (i > 0)
            tear_down(&bed);
        set_up(&bed, TURNS_CHOOSE, 1); /* one that never runs: the loop is not stopped */
        assert_false(runs_on_loop(&bed));
        many_short_waits(&bed);
        calm = runs_on_loop(&bed);
    }
    assert_true(calm);
    one_long_wait(&bed);
    assert_false(runs_on_loop(&bed));
    many_short_waits(&bed);
    assert_false(runs_on_loop(&bed));
    tear_down(&bed);
}

static void test_draining_ends_everything(void **state)
{
    struct bed bed;
    (void)state;
    set_up(&bed, TURNS_ON_THREAD, 3);
    struct piece a = piece_of(&bed, 'a', TURN_SYNC), s = piece_of(&bed, 's', TURN_SCAN);
    struct piece p = piece_of(&bed, 'p', TURN_PERSON);
    a.waits = 1;
    p.breathes = true;
    start(&a, true);
    start(&s, true);
    start(&p, false);
    turns_drain(bed.turns);
    assert_string_equal(bed.order, "aAsSpP");
    tear_down(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_loop_goes_on_while_a_turn_waits),
        cmocka_unit_test(test_nobody_else_decides_meanwhile_and_scans_go_first),
        cmocka_unit_test(test_asked_from_inside_it_comes_after),
        cmocka_unit_test(test_a_decision_comes_first_and_may_be_all),
        cmocka_unit_test(test_breathing),
        cmocka_unit_test(test_a_calm_disk_needs_no_thread_until_it_pauses),
        cmocka_unit_test(test_draining_ends_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
