/* A courier that asks over real HTTP, and what goes wrong on the way: the shop is a process on loopback that
 * behaves badly by path; what a good answer means the practice shop says. Each wrong is said, and asked
 * again; in the end the channel is up to date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/practice_shop.h"
#include "http_peer.h"
#include "ledger.h"
#include "refused_memory.h"
#include "store/store_wait.h"
#include "sync/courier.h"

enum { CHANNEL = 1, WALL_MS = 1000000, LATEST_MS = 40000, SAID_MAX = 32 };

/* What is done about one request. */
enum wrong {
    GOOD,
    CANNOT_BE_BUILT,
    NO_MEMORY_TO_SEND,
    TOO_LARGE,
    NOBODY_THERE,
    NO_MEMORY_TO_UNDERSTAND,
    ANSWER_LOST, /* no memory to keep the answer in */
};

struct world {
    struct ledger *ledger;
    struct loop *loop;
    struct turns *turns;
    struct http *http;
    struct http_peer peer;
    struct practice_shop *shop;
    struct courier *courier;
    struct loop_source *end, *later;
    uint64_t random;
    const enum wrong *wrongs; /* by request, as long as there are some */
    uint32_t wrong_count, built, times;
    enum wrong now;
    int64_t shop_time; /* told last */
    char said[SAID_MAX][REASON_MAX_BYTES + 1];
    uint32_t said_count;
    uint64_t failures;
};

/* The adapter's functions are given no context. */
static struct world *the_world;

static int build(const struct channel_config *config, const struct channel_request *request,
                 struct http_request *http, struct err *err)
{
    struct world *world = the_world;
    char url[128];
    (void)config;
    (void)request;
    (void)refused_memory_end();
    world->now = world->built < world->wrong_count ? world->wrongs[world->built] : GOOD;
    world->built++;
    if (world->now == CANNOT_BE_BUILT)
        return err_set(err, -EINVAL, "this shop cannot do that");
    const char *path = world->now == TOO_LARGE ? "large" : "dated";
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/%s",
                   world->now == NOBODY_THERE ? 1U : (unsigned)world->peer.port, path);
    http->method = "GET";
    buf_add_text(&http->url, url);
    assert_int_equal(buf_error(&http->url), 0);
    if (world->now == NO_MEMORY_TO_SEND)
        refused_memory_once(1);
    return 0;
}

static int understand(const struct channel_config *config, const struct channel_request *request,
                      const struct http_answer *http, struct channel_answer *answer)
{
    struct world *world = the_world;
    (void)config;
    if (world->now == NO_MEMORY_TO_UNDERSTAND)
        return -ENOMEM;
    if (http->status == 200)
        assert_int_equal(practice_shop_serve(world->shop, request, WALL_MS, answer), 0);
    else
        *answer = (struct channel_answer){.kind = request->kind,
                                          .outcome = http->reached ? ANSWER_UNKNOWN : ANSWER_OFFLINE};
    if (http->status != 200)
        (void)snprintf(answer->words, sizeof answer->words, "%s", http->network_words);
    if (world->now == ANSWER_LOST) {
        refused_memory_once(1);
        assert_int_equal(loop_arm(world->later, loop_now_ms(world->loop) + 1), 0);
    }
    return 0;
}

/* The seller does not wait for the next probe. What was lost is waited for longer than a test may last. */
static int on_later(void *user, int64_t now_ms)
{
    struct world *world = user;
    (void)now_ms;
    (void)refused_memory_end();
    if (world->now == ANSWER_LOST)
        loop_stop(world->loop);
    else
        courier_notify(world->courier, ENGINE_SYNC_NOW);
    return 0;
}

static void note(struct world *world, const char *words)
{
    if (*words && world->said_count < SAID_MAX &&
        (!world->said_count || strcmp(world->said[world->said_count - 1], words) != 0))
        (void)snprintf(world->said[world->said_count++], sizeof world->said[0], "%s", words);
}

