/* Random days of one channel, against the practice shop: the baseline, sales and orders, lost and refused
 * answers, people's edits, restarts, keys that grow old, and memory that is refused in the middle of a step.
 * When it is quiet again, shop and ledger must agree. */
// link: refused_memory
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/practice_shop.h"
#include "domain/order_vector.h"
#include "engine_bench.h"
#include "refused_memory.h"
#include "sync/engine_internal.h"

enum { CHANNEL = 1, OTHER = 2, BOOTH = 1, LISTINGS = 5, ORDERS_MAX = 40, STEPS = 120, SEEDS = 400 };

struct day {
    struct engine_bench bench;
    struct practice_shop *shop;
    uint64_t random;
    char orders[ORDERS_MAX][NAME_MAX_BYTES + 1];
    uint32_t order_count;
    uint8_t cancels;
};

/* engine_step has no context: the allocation that the next step is refused. */
static uint64_t *refuse(void)
{
    static uint64_t nth;
    return &nth;
}

static int refusing_step(struct engine *engine, const struct engine_input *input,
                         struct engine_output *output)
{
    refused_memory_once(*refuse());
    int result = engine_step(engine, input, output);
    (void)refused_memory_end();
    *refuse() = 0;
    return result;
}

static uint32_t pick(struct day *day, uint32_t below)
{
    day->random ^= day->random << 13;
    day->random ^= day->random >> 7;
    day->random ^= day->random << 17;
    return (uint32_t)(day->random >> 20) % below;
}

static const char *sku_of(uint32_t item)
{
    static char sku[16];
    (void)snprintf(sku, sizeof sku, "SKU-%u", item);
    return sku;
}

static void make_item(struct day *day, uint32_t alias)
{
    struct item item = {.alias = alias};
    (void)snprintf(item.sku, sizeof item.sku, "%s", sku_of(alias));
    assert_int_equal(book_put_item(day->bench.book, &item), 0);
}

/* A shop with listings of SKU-1…, the last one without an item yet; nothing of it is known. */
static void morning(struct day *day, uint64_t seed)
{
    *day = (struct day){.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .shop = practice_shop_new()};
    assert_non_null(day->shop);
    bench_open_with(&day->bench, &practice_caps, 0, 0);
    day->bench.claim_known = true; /* nobody else writes to this shop */
    day->bench.step = refusing_step;
    day->bench.claim_known = true; /* the shop's claim is ours */
    day->bench.settings.auto_live = true;
    day->bench.settings.booth_percent = pick(day, 3) * 30;
    struct channel channel = *book_channel(day->bench.book, CHANNEL);
    channel.baselined = channel.live = false;
    channel.baseline_ms = channel.orders_since_ms = 0;
    assert_int_equal(book_put_channel(day->bench.book, &channel), 0);
    for (uint32_t i = 1; i <= LISTINGS; i++) {
        assert_int_equal(practice_shop_add(day->shop, sku_of(i), "", "Mug", pick(day, 6)), 0);
        if (i < LISTINGS)
            make_item(day, i);
    }
    /* Another shop's listing and its open op are in the same book, and no business of this engine. */
    struct channel other = {.alias = OTHER, .location = 9};
    struct listing theirs = {.channel = OTHER, .alias = 1, .pack = 1, .remote_id = "theirs"};
    struct op op = {.id.bytes = {0xff}, .channel = OTHER, .kind = OP_LEVEL, .state = OP_SENT};
    op.listing = 1;
    op.delta = 1;
    assert_int_equal(book_put_channel(day->bench.book, &other), 0);
    assert_int_equal(book_put_listing(day->bench.book, &theirs), 0);
    assert_int_equal(book_put_op(day->bench.book, &op), 0);
    bench_restart(&day->bench);
}

static void evening(struct day *day)
{
    bench_close(&day->bench);
    practice_shop_free(day->shop);
}

static void lose_request(struct day *day)
{
    channel_request_free(&day->bench.request);
    day->bench.request = (struct channel_request){0};
}

