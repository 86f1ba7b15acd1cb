/* Turns: pieces of work that decide on the ledger and wait for the disk, one at a time, scans first. A turn
 * is ordinary code that runs from its beginning to its durable end. Only while it waits for the disk does the
 * loop go on with everything that decides nothing: the page, the lights, the watchdog, what scanners and
 * shops say.
 *
 * How: a turn runs on a thread of its own while the loop's thread stands still; around a wait for the disk
 * the two change places. So there are two threads, but never two that run our code, and nothing needs a lock.
 * On a disk that never pauses the change of places costs more than the wait: there, after some proof, turns
 * run on the loop's thread (docs/decisions/0013-turns.md has the measurement). */
#ifndef FAIRSTOCK_LOOP_TURN_H
#define FAIRSTOCK_LOOP_TURN_H

#include "loop/loop.h"

struct turns;

enum turn_priority { TURN_SCAN, TURN_PERSON, TURN_SYNC, TURN_REST, TURN_PRIORITIES };

typedef void turn_fn(void *user);
typedef bool turn_decide_fn(void *user);

/* Embedded in its owner, who keeps it until it has run. A turn that is queued already is not queued twice;
 * one that runs may be asked for again.
 *
 * decide (NULL: none) begins the turn on the loop's thread, where it may not wait for the disk. True: there
 * is something to commit, run follows at once and nobody comes between. False: the turn is over. So a turn
 * that commits nothing, as most polls of a shop, changes no thread. */
struct turn {
    turn_decide_fn *decide;
    turn_fn *run;
    void *user;
    enum turn_priority priority;
    bool queued;
    struct turn *next;
};

enum {
    TURN_CALM_WAITS = 64,        /* so many short waits in a row make a disk a calm one */
    TURN_BREATH_MS = 20,         /* how long a long turn lets the loop go on at most */
    TURN_CALM_US = 1000,         /* a short wait */
    TURN_RESTLESS_US = 20 * 1000 /* one wait this long: the disk pauses, and is not called calm any more */
};

/* Where turns run. The others are for measuring what the choice is worth. */
enum turns_place { TURNS_CHOOSE, TURNS_ON_THREAD, TURNS_ON_LOOP };

MUST_CHECK int turns_new(struct loop *loop, enum turns_place place, struct turns **turns, struct err *err);
/* What is queued and did not begin is dropped: drain first. Accepts NULL. */
void turns_free(struct turns *turns);

/* Runs the turn now when none is running, else after those before it. Possibly over when this returns. */
void turns_run(struct turns *turns, struct turn *turn);
/* Runs it soon, from the loop: for callers that may not be called back from inside. */
void turns_ask(struct turns *turns, struct turn *turn);
/* Runs everything that is queued to its end. Blocks; for the end of the program. */
void turns_drain(struct turns *turns);
/* One step of that: blocks until the turn waits once more or is over. False when nothing is left. */
bool turns_help(struct turns *turns);
/* A turn has begun and is not over. */
bool turns_busy(const struct turns *turns);

/* --- called from inside a turn (elsewhere they do nothing) --- */

/* Whether the loop can go on while this turn waits. */
bool turn_shares(void *turns);
/* Around a wait for the disk: in between the loop goes on if `share`, and nothing that it may touch can be
 * touched. `counts`: the wait says something about the disk's calm (a commit, not a checkpoint). */
void turn_wait_begin(void *turns, bool share);
void turn_wait_end(void *turns, bool counts);
/* Lets the loop do what is due, between two steps of a long piece of work. */
void turn_breathe(struct turns *turns);

#endif
