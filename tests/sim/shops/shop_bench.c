#include "shop_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shop *bench_shop_with(struct shop_settings settings, int64_t level)
{
    struct shop *shop = shop_new(&settings);
    assert_non_null(shop);
    assert_int_equal(shop_add(shop, "MUG", level, 1), 0);
    assert_int_equal(shop_add(shop, "CUP", 7, 1), 0);
    return shop;
}

struct shop *bench_shop(enum shop_kind kind, int64_t level)
{
    return bench_shop_with((struct shop_settings){.kind = kind}, level);
}

void bench_fill(const struct shop *shop, struct one_write *one, uint8_t key, enum write_method method,
                int64_t value)
{
    *one = (struct one_write){.request = {.kind = REQUEST_WRITE_LEVELS,
                                          .channel = 1,
                                          .serial = key,
                                          .key.bytes = {key},
                                          .count = 1},
                              .write = {.op.bytes = {0xee, key}, .method = method}};
    if (method == WRITE_ABSOLUTE)
        one->write.to = value;
    else
        one->write.delta = value;
    shop_remote_id(shop, 0, one->write.remote_id);
}

struct written bench_send(struct shop *shop, struct one_write *one, int64_t now_ms)
{
    struct channel_answer answer;
    one->request.writes = &one->write;
    assert_int_equal(shop_serve(shop, &one->request, now_ms, &answer), 0);
    assert_int_equal(answer.kind, REQUEST_WRITE_LEVELS);
    assert_int_equal(answer.serial, one->request.serial);
    assert_true(answer.outcome == ANSWER_DONE || answer.words[0]);
    struct written written = {.outcome = answer.outcome, .unproven = answer.unproven, .level = INT64_MIN};
    if (answer.outcome == ANSWER_DONE) {
        assert_int_equal(answer.count, 1);
        written.level = answer.levels_after[0];
    }
    (void)snprintf(written.words, sizeof written.words, "%s", answer.words);
    channel_answer_free(&answer);
    return written;
}

struct written bench_delta(struct shop *shop, uint8_t key, int64_t delta, int64_t now_ms)
{
    struct one_write one;
    bench_fill(shop, &one, key, WRITE_DELTA, delta);
    return bench_send(shop, &one, now_ms);
}

struct written bench_absolute(struct shop *shop, uint8_t key, int64_t level, int64_t now_ms)
{
    struct one_write one;
    bench_fill(shop, &one, key, WRITE_ABSOLUTE, level);
    return bench_send(shop, &one, now_ms);
}

struct written bench_pause(struct shop *shop, uint8_t key, int64_t now_ms)
{
    struct one_write one;
    bench_fill(shop, &one, key, WRITE_PAUSE, 0);
    return bench_send(shop, &one, now_ms);
}

bool bench_found(struct shop *shop, uint8_t key, int64_t now_ms)
{
    struct one_write one;
    struct channel_answer answer;
    bench_fill(shop, &one, key, WRITE_DELTA, -1);
    one.request.kind = REQUEST_FIND_WRITES;
    one.request.writes = &one.write;
    assert_int_equal(shop_serve(shop, &one.request, now_ms, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_int_equal(answer.count, 1);
    bool found = answer.found[0];
    channel_answer_free(&answer);
    return found;
}

int64_t bench_level(struct shop *shop, int64_t now_ms)
{
    struct one_write one;
    struct channel_answer answer;
    bench_fill(shop, &one, 1, WRITE_DELTA, 0);
    one.request.kind = REQUEST_LEVELS;
    one.request.writes = &one.write;
    assert_int_equal(shop_serve(shop, &one.request, now_ms, &answer), 0);
    assert_int_equal(answer.count, 1);
    int64_t level = answer.listings[0].level;
    channel_answer_free(&answer);
    return level;
}

int64_t bench_true_level(const struct shop *shop, uint32_t listing)
{
    int64_t level;
    assert_true(shop_level(shop, listing, &level));
    return level;
}

static uint32_t buy(struct shop *shop, int64_t quantity, bool unpaid, int64_t now_ms)
{
    struct shop_basket basket = {.count = 1, .lines = {{0, quantity}}, .unpaid = unpaid};
    uint32_t order = 0;
    assert_int_equal(shop_buy(shop, &basket, now_ms, &order), 0);
    assert_true(order >= 1001);
    return order;
}

uint32_t bench_buy(struct shop *shop, int64_t quantity, int64_t now_ms)
{
    return buy(shop, quantity, false, now_ms);
}

uint32_t bench_buy_unpaid(struct shop *shop, int64_t quantity, int64_t now_ms)
{
    return buy(shop, quantity, true, now_ms);
}

uint32_t bench_orders(struct shop *shop, int64_t since_ms, int64_t now_ms, struct answer_order_line *lines,
                      uint32_t max)
{
    struct channel_request request = {.kind = REQUEST_ORDERS, .since_ms = since_ms};
    uint32_t count = 0;
    for (bool more = true; more;) {
        struct channel_answer answer;
        assert_int_equal(shop_serve(shop, &request, now_ms, &answer), 0);
        assert_int_equal(answer.outcome, ANSWER_DONE);
        for (uint32_t i = 0; i < answer.count; i++, count++)
            if (count < max)
                lines[count] = answer.orders[i];
        more = answer.has_more;
        (void)snprintf(request.cursor, sizeof request.cursor, "%s", answer.cursor);
        channel_answer_free(&answer);
    }
    return count;
}

struct answer_order_line bench_order(struct shop *shop, uint32_t order, int64_t now_ms)
{
    enum { LINES_MAX = 64 };
    struct answer_order_line *lines = calloc(LINES_MAX, sizeof *lines);
    struct answer_order_line found = {0};
    char name[REMOTE_ID_MAX_BYTES + 1];
    (void)snprintf(name, sizeof name, "order-%" PRIu32, order);
    assert_non_null(lines);
    uint32_t count = bench_orders(shop, 0, now_ms, lines, LINES_MAX);
    assert_true(count <= LINES_MAX);
    for (uint32_t i = 0; i < count && !found.source_key[0]; i++)
        if (strcmp(lines[i].order, name) == 0 && strncmp(lines[i].source_key, "order", 5) == 0)
            found = lines[i];
    free(lines);
    return found;
}

const char *bench_vector(struct shop *shop, uint32_t order, int64_t now_ms, char text[96])
{
    struct answer_order_line line = bench_order(shop, order, now_ms);
    const struct order_vector *state = &line.state;
    if (line.source_key[0])
        (void)snprintf(text, 96, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
                       state->ordered, state->held, state->cancelled, state->handed_over,
                       state->returned_sellable, state->restored);
    else
        (void)snprintf(text, 96, "-");
    return text;
}
