#include "loop/turn.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

/* Who may run our code. */
enum place { PLACE_LOOP, PLACE_TURN };

struct turns {
    struct loop *loop;
    struct turn *first[TURN_PRIORITIES], *last[TURN_PRIORITIES];
    struct turn *active; /* begun, not over */
    struct loop_source *more, *back, *breathed, *breath_over;

    pthread_t thread;
    bool has_thread;
    int wanted_fd; /* readable: the turn wants the place back */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum place place; /* under mutex, like the next five */
    bool on_thread;   /* the active turn runs there */
    bool shared;      /* …and waits, the loop goes on; the turn's own */
    bool wants_back, breathing;
    bool over, stop;

    enum turns_place chosen;
    int calm_waits;
    bool restless;
    int64_t wait_began_us;
};

static int64_t now_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- the two places
 * --------------------------------------------------------------------------------------------- */

static void take_place(struct turns *turns, enum place place)
{
    turns->place = place;
    (void)pthread_cond_broadcast(&turns->changed);
}

static void await_place(struct turns *turns, enum place place)
{
    while (turns->place != place)
        (void)pthread_cond_wait(&turns->changed, &turns->mutex);
}

static void *thread_main(void *user)
{
    struct turns *turns = user;
    (void)pthread_mutex_lock(&turns->mutex);
    while (!turns->stop) {
        if (turns->place != PLACE_TURN) {
            (void)pthread_cond_wait(&turns->changed, &turns->mutex);
            continue;
        }
        struct turn *turn = turns->active;
        (void)pthread_mutex_unlock(&turns->mutex);
        turn->run(turn->user);
        (void)pthread_mutex_lock(&turns->mutex);
        turns->over = true;
        take_place(turns, PLACE_LOOP);
    }
    (void)pthread_mutex_unlock(&turns->mutex);
    return NULL;
}

/* The loop's thread lets the turn run until it is over or waits. Tells whether it is over. */
static bool let_run(struct turns *turns)
{
    (void)pthread_mutex_lock(&turns->mutex);
    turns->wants_back = turns->over = false;
    take_place(turns, PLACE_TURN);
    await_place(turns, PLACE_LOOP);
    bool over = turns->over;
    (void)pthread_mutex_unlock(&turns->mutex);
    return over;
}

/* The turn's thread gives the place away; the loop's thread runs from here on. */
static void give_away(struct turns *turns)
{
    (void)pthread_mutex_lock(&turns->mutex);
    take_place(turns, PLACE_LOOP);
    (void)pthread_mutex_unlock(&turns->mutex);
}

