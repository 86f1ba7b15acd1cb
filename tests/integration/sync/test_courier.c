/* A courier with a real loop and a real ledger: what it asks of the shop while the ledger takes nothing, and
 * when memory is refused in the middle of its work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "channel/practice_shop.h"
#include "ledger.h"
#include "refused_memory.h"
#include "store/store_wait.h"
#include "sync/courier.h"

enum { CHANNEL = 1, WALL_MS = 1000000, REFUSED_FOR_MS = 2500, SYNCED_BY_MS = 10000 };

struct world {
    struct ledger *ledger;
    struct loop *loop;
    struct turns *turns;
    struct practice_shop *shop;
    struct courier *courier;
    struct loop_source *end;
    uint64_t random, drawn, position; /* now, and what the last step left */
    bool booked;                      /* the last step wrote events: keys may be made of its random bytes */
    int steps_booked, stale;          /* stale: steps after such a one that had the same random bytes */
    int requests;                     /* that reached the shop */
    int failing;                      /* requests that the shop's own side still has no memory for */
    uint64_t refused, refusals;       /* number of the allocation that each step's end arms; how often */
};

static int serve(void *user, const struct channel_request *request, struct channel_answer *answer)
{
    struct world *world = user;
    (void)refused_memory_end(); /* a lost answer would be waited for: tests/unit/sync has that, without the
                                   wait */
    if (++world->requests == world->failing)
        return -ENOMEM;
    return practice_shop_serve(world->shop, request, WALL_MS, answer);
}

static struct id128 next_random(void *user)
{
    struct world *world = user;
    struct id128 id = {0};
    world->random += 1000;
    memcpy(id.bytes, &world->random, sizeof world->random);
    return id;
}

static int64_t wall_ms(void *user)
{
    (void)user;
    return WALL_MS;
}

/* Called at the end of each step, on whichever thread it ended. */
static void note_step(struct world *world)
{
    uint64_t position = store_last_position(world->ledger->store);
    world->stale += world->booked && world->random == world->drawn;
    world->booked = position != world->position;
    world->steps_booked += world->booked;
    world->position = position;
    world->drawn = world->random;
}

/* Ends a wait early once the channel is up to date. */
static void changed(void *user)
{
    struct world *world = user;
    note_step(world);
    struct engine_view view;
    (void)refused_memory_end();
    courier_view(world->courier, &view);
    if (world->refused && world->refusals) {
        world->refusals--;
        refused_memory_once(world->refused++);
    }
    if (view.phase == ENGINE_READY)
        loop_stop(world->loop);
}

static int time_is_up(void *user, int64_t now_ms)
{
    struct world *world = user;
    (void)now_ms;
    loop_stop(world->loop);
    return 0;
}

