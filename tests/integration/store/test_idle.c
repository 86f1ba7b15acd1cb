/* The engine polls a shop where nothing happens, over a real ledger: no row changes, no byte is written,
 * however often it asks; and what does happen is still noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/practice_shop.h"
#include "ledger.h"
#include "store/store_internal.h"
#include "sync/engine.h"

enum {
    CHANNEL = 1,
    ANSWERS_MAX = 64,
    IDLE_STEPS = 1600 /* a quarter of an hour: the whole catalogue is read too */,
    SETTLE_STEPS_MAX = 500
};

struct world {
    struct ledger *ledger;
    struct practice_shop *shop;
    struct engine *engine;
    struct channel_answer answers[ANSWERS_MAX]; /* not yet given to the engine, oldest first */
    int answer_count;
    int64_t now_ms, wake_ms;
    uint64_t random;
    int requests, catalogues, changes; /* of the engine so far */
};

static void keep_error(void *user, const struct store_result *result)
{
    *(int *)user = result->error;
}

/* What the courier looks up beside an answer. */
struct lookup {
    struct order_line known[ORDERS_PAGE_SIZE];
    uint32_t items[LEVELS_PER_PAGE_MAX];
    bool moved[LEVELS_PER_PAGE_MAX];
};

static void look_up(struct world *world, const struct channel_answer *answer, struct lookup *lookup)
{
    struct item item;
    *lookup = (struct lookup){0};
    for (uint32_t i = 0; answer->kind == REQUEST_ORDERS && i < answer->count; i++)
        if (store_order_line(world->ledger->store, CHANNEL, answer->orders[i].source_key, &lookup->known[i]) <
            0)
            lookup->known[i] = (struct order_line){0};
    for (uint32_t i = 0; answer->kind == REQUEST_LISTINGS && i < answer->count; i++) {
        lookup->moved[i] = true;
        if (store_item_by_sku(world->ledger->store, answer->listings[i].sku, &item) == 0)
            lookup->items[i] = item.alias;
    }
}

/* One step: decide, commit, then send; the shop answers at once. */
static void step(struct world *world, enum engine_input_kind kind, const struct channel_answer *answer)
{
    static struct lookup lookup;
    struct engine_output output = engine_output_new();
    struct engine_input input = {
        .kind = kind,
        .answer = answer,
        .now_ms = world->now_ms,
        .wall_ms = 1790000000000 + world->now_ms,
        .event_time_ms = (uint64_t)world->now_ms,
        .claim_known = true, /* the shop's claim is ours: nobody else is here */
        .last = store_event_id(world->ledger->store, store_last_position(world->ledger->store))};
    if (answer) {
        look_up(world, answer, &lookup);
        input.known = lookup.known;
        input.listing_items = lookup.items;
        input.listing_moved = lookup.moved;
    }
    world->random += 1000;
    memcpy(input.random.bytes, &world->random, sizeof world->random);
    assert_int_equal(engine_step(world->engine, &input, &output), 0);
    world->changes += (int)(output.changes.event_count + output.changes.row_count);
    int error = 1;
    store_submit(world->ledger->store, &output.changes, keep_error, &error);
    assert_int_equal(error, 0);
    for (uint32_t i = 0; i < output.request_count; i++) {
        assert_true(world->answer_count < ANSWERS_MAX);
        assert_int_equal(practice_shop_serve(world->shop, &output.requests[i], 1790000000000 + world->now_ms,
                                             &world->answers[world->answer_count++]),
                         0);
        world->requests++;
        world->catalogues += output.requests[i].kind == REQUEST_LISTINGS;
    }
    world->wake_ms = output.wake_ms;
    engine_output_free(&output);
}