/* The request reaches the shop, or not; its answer reaches us, or not. */
static void answer(struct day *day, bool peace)
{
    static const struct channel_answer bad[] = {{.outcome = ANSWER_UNKNOWN},
                                                {.outcome = ANSWER_OFFLINE},
                                                {.outcome = ANSWER_OFFLINE, .retry_ms = 90000},
                                                {.outcome = ANSWER_RETRY, .retry_ms = 5000},
                                                {.outcome = ANSWER_RETRY},
                                                {.outcome = ANSWER_REAUTHORISE},
                                                {.outcome = ANSWER_REJECTED, .words = "no."},
                                                {.outcome = ANSWER_STALE, .words = "changed."}};
    struct engine_bench *bench = &day->bench;
    uint32_t how = peace ? 99 : pick(day, 40);
    if (!bench->request.kind)
        return;
    if (how < 8 && (how < 6 || (bench->request.kind != REQUEST_CHECK))) {
        bench_answer_is(bench, &bad[how]);
        return;
    }
    struct channel_answer given;
    assert_int_equal(practice_shop_serve(day->shop, &bench->request, bench->shop_ms, &given), 0);
    if (how == 8)
        lose_request(day); /* it had its effect, and nobody hears of it */
    else if (how == 9)
        bench_answer_is(bench, &bad[0]);
    else
        bench_answer_is(bench, &given);
    channel_answer_free(&given);
}

static void pass_time(struct day *day, int64_t ms)
{
    if (ms >= ENGINE_ANSWER_LOST_MS)
        lose_request(day);
    bench_after(&day->bench, ms);
}

static void want_cancel(struct day *day)
{
    struct op op = {.channel = CHANNEL, .kind = OP_CANCEL_ORDER, .state = OP_NEW};
    const struct order_line *line =
        day->bench.line_count ? &day->bench.lines[pick(day, day->bench.line_count)] : NULL;
    if (!line || book_op_count(day->bench.book) > 4)
        return;
    op.id.bytes[0] = op.request_key.bytes[1] = ++day->cancels;
    op.id.bytes[1] = op.request_key.bytes[0] = 0xcc;
    (void)snprintf(op.order, sizeof op.order, "%s", line->order);
    (void)snprintf(op.source_key, sizeof op.source_key, "%s", line->source_key);
    assert_int_equal(book_put_op(day->bench.book, &op), 0);
    bench_input(&day->bench, ENGINE_STOCK);
}

/* What the shop's buyers and people do; what cannot be (sold out, no such order) does not happen. */
static void at_the_shop(struct day *day)
{
    /* Drawn one after another: the order of arguments is the compiler's, and each machine must play the same
     * days. */
    uint32_t sku = 1 + pick(day, LISTINGS), units = pick(day, 5);
    const char *order = day->order_count ? day->orders[pick(day, day->order_count)] : "#none";
    int result = 0;
    switch (pick(day, 5)) {
    case 0:
    case 1:
        if (day->order_count < ORDERS_MAX &&
            practice_shop_buy(day->shop, sku_of(sku), 1 + units % 2, day->bench.shop_ms,
                              day->orders[day->order_count], NULL) == 0)
            day->order_count++;
        break;
    case 2:
        result = practice_shop_cancel(day->shop, order, pick(day, 2), day->bench.shop_ms);
        break;
    case 3:
        result = practice_shop_ship(day->shop, order, day->bench.shop_ms);
        break;
    default:
        result = practice_shop_edit(day->shop, sku_of(sku), (int64_t)units - 2, day->bench.shop_ms);
        break;
    }
    (void)result;
}

static void at_the_stall(struct day *day)
{
    static const enum engine_input_kind hints[] = {ENGINE_NETWORK_DOWN, ENGINE_NETWORK_UP, ENGINE_SYNC_NOW};
    uint32_t item = 1 + pick(day, LISTINGS - 1);
    switch (pick(day, 8)) {
    case 0:
    case 1:
        bench_sell(&day->bench, item, 1);
        break;
    case 2:
        bench_sell(&day->bench, item, -1 - (int64_t)pick(day, 4)); /* she made some more */
        break;
    case 3:
        bench_input(&day->bench, hints[pick(day, 3)]);
        break;
    case 4:
        want_cancel(day);
        break;
    case 5:
        if (pick(day, 3) == 0)
            make_item(day, LISTINGS);
        break;
    case 6:
        if (pick(day, 4) == 0)
            bench_restart(&day->bench);
        break;
    default:
        *refuse() = 1 + pick(day, 5);
        bench_input(&day->bench, ENGINE_WAKE);
        *refuse() = 0;
        break;
    }
}

static void live(struct day *day)
{
    static const int64_t waits[] = {100, 2000, 16000, 70000, 400000, INT64_C(3600000)};
    for (int i = 0; i < STEPS; i++) {
        uint32_t what = pick(day, 20);
        if (what < 9)
            answer(day, false);
        else if (what < 11)
            pass_time(day, waits[pick(day, 6)]);
        else if (what < 14)
            at_the_shop(day);
        else if (what < 19)
            at_the_stall(day);
        else if (pick(day, 6) == 0)
            pass_time(day, INT64_C(25) * 3600000); /* longer than a key lives */
        else
            *refuse() = pick(day, 8);
    }
    *refuse() = 0;
}