static void connect_channel(struct ledger *ledger)
{
    struct changes changes = changes_new();
    struct channel channel = {.alias = CHANNEL, .kind = "practice", .name = "practice", .location = 1};
    changes_put_channel(&changes, &channel);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

/* A new loop for each wait: one that was stopped does not run again. */
static void run_for(struct world *world, int64_t ms)
{
    struct err err = {0};
    assert_int_equal(loop_new(&world->loop, &err), 0);
    assert_int_equal(turns_new(world->loop, TURNS_CHOOSE, &world->turns, &err), 0);
    struct store_wait wait = {turn_shares, turn_wait_begin, turn_wait_end, world->turns};
    store_wait_use(world->ledger->store, &wait);
    assert_int_equal(loop_add_timer(world->loop, "end", LOOP_NORMAL, time_is_up, world, &world->end), 0);
    assert_int_equal(loop_arm(world->end, loop_now_ms(world->loop) + ms), 0);
    struct courier_settings settings = {
        .loop = world->loop,
        .store = world->ledger->store,
        .turns = world->turns,
        .config.name = "practice",
        .engine = {.channel = CHANNEL, .caps = practice_caps, .booth_percent = 50, .auto_live = true},
        .serve = serve,
        .random = next_random,
        .wall_ms = wall_ms,
        .boottime_ms = wall_ms,
        .changed = changed,
        .user = world,
    };
    world->position = store_last_position(world->ledger->store);
    world->booked = false;
    assert_int_equal(courier_new(&settings, &world->courier, &err), 0);
    assert_int_equal(loop_run(world->loop), 0);
}

static void end_run(struct world *world)
{
    static const struct store_wait nobody = {0};
    turns_drain(world->turns);
    assert_int_equal(world->stale, 0);
    courier_free(world->courier);
    store_wait_use(world->ledger->store, &nobody);
    turns_free(world->turns);
    loop_remove(world->end);
    loop_free(world->loop);
}

static sqlite3 *take_the_ledger(struct ledger *ledger)
{
    char path[LEDGER_PATH_BYTES];
    sqlite3 *stranger;
    ledger_path(ledger, "ledger.db", path);
    assert_int_equal(sqlite3_open(path, &stranger), SQLITE_OK);
    assert_int_equal(sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return stranger;
}

/* Another program holds the ledger, so no commit succeeds. The shop must not pay for it. */
static void test_a_ledger_that_takes_nothing_does_not_hurry_the_shop(void **state)
{
    struct world world = {.ledger = *state, .shop = practice_shop_new()};
    struct engine_view view;
    assert_non_null(world.shop);
    assert_int_equal(practice_shop_add(world.shop, "MUG", "", "Mug", 50), 0);
    ledger_open(world.ledger);
    ledger_stock_up(world.ledger);
    connect_channel(world.ledger);

    sqlite3 *stranger = take_the_ledger(world.ledger);
    run_for(&world, REFUSED_FOR_MS);
    courier_view(world.courier, &view);
    assert_int_not_equal(view.phase, ENGINE_READY);
    assert_in_range(world.requests, 2, 30); /* three beginnings, each a probe and what a baseline reads */
    end_run(&world);

    assert_int_equal(sqlite3_close(stranger), SQLITE_OK);
    run_for(&world, SYNCED_BY_MS);
    courier_view(world.courier, &view);
    assert_int_equal(view.phase, ENGINE_READY);
    assert_true(world.steps_booked > 0);
    end_run(&world);
    practice_shop_free(world.shop);
}

/* Memory is refused in one step after the other, and the shop's side has none either: each beginning is made
 * once more, and in the end all is as it should be. */
static void test_memory_that_is_refused(void **state)
{
    struct world world = {.ledger = *state, .shop = practice_shop_new(), .failing = 5};
    struct engine_view view;
    struct err err = {0};
    assert_non_null(world.shop);
    assert_int_equal(practice_shop_add(world.shop, "MUG", "", "Mug", 50), 0);
    ledger_open(world.ledger);
    ledger_stock_up(world.ledger);
    connect_channel(world.ledger);
    world.refused = 1;
    world.refusals = 6;
    run_for(&world, 2 * SYNCED_BY_MS);
    (void)refused_memory_end();
    courier_view(world.courier, &view);
    assert_int_equal(view.phase, ENGINE_READY);
    assert_int_equal(world.refusals, 0);
    courier_notify(world.courier, ENGINE_NETWORK_DOWN); /* its loop has ended, which it says */
    assert_false(courier_idle(world.courier));
    courier_notify(world.courier, ENGINE_NETWORK_UP);
    courier_notify(world.courier, ENGINE_STOCK);
    courier_notify(world.courier, ENGINE_SYNC_NOW);
    assert_int_equal(
        listing_expected(book_listing(store_book(world.ledger->store), CHANNEL, 1)),
        courier_wanted(world.courier, book_listing(store_book(world.ledger->store), CHANNEL, 1)));
    struct loop *loop;
    assert_int_equal(loop_new(&loop, &err), 0);
    struct courier_settings settings = {
        .loop = loop, .store = world.ledger->store, .config.name = "practice", .engine.channel = CHANNEL};
    struct courier *none = NULL;
    uint64_t nth = 1;
    for (;; nth++) {
        refused_memory_once(nth);
        int result = courier_new(&settings, &none, &err);
        (void)refused_memory_end();
        if (result == 0)
            break;
        assert_int_equal(result, -ENOMEM);
        assert_null(none);
    }
    assert_true(nth > 2);
    assert_true(courier_idle(none));
    courier_free(none);
    courier_free(NULL);
    loop_free(loop);
    end_run(&world);
    practice_shop_free(world.shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_ledger_that_takes_nothing_does_not_hurry_the_shop,
                                        ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(test_memory_that_is_refused, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
