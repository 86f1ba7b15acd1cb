/* The conflict: the last unit is sold at the booth while offline, and ordered online. In every order of
 * {booth sale, online order, network back, kill, reply lost}, with the engine getting time between any two of
 * them or not, the end is the same: the booth's sale stands, an order that cannot be filled is a card with at
 * least two options, each option does what it says and once, the shop ends at what the ledger says, and the
 * sums of the events say why. Exit 0 all held. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/resolve.h"
#include "world.h"

enum happening { SALE, ORDER, NETWORK, KILL, REPLY_LOST, HAPPENINGS };

static const char *const names[] = {"booth sale", "online order", "network back", "kill", "reply lost"};

struct run {
    enum happening order[HAPPENINGS];
    unsigned rests; /* bit i: the engine has time after happening i */
    enum card_option option;
    struct bench *bench;
    const struct world *first;
    bool conflict;
    char words[WORLD_WORDS_MAX_BYTES];
};

static int check(struct run *run, bool holds, const char *words)
{
    if (!holds)
        (void)snprintf(run->words, sizeof run->words, "%s", words);
    return holds ? 0 : -1;
}

static int happen(struct run *run, struct world *world, enum happening happening)
{
    switch (happening) {
    case SALE:
        return world_do(run->bench, world, (struct action){ACTION_SALE, 0, 0}, run->words);
    case ORDER:
        /* A shop that knows already that there is none refuses the buyer: no conflict then. */
        run->conflict = world_level(world, 0) > 0;
        return run->conflict ? world_do(run->bench, world, (struct action){ACTION_BUY, 0, 0}, run->words) : 0;
    case NETWORK:
        return world_do(run->bench, world, (struct action){ACTION_NETWORK_UP, 0, 0}, run->words);
    case KILL:
        return world_do(run->bench, world, (struct action){ACTION_RESTART, 0, 0}, run->words);
    case REPLY_LOST:
        world_lose_next_reply(world, 0);
        return 0;
    case HAPPENINGS:
        break;
    }
    return -1;
}

/* What each choice must have led to. One unit was there, the booth took it. */
static int check_choice(struct run *run, const struct world *world)
{
    bool made = run->option == OPTION_FOUND;
    bool waits = run->option == OPTION_MAKE_ANOTHER || run->option == OPTION_DISMISS;
    int64_t on_hand = made ? 1 : 0;
    int64_t committed = made || waits ? 1 : 0;
    if (world->stock.on_hand != on_hand || world->stock.committed != committed) {
        (void)snprintf(run->words, sizeof run->words, "after %s on hand is %" PRId64 ", committed %" PRId64,
                       resolve_option_name(run->option), world->stock.on_hand, world->stock.committed);
        return -1;
    }
    if (check(run, world->channels[0].high_level <= 0, "the shop showed a unit that is not there") < 0)
        return -1;
    return check(run, world_level(world, 0) == 0 && world_level(world, 1) == 0, "a shop does not end at 0");
}

static int choose(struct run *run, struct world *world)
{
    const struct world_card *kept = world_card(world, CARD_OVERSOLD);
    if (check(run, kept && kept->units == 1 && kept->state == CARD_OPEN,
              "no card for the order that cannot be filled") < 0)
        return -1;
    world->channels[0].high_level = world_level(world, 0);
    int decided = world_decide(run->bench, world, CARD_OVERSOLD, run->option);
    if (check(run, decided == 0, "the choice failed") < 0)
        return -1;
    int again = world_decide(run->bench, world, CARD_OVERSOLD, run->option);
    if (check(run, again == -ENOENT || again == -EALREADY, "the choice could be made twice") < 0 ||
        world_settle(run->bench, world, run->words) < 0)
        return -1;
    return check_choice(run, world);
}

static int play(struct run *run)
{
    struct world world;
    world_copy(&world, run->first);
    run->conflict = false;
    int result = 0;
    for (int i = 0; result == 0 && i < HAPPENINGS; i++) {
        result = happen(run, &world, run->order[i]);
        if (result == 0 && run->rests & 1U << i)
            result = world_run(run->bench, &world, run->words);
    }
    if (result == 0)
        result = world_settle(run->bench, &world, run->words);
    if (result == 0 && run->conflict)
        result = choose(run, &world);
    else if (result == 0)
        result = check(run,
                       !world_card(&world, CARD_OVERSOLD) && world_level(&world, 0) == 0 &&
                           world.stock.on_hand == 0,
                       "without an order the shop must show 0 and no card");
    world_free(&world);
    return result;
}

/* The n-th order of the five. */
static void permute(unsigned n, enum happening order[HAPPENINGS])
{
    bool used[HAPPENINGS] = {false};
    for (unsigned i = 0; i < HAPPENINGS; i++) {
        unsigned left = HAPPENINGS - i;
        unsigned pick = n % left;
        n /= left;
        enum happening happening = SALE;
        for (unsigned j = 0; j < HAPPENINGS; j++)
            if (!used[j] && pick-- == 0)
                happening = (enum happening)j;
        used[happening] = true;
        order[i] = happening;
    }
}

static void print_run(const struct run *run)
{
    (void)printf("BROKEN: %s\n ", run->words);
    for (int i = 0; i < HAPPENINGS; i++)
        (void)printf(" %s%s", names[run->order[i]], run->rests & 1U << i ? " (rest)," : ",");
    (void)printf(" then %s\n", resolve_option_name(run->option));
}

int main(void)
{
    static const enum card_option options[] = {OPTION_CANCEL_REFUND, OPTION_MAKE_ANOTHER, OPTION_FOUND,
                                               OPTION_DISMISS};
    enum { ORDERS = 120, OPTIONS = sizeof options / sizeof options[0] };
    bool all = getenv("FAIRSTOCK_LONG") != NULL; /* otherwise the choices take turns */
    struct world_setup setup = {.units = 1};
    struct run run = {.bench = bench_new(&setup)};
    struct world first;
    unsigned runs = 0;
    unsigned conflicts = 0;
    int result = world_new(run.bench, &setup, &first, run.words);
    if (result == 0)
        result = world_do(run.bench, &first, (struct action){ACTION_NETWORK_DOWN, 0, 0}, run.words);
    run.first = &first;
    for (unsigned n = 0; result == 0 && n < ORDERS; n++) {
        permute(n, run.order);
        for (run.rests = 0; result == 0 && run.rests < 1U << HAPPENINGS; run.rests++) {
            for (unsigned i = 0; result == 0 && i < (all ? OPTIONS : 1); i++, runs++) {
                run.option = options[(n + run.rests + i) % OPTIONS];
                result = play(&run);
                conflicts += run.conflict;
            }
            if (result < 0)
                break;
        }
    }
    if (result < 0)
        print_run(&run);
    (void)printf("%u runs, %u of them a conflict\n", runs, conflicts);
    world_free(&first);
    bench_free(run.bench);
    return result < 0 || !conflicts;
}