static void changed(void *user)
{
    struct world *world = user;
    struct engine_view view;
    (void)refused_memory_end();
    courier_view(world->courier, &view);
    if (world->failures != view.failures) {
        world->failures = view.failures;
        note(world, view.last_error);
        assert_int_equal(loop_arm(world->later, loop_now_ms(world->loop)), 0);
    }
    if (view.phase == ENGINE_READY && world->built >= world->wrong_count)
        loop_stop(world->loop);
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

static int64_t boottime_ms(void *user)
{
    (void)user;
    return WALL_MS;
}

static void shop_time(void *user, const char *channel, int64_t date_ms)
{
    struct world *world = user;
    assert_string_equal(channel, "shop");
    world->shop_time = date_ms;
    world->times++;
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
    struct channel channel = {.alias = CHANNEL, .kind = "practice", .name = "shop", .location = 1};
    changes_put_channel(&changes, &channel);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

static void begin(struct world *world, struct ledger *ledger, const enum wrong *wrongs, uint32_t count)
{
    static struct channel_ops ops = {.kind = "practice", .build = build, .understand = understand};
    struct err err = {0};
    *world =
        (struct world){.ledger = ledger, .wrongs = wrongs, .wrong_count = count, .shop = practice_shop_new()};
    the_world = world;
    ops.caps = practice_caps;
    assert_non_null(world->shop);
    assert_int_equal(practice_shop_add(world->shop, "MUG", "", "Mug", 50), 0);
    http_peer_start(&world->peer);
    ledger_open(ledger);
    ledger_stock_up(ledger);
    connect_channel(ledger);
    assert_int_equal(loop_new(&world->loop, &err), 0);
    assert_int_equal(turns_new(world->loop, TURNS_CHOOSE, &world->turns, &err), 0);
    struct store_wait wait = {turn_shares, turn_wait_begin, turn_wait_end, world->turns};
    store_wait_use(ledger->store, &wait);
    assert_int_equal(http_new(world->loop, NULL, &world->http, &err), 0);
    assert_int_equal(loop_add_timer(world->loop, "end", LOOP_NORMAL, time_is_up, world, &world->end), 0);
    assert_int_equal(loop_add_timer(world->loop, "later", LOOP_NORMAL, on_later, world, &world->later), 0);
    assert_int_equal(loop_arm(world->end, loop_now_ms(world->loop) + LATEST_MS), 0);
    struct courier_settings settings = {
        .loop = world->loop,
        .store = ledger->store,
        .turns = world->turns,
        .http = world->http,
        .ops = &ops,
        .config.name = "shop",
        .engine = {.channel = CHANNEL, .caps = practice_caps, .booth_percent = 50, .auto_live = true},
        .random = next_random,
        .wall_ms = wall_ms,
        .boottime_ms = boottime_ms,
        .shop_time = shop_time,
        .changed = changed,
        .user = world,
    };
    assert_int_equal(courier_new(&settings, &world->courier, &err), 0);
    assert_int_equal(loop_run(world->loop), 0);
}

static void end(struct world *world)
{
    static const struct store_wait nobody = {0};
    (void)refused_memory_end();
    turns_drain(world->turns);
    courier_free(world->courier);
    http_free(world->http);
    store_wait_use(world->ledger->store, &nobody);
    turns_free(world->turns);
    loop_remove(world->end);
    loop_remove(world->later);
    loop_free(world->loop);
    http_peer_stop(&world->peer);
    practice_shop_free(world->shop);
}

static void assert_said(const struct world *world, const char *words)
{
    for (uint32_t i = 0; i < world->said_count; i++)
        if (strstr(world->said[i], words))
            return;
    for (uint32_t i = 0; i < world->said_count; i++)
        print_error("said: %s\n", world->said[i]);
    fail_msg("nobody said: %s", words);
}

static void assert_up_to_date(const struct world *world)
{
    struct engine_view view;
    courier_view(world->courier, &view);
    const struct listing *listing = book_listing(store_book(world->ledger->store), CHANNEL, 1);
    assert_int_equal(view.phase, ENGINE_READY);
    assert_non_null(listing);
    assert_int_equal(listing_expected(listing), courier_wanted(world->courier, listing));
}

static void test_each_wrong_on_the_way_is_said_and_asked_again(void **state)
{
    static const enum wrong wrongs[] = {CANNOT_BE_BUILT, NO_MEMORY_TO_SEND,       TOO_LARGE,
                                        NOBODY_THERE,    NO_MEMORY_TO_UNDERSTAND, GOOD};
    struct world world;
    begin(&world, *state, wrongs, sizeof wrongs / sizeof wrongs[0]);
    assert_said(&world, "this shop cannot do that");
    assert_said(&world, "cannot send: Cannot allocate memory");
    assert_said(&world, "the answer is larger than the limit");
    assert_said(&world, "refused");
    assert_true(world.built > world.wrong_count);
    assert_int_equal(world.shop_time, 1795507200000); /* of /dated */
    assert_true(world.times > 0 && world.times < world.built);
    assert_true(world.peer.seen->requests >= 4);
    assert_up_to_date(&world);
    end(&world);
}

static void test_an_answer_that_there_is_no_memory_for_is_no_success(void **state)
{
    static const enum wrong wrongs[] = {ANSWER_LOST};
    struct world world;
    struct engine_view view;
    begin(&world, *state, wrongs, 1);
    courier_view(world.courier, &view);
    assert_int_equal(world.built, 1);
    assert_int_equal(view.last_success_ms, 0);
    assert_int_equal(view.phase, ENGINE_CONNECTING);
    assert_true(courier_idle(world.courier)); /* its place is free again */
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_wrong_on_the_way_is_said_and_asked_again, ledger_setup,
                                        ledger_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_that_there_is_no_memory_for_is_no_success,
                                        ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