/* The seller answers her cards: parked listings are tried again, the shop is right about what drifted. */
static void answer_cards(struct day *day)
{
    struct book *book = day->bench.book;
    for (uint32_t alias = 1; alias <= book_listing_count(book, CHANNEL); alias++) {
        struct listing listing = *book_listing(book, CHANNEL, alias);
        if (listing.has_level && !book_listing_op(book, CHANNEL, alias))
            listing.edits += listing.level - listing_expected(&listing);
        listing.parked = false;
        assert_int_equal(book_put_listing(book, &listing), 0);
    }
}

/* Peace: the shop is read as a whole again and again, every drift gets its card and its answer. */
static void let_rest(struct day *day)
{
    enum { ROUNDS = 10 }; /* an op whose key is too old keeps its drift from being seen for minutes */
    for (int round = 0; round < ROUNDS; round++) {
        bench_input(&day->bench, ENGINE_SYNC_NOW);
        for (int i = 0; i < 120; i++) {
            if (day->bench.request.kind)
                answer(day, true);
            else
                bench_wake(&day->bench);
        }
        for (int i = 0; i < 100 && day->bench.request.kind; i++)
            answer(day, true);
        assert_int_equal(day->bench.request.kind, 0); /* it does not come to rest */
        if (round < ROUNDS - 2)
            answer_cards(day);
    }
}

static void check_rest(const struct day *day)
{
    const struct book *book = day->bench.book;
    struct engine_view view;
    engine_view(day->bench.engine, &view);
    assert_int_equal(view.phase, ENGINE_READY);
    assert_int_equal(view.owed, 0);
    assert_int_equal(book_op_count(book), 1); /* the other shop's */
    assert_int_equal(book_op(book, 0)->state, OP_SENT);
    int64_t committed[LISTINGS + 1] = {0};
    for (uint32_t i = 0; i < day->bench.line_count; i++)
        if (day->bench.lines[i].item)
            committed[day->bench.lines[i].item] +=
                order_vector_committed(&day->bench.lines[i].booked) * day->bench.lines[i].pack;
    for (uint32_t alias = 1; alias <= book_listing_count(book, CHANNEL); alias++) {
        const struct listing *listing = book_listing(book, CHANNEL, alias);
        int64_t level = -99;
        if (!listing->item)
            continue;
        assert_true(practice_shop_level(day->shop, sku_of(listing->item), &level));
        assert_int_equal(level, listing_expected(listing));
        assert_int_equal(level, engine_wanted(day->bench.engine, listing));
        assert_int_equal(book_stock(book, listing->item, BOOTH).committed, committed[listing->item]);
    }
}

/* Where a day that does not rest stands. */
static void tell(const struct day *day, uint64_t seed)
{
    struct engine_view view;
    const struct book *book = day->bench.book;
    engine_view(day->bench.engine, &view);
    if (view.phase == ENGINE_READY)
        return;
    print_message("seed %llu: phase %d, owed %u, ops %u, request %d, \"%s\"\n", (unsigned long long)seed,
                  (int)view.phase, view.owed, book_op_count(book), (int)day->bench.request.kind,
                  view.last_error);
    for (uint32_t i = 0; i < book_op_count(book); i++)
        print_message("  op kind %d state %d listing %u delta %lld order %s\n", (int)book_op(book, i)->kind,
                      (int)book_op(book, i)->state, book_op(book, i)->listing,
                      (long long)book_op(book, i)->delta, book_op(book, i)->order);
    for (uint32_t alias = 1; alias <= book_listing_count(book, CHANNEL); alias++) {
        const struct listing *listing = book_listing(book, CHANNEL, alias);
        print_message("  listing %u item %u expected %lld level %lld wanted %lld parked %d check %d\n", alias,
                      listing->item, (long long)listing_expected(listing), (long long)listing->level,
                      (long long)engine_wanted(day->bench.engine, listing), (int)listing->parked,
                      (int)day->bench.engine->watches[alias].check);
    }
}

static void test_after_any_day_shop_and_ledger_agree(void **state)
{
    (void)state;
    uint32_t refusals = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct day day;
        morning(&day, seed);
        live(&day);
        let_rest(&day);
        tell(&day, seed);
        check_rest(&day);
        refusals += day.bench.refusals;
        evening(&day);
    }
    print_message("%u steps were refused memory\n", refusals);
    assert_true(refusals > SEEDS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_any_day_shop_and_ledger_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