/* …and has it back when this returns. */
static void get_back(struct turns *turns, bool breathing)
{
    static const uint64_t one = 1;
    (void)pthread_mutex_lock(&turns->mutex);
    turns->wants_back = true;
    turns->breathing = breathing;
    (void)pthread_cond_broadcast(&turns->changed); /* for who drains */
    /* Fails only when the counter is full, and then the descriptor is readable already (eventfd(2)). */
    if (write(turns->wanted_fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_error("a turn cannot wake the loop: %s", strerrordesc_np(errno));
    await_place(turns, PLACE_TURN);
    (void)pthread_mutex_unlock(&turns->mutex);
}

/* --- waits
 * ---------------------------------------------------------------------------------------------------------
 */

static bool inside(const struct turns *turns)
{
    return turns->active && turns->on_thread && pthread_equal(pthread_self(), turns->thread);
}

bool turn_shares(void *user)
{
    return inside(user);
}

void turn_wait_begin(void *user, bool share)
{
    struct turns *turns = user;
    if (!turns->active)
        return;
    turns->wait_began_us = now_us();
    turns->shared = share && inside(turns);
    if (turns->shared)
        give_away(turns);
}

static void note_wait(struct turns *turns, int64_t us)
{
    turns->calm_waits = us < TURN_CALM_US ? turns->calm_waits + (turns->calm_waits < TURN_CALM_WAITS) : 0;
    turns->restless |= us >= TURN_RESTLESS_US;
}

void turn_wait_end(void *user, bool counts)
{
    struct turns *turns = user;
    if (!turns->active)
        return;
    int64_t us = now_us() - turns->wait_began_us;
    if (turns->shared)
        get_back(turns, false);
    turns->shared = false;
    if (counts)
        note_wait(turns, us);
}

void turn_breathe(struct turns *turns)
{
    if (!turns->active || !inside(turns))
        return;
    give_away(turns);
    get_back(turns, true);
}

/* --- the queue
 * ------------------------------------------------------------------------------------------------------- */

static void enqueue(struct turns *turns, struct turn *turn)
{
    if (turn->queued)
        return;
    turn->queued = true;
    turn->next = NULL;
    if (turns->last[turn->priority])
        turns->last[turn->priority]->next = turn;
    else
        turns->first[turn->priority] = turn;
    turns->last[turn->priority] = turn;
}

static struct turn *dequeue(struct turns *turns)
{
    for (int i = 0; i < TURN_PRIORITIES; i++) {
        struct turn *turn = turns->first[i];
        if (!turn)
            continue;
        turns->first[i] = turn->next;
        if (!turn->next)
            turns->last[i] = NULL;
        turn->queued = false;
        return turn;
    }
    return NULL;
}

static bool waiting(const struct turns *turns)
{
    for (int i = 0; i < TURN_PRIORITIES; i++)
        if (turns->first[i])
            return true;
    return false;
}

static void arm_more(struct turns *turns)
{
    int result = loop_arm(turns->more, loop_now_ms(turns->loop));
    if (result < 0)
        log_error("cannot arm a timer: %s", strerrordesc_np(-result));
}

/* What people start may be long (an import), housekeeping waits several times; the others are as short as the
 * disk lets them be. */
static bool needs_thread(const struct turns *turns, const struct turn *turn)
{
    if (turns->chosen != TURNS_CHOOSE)
        return turns->chosen == TURNS_ON_THREAD;
    return turn->priority == TURN_PERSON || turn->priority == TURN_REST || turns->restless ||
           turns->calm_waits < TURN_CALM_WAITS;
}

/* Begins the next turn. Waiting scans follow at once, the others after the loop had a look round. */
static void run_next(struct turns *turns)
{
    struct turn *turn;
    do {
        turn = turns->active = dequeue(turns);
        if (!turn)
            return;
        turns->on_thread = false;
        bool goes_on = !turn->decide || turn->decide(turn->user);
        turns->on_thread = goes_on && needs_thread(turns, turn);
        if (goes_on && !turns->on_thread)
            turn->run(turn->user);
        else if (turns->on_thread && !let_run(turns))
            return; /* it waits; on_wanted goes on with it */
        turns->active = NULL;
    } while (turns->first[TURN_SCAN]);
    if (waiting(turns))
        arm_more(turns);
}

static void go_on(struct turns *turns)
{
    if (!let_run(turns))
        return;
    turns->active = NULL;
    if (turns->first[TURN_SCAN])
        run_next(turns);
    else if (waiting(turns))
        arm_more(turns);
}

/* Over when the loop has nothing more to do, or soon: somebody who keeps it busy stops no import. */
static int begin_breath(struct turns *turns)
{
    int64_t now_ms = loop_now_ms(turns->loop);
    int result = loop_arm(turns->breathed, now_ms);
    return result < 0 ? result : loop_arm(turns->breath_over, now_ms + TURN_BREATH_MS);
}

/* The disk is done: go on with the turn, before anything else. One that only let others pass goes on when
 * they did. */
static int on_wanted(void *user, int fd, uint32_t events)
{
    struct turns *turns = user;
    uint64_t count;
    (void)events;
    if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
        return -errno;
    (void)pthread_mutex_lock(&turns->mutex);
    bool wants = turns->wants_back, breathing = turns->breathing;
    (void)pthread_mutex_unlock(&turns->mutex);
    if (wants && breathing)
        return begin_breath(turns);
    if (wants)
        go_on(turns);
    return 0;
}

static int on_breathed(void *user, int64_t now_ms)
{
    struct turns *turns = user;
    (void)now_ms;
    (void)pthread_mutex_lock(&turns->mutex);
    bool wants = turns->wants_back && turns->breathing;
    (void)pthread_mutex_unlock(&turns->mutex);
    int result = loop_arm(turns->breathed, INT64_MAX);
    if (result == 0)
        result = loop_arm(turns->breath_over, INT64_MAX);
    if (wants)
        go_on(turns);
    return result;
}

static int on_more(void *user, int64_t now_ms)
{
    struct turns *turns = user;
    (void)now_ms;
    if (!turns->active)
        run_next(turns);
    return 0;
}

void turns_run(struct turns *turns, struct turn *turn)
{
    enqueue(turns, turn);
    if (!turns->active)
        run_next(turns);
}

void turns_ask(struct turns *turns, struct turn *turn)
{
    enqueue(turns, turn);
    if (!turns->active)
        arm_more(turns);
}

bool turns_help(struct turns *turns)
{
    if (!turns->active) {
        run_next(turns);
        return turns->active || waiting(turns);
    }
    (void)pthread_mutex_lock(&turns->mutex);
    while (!turns->wants_back)
        (void)pthread_cond_wait(&turns->changed, &turns->mutex);
    (void)pthread_mutex_unlock(&turns->mutex);
    go_on(turns);
    return turns->active || waiting(turns);
}

void turns_drain(struct turns *turns)
{
    while (turns_help(turns))
        ;
}

bool turns_busy(const struct turns *turns)
{
    return turns->active != NULL;
}

/* --- life
 * ----------------------------------------------------------------------------------------------------------
 */

/* Signals are the loop's. */
static int start_thread(struct turns *turns)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    int result = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (result == 0) {
        result = pthread_create(&turns->thread, NULL, thread_main, turns);
        turns->has_thread = result == 0;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return -result;
}

int turns_new(struct loop *loop, enum turns_place place, struct turns **turns, struct err *err)
{
    struct turns *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->loop = loop;
    made->chosen = place;
    (void)pthread_mutex_init(&made->mutex, NULL); /* cannot fail without attributes (glibc) */
    (void)pthread_cond_init(&made->changed, NULL);
    made->wanted_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int result = made->wanted_fd < 0 ? -errno : 0;
    if (result == 0)
        result = loop_add_fd(loop, "the ledger's turn", LOOP_SCAN, made->wanted_fd, LOOP_READ, on_wanted,
                             made, &made->back);
    if (result == 0)
        result = loop_add_timer(loop, "next turn", LOOP_NET, on_more, made, &made->more);
    if (result == 0)
        result = loop_add_timer(loop, "a long turn", LOOP_WEB + 1, on_breathed, made, &made->breathed);
    if (result == 0)
        result = loop_add_timer(loop, "a long turn", LOOP_SCAN, on_breathed, made, &made->breath_over);
    if (result == 0)
        result = start_thread(made);
    if (result == 0) {
        loop_need(made->back);
        loop_need(made->more);
        loop_need(made->breathed);
        loop_need(made->breath_over);
    }
    if (result < 0) {
        turns_free(made);
        return err_set_errno(err, result, "cannot start the ledger's thread");
    }
    *turns = made;
    return 0;
}

void turns_free(struct turns *turns)
{
    if (!turns)
        return;
    if (turns->has_thread) {
        (void)pthread_mutex_lock(&turns->mutex);
        turns->stop = true;
        (void)pthread_cond_broadcast(&turns->changed);
        (void)pthread_mutex_unlock(&turns->mutex);
        (void)pthread_join(turns->thread, NULL);
    }
    loop_remove(turns->more);
    loop_remove(turns->back);
    loop_remove(turns->breathed);
    loop_remove(turns->breath_over);
    if (turns->wanted_fd >= 0)
        (void)close(turns->wanted_fd);
    (void)pthread_cond_destroy(&turns->changed);
    (void)pthread_mutex_destroy(&turns->mutex);
    free(turns);
}