/* An answer if one waits, else the time of the next wake-up comes. */
static void advance(struct world *world)
{
    if (!world->answer_count) {
        assert_true(world->wake_ms != INT64_MAX);
        world->now_ms = world->wake_ms > world->now_ms ? world->wake_ms : world->now_ms + 1;
        step(world, ENGINE_WAKE, NULL);
        return;
    }
    struct channel_answer answer = world->answers[0];
    world->answer_count--;
    memmove(world->answers, world->answers + 1, (size_t)world->answer_count * sizeof answer);
    world->now_ms += 20;
    step(world, ENGINE_ANSWER, &answer);
    channel_answer_free(&answer);
}

static bool is_settled(struct world *world)
{
    struct engine_view view;
    engine_view(world->engine, &view);
    return view.phase == ENGINE_READY && view.owed == 0 && !world->answer_count;
}

static void settle(struct world *world)
{
    for (int i = 0; i < SETTLE_STEPS_MAX; i++) {
        advance(world);
        if (is_settled(world) && i > 50)
            return;
    }
    fail();
}

static void open_world(struct world *world, struct ledger *ledger)
{
    *world = (struct world){.ledger = ledger, .shop = practice_shop_new(), .now_ms = 1000};
    assert_non_null(world->shop);
    assert_int_equal(practice_shop_add(world->shop, "MUG", "", "Blue mug", 5), 0);
    assert_int_equal(practice_shop_add(world->shop, "CUP", "", "Cup", 200), 0);
    assert_int_equal(practice_shop_add(world->shop, "STRANGER", "", "Not ours", 3), 0);
    ledger_open(ledger);
    ledger_stock_up(ledger);
    struct changes changes = changes_new();
    struct channel channel = {.alias = CHANNEL, .kind = "practice", .name = "shop", .location = LEDGER_BOOTH};
    changes_put_channel(&changes, &channel);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    struct engine_settings settings = {
        .channel = CHANNEL, .caps = practice_caps, .booth_percent = 50, .auto_live = true};
    world->engine = engine_new(&settings, store_book(ledger->store));
    assert_non_null(world->engine);
    step(world, ENGINE_WAKE, NULL);
    settle(world);
}

static void close_world(struct world *world)
{
    for (int i = 0; i < world->answer_count; i++)
        channel_answer_free(&world->answers[i]);
    engine_free(world->engine);
    practice_shop_free(world->shop);
}

static int64_t level(const struct world *world, const char *sku)
{
    int64_t shown = 0;
    assert_true(practice_shop_level(world->shop, sku, &shown));
    return shown;
}

static void test_idle_polls_change_no_row(void **state)
{
    static struct world world;
    open_world(&world, *state);
    struct store *store = world.ledger->store;
    assert_int_equal(level(&world, "MUG"), 50); /* half of a hundred: the booth keeps the rest */
    assert_int_equal(level(&world, "CUP"), 50);
    while (store_maintain(store, true) > 0)
        ;
    int rows = sqlite3_total_changes(store->db), frames = store->wal_frames, requests = world.requests;
    uint64_t last = store_last_position(store);
    world.changes = world.catalogues = 0;
    for (int i = 0; i < IDLE_STEPS || !is_settled(&world); i++)
        advance(&world);
    assert_int_equal(world.changes, 0);
    assert_int_equal(sqlite3_total_changes(store->db), rows);
    assert_int_equal(store->wal_frames, frames);
    assert_int_equal(store_last_position(store), last);
    assert_true(world.requests - requests >= IDLE_STEPS / 3); /* it did ask */
    assert_true(world.catalogues > 0);
    struct err err = {0};
    char name[NAME_MAX_BYTES + 1];
    assert_int_equal(practice_shop_buy(world.shop, "MUG", 2, 1790000000000 + world.now_ms, name, &err), 0);
    for (int i = 0; i < SETTLE_STEPS_MAX && store_last_position(store) == last; i++)
        advance(&world);
    settle(&world);
    assert_int_equal(book_stock(store_book(store), 1, LEDGER_BOOTH).committed, 2);
    close_world(&world);
    (void)ledger_verify(world.ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_idle_polls_change_no_row, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
