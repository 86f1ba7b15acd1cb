#include "engine_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CHANNEL = 1, LOCATION = 1 };
#define START_WALL_MS INT64_C(1800000000000)

static const struct channel_caps shop_caps = {
    .delta_down = true,
    .delta_up = true,
    .compare_and_set = true,
    .idempotency_key = true,
    .answer_shows_level = true,
    .cancels_orders = true,
    .batch_size = 50,
    .key_life_ms = INT64_C(23) * 3600 * 1000,
    .order_overlap_ms = 600000,
    .poll_ms = 15000,
};

/* --- opening ----------------------------------------------------------------------------------------- */

static void remote_id_of(uint32_t alias, char remote_id[REMOTE_ID_MAX_BYTES + 1])
{
    (void)snprintf(remote_id, REMOTE_ID_MAX_BYTES + 1, "remote-%u", alias);
}

static void put_rows(struct engine_bench *bench, uint32_t listings, int64_t units)
{
    struct channel channel = {.alias = CHANNEL,
                              .location = LOCATION,
                              .baselined = true,
                              .live = true,
                              .orders_since_ms = START_WALL_MS,
                              .baseline_ms = START_WALL_MS};
    (void)snprintf(channel.name, sizeof channel.name, "shop");
    assert_int_equal(book_put_channel(bench->book, &channel), 0);
    for (uint32_t alias = 1; alias <= listings; alias++) {
        struct item item = {.alias = alias};
        (void)snprintf(item.sku, sizeof item.sku, "SKU-%u", alias);
        struct listing listing = {.channel = CHANNEL,
                                  .alias = alias,
                                  .item = alias,
                                  .pack = 1,
                                  .baseline = units,
                                  .has_level = true,
                                  .level = units};
        remote_id_of(alias, listing.remote_id);
        assert_int_equal(book_put_item(bench->book, &item), 0);
        assert_int_equal(book_put_stock(bench->book, alias, LOCATION, (struct stock){units, 0}), 0);
        assert_int_equal(book_put_listing(bench->book, &listing), 0);
    }
}

void bench_open_with(struct engine_bench *bench, const struct channel_caps *caps, uint32_t listings,
                     int64_t units)
{
    *bench = (struct engine_bench){.now_ms = 1000000,
                                   .wall_ms = START_WALL_MS + 60000,
                                   .shop_ms = START_WALL_MS + 60000,
                                   .settings = {.channel = CHANNEL, .caps = *caps}};
    bench->book = book_new();
    assert_non_null(bench->book);
    put_rows(bench, listings, units);
    bench_restart(bench);
}

void bench_open(struct engine_bench *bench, uint32_t listings, int64_t units)
{
    bench_open_with(bench, &shop_caps, listings, units);
}

void bench_restart(struct engine_bench *bench)
{
    engine_free(bench->engine);
    bench->engine = engine_new(&bench->settings, bench->book);
    assert_non_null(bench->engine);
    channel_request_free(&bench->request);
    bench->request = (struct channel_request){0};
}

void bench_close(struct engine_bench *bench)
{
    channel_request_free(&bench->request);
    engine_free(bench->engine);
    book_free(bench->book);
}

/* --- steps ------------------------------------------------------------------------------------------- */

static void keep_line(struct engine_bench *bench, const struct order_line *line)
{
    uint32_t at = 0;
    while (at < bench->line_count && strcmp(bench->lines[at].source_key, line->source_key) != 0)
        at++;
    assert_true(at < BENCH_ROWS_MAX);
    bench->lines[at] = *line;
    bench->line_count += at == bench->line_count;
}

static void keep_card(struct engine_bench *bench, const struct card *card)
{
    uint32_t at = 0;
    while (at < bench->card_count &&
           (bench->cards[at].kind != card->kind || strcmp(bench->cards[at].key, card->key) != 0))
        at++;
    assert_true(at < BENCH_ROWS_MAX);
    if (card->state != CARD_SETTLED) {
        bench->cards[at] = *card;
        bench->card_count += at == bench->card_count;
    } else if (at < bench->card_count) {
        bench->cards[at] = bench->cards[--bench->card_count];
    }
}

static void commit(struct engine_bench *bench, const struct changes *changes)
{
    assert_int_equal(book_reserve(bench->book, changes), 0);
    assert_int_equal(book_apply(bench->book, changes), 0);
    for (uint32_t i = 0; i < changes->row_count; i++) {
        if (changes->rows[i].kind == CHANGE_ORDER_LINE)
            keep_line(bench, &changes->rows[i].order_line);
        else if (changes->rows[i].kind == CHANGE_CARD)
            keep_card(bench, &changes->rows[i].card);
    }
}

static void step(struct engine_bench *bench, struct engine_input *input)
{
    struct engine_output output = engine_output_new();
    input->now_ms = bench->now_ms;
    input->wall_ms = bench->wall_ms;
    input->claim_known = bench->claim_known;
    input->last = bench->last;
    bench->random += 1000;
    memcpy(input->random.bytes, &bench->random, sizeof bench->random);
    int result = (bench->step ? bench->step : engine_step)(bench->engine, input, &output);
    if (bench->step && result == -ENOMEM) {
        assert_true(changes_empty(&output.changes)); /* nothing of it is booked, nothing leaves */
        assert_int_equal(output.request_count, 0);
        engine_output_free(&output);
        bench->refusals++;
        bench->changed = 0;
        bench->wake_ms = bench->now_ms + 1000;
        return;
    }
    assert_int_equal(result, 0);
    bench->wake_ms = output.wake_ms;
    bench->changed = output.changes.event_count + output.changes.row_count;
    commit(bench, &output.changes);
    assert_true(output.request_count <= 1);
    if (output.request_count) {
        assert_int_equal(bench->request.kind, 0); /* one at a time */
        bench->request = output.requests[0];
    }
    output.request_count = 0;
    engine_output_free(&output);
}

/* Commits that want the engine to go on at once are followed. */
static void follow(struct engine_bench *bench)
{
    for (int i = 0; i < 20 && !bench->request.kind && bench->wake_ms <= bench->now_ms; i++) {
        uint32_t changed = bench->changed;
        step(bench, &(struct engine_input){.kind = ENGINE_WAKE});
        bench->changed += changed;
    }
}

void bench_input(struct engine_bench *bench, enum engine_input_kind kind)
{
    step(bench, &(struct engine_input){.kind = kind});
    follow(bench);
}

void bench_after(struct engine_bench *bench, int64_t ms)
{
    bench->now_ms += ms;
    bench->wall_ms += ms;
    if (bench->shop_ms)
        bench->shop_ms += ms;
    bench_input(bench, ENGINE_WAKE);
}

void bench_wake(struct engine_bench *bench)
{
    assert_true(bench->wake_ms < INT64_MAX);
    bench_after(bench, bench->wake_ms > bench->now_ms ? bench->wake_ms - bench->now_ms : 0);
}

/* The item that has this SKU, "SKU-" and its number; 0 none. */
static uint32_t item_of(const struct engine_bench *bench, const char *sku)
{
    struct book_item found;
    uint32_t alias = strncmp(sku, "SKU-", 4) == 0 ? (uint32_t)strtoul(sku + 4, NULL, 10) : 0;
    return book_item(bench->book, alias, &found) ? alias : 0;
}

/* --- answers ----------------------------------------------------------------------------------------- */

void bench_answer_is(struct engine_bench *bench, const struct channel_answer *given)
{
    struct channel_answer answer = *given;
    struct order_line known[BENCH_ROWS_MAX] = {0};
    uint32_t items[BENCH_ROWS_MAX] = {0};
    assert_int_not_equal(bench->request.kind, 0);
    answer.kind = bench->request.kind;
    answer.channel = CHANNEL;
    answer.serial = bench->request.serial;
    answer.shop_wall_ms = answer.outcome == ANSWER_OFFLINE ? 0 : bench->shop_ms;
    for (uint32_t i = 0; answer.kind == REQUEST_ORDERS && i < answer.count; i++)
        for (uint32_t j = 0; j < bench->line_count; j++)
            if (strcmp(bench->lines[j].source_key, answer.orders[i].source_key) == 0)
                known[i] = bench->lines[j];
    for (uint32_t i = 0; answer.kind == REQUEST_LISTINGS && i < answer.count; i++)
        items[i] = item_of(bench, answer.listings[i].sku);
    channel_request_free(&bench->request);
    bench->request = (struct channel_request){0};
    step(bench, &(struct engine_input){
                    .kind = ENGINE_ANSWER, .answer = &answer, .known = known, .listing_items = items});
    follow(bench);
}

void bench_answer(struct engine_bench *bench, enum request_kind kind, enum answer_outcome outcome)
{
    assert_int_equal(bench->request.kind, kind);
    bench_answer_is(bench, &(struct channel_answer){.outcome = outcome, .orders_complete = true});
}

void bench_answer_orders(struct engine_bench *bench, const struct answer_order_line *orders, uint32_t count)
{
    struct answer_order_line copy[BENCH_ROWS_MAX];
    assert_int_equal(bench->request.kind, REQUEST_ORDERS);
    if (count)
        memcpy(copy, orders, count * sizeof *orders);
    bench_answer_is(bench,
                    &(struct channel_answer){
                        .outcome = ANSWER_DONE, .orders_complete = true, .count = count, .orders = copy});
}

void bench_answer_level(struct engine_bench *bench, int64_t level)
{
    struct answer_listing shown = {.tracked = true, .level = level};
    if (bench->request.kind == REQUEST_WRITE_LEVELS) {
        assert_int_equal(bench->request.count, 1);
        bench_answer_is(bench,
                        &(struct channel_answer){.outcome = ANSWER_DONE, .count = 1, .levels_after = &level});
        return;
    }
    assert_int_equal(bench->request.kind, REQUEST_LEVELS);
    (void)snprintf(shown.remote_id, sizeof shown.remote_id, "%s", bench->request.writes[0].remote_id);
    bench_answer_is(bench, &(struct channel_answer){.outcome = ANSWER_DONE, .count = 1, .listings = &shown});
}

void bench_settle(struct engine_bench *bench)
{
    bench_input(bench, ENGINE_WAKE);
    for (int i = 0; i < 20 && bench->request.kind; i++) {
        assert_int_not_equal(bench->request.kind, REQUEST_WRITE_LEVELS);
        if (bench->request.kind == REQUEST_LEVELS)
            bench_answer_level(bench,
                               listing_expected(bench_listing(bench, bench->request.writes[0].listing)));
        else
            bench_answer(bench, bench->request.kind, ANSWER_DONE);
    }
    assert_int_equal(bench->request.kind, 0);
}

void bench_sell(struct engine_bench *bench, uint32_t item, int64_t units)
{
    struct stock stock = book_stock(bench->book, item, LOCATION);
    stock.on_hand -= units;
    assert_int_equal(book_put_stock(bench->book, item, LOCATION, stock), 0);
    bench_input(bench, ENGINE_STOCK);
}

void bench_make_items(struct engine_bench *bench, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++) {
        struct item item = {.alias = i};
        assert_int_equal(book_put_item(bench->book, &item), 0);
    }
}

struct answer_listing bench_shown(uint32_t number, uint32_t item, int64_t level)
{
    struct answer_listing listing = {.tracked = true, .enforces = true, .level = level};
    (void)snprintf(listing.remote_id, sizeof listing.remote_id, "remote-%u", number);
    if (item)
        (void)snprintf(listing.sku, sizeof listing.sku, "SKU-%u", item);
    return listing;
}

void bench_show(struct engine_bench *bench, struct answer_listing *listings, uint32_t count, const char *more)
{
    struct channel_answer answer = {
        .outcome = ANSWER_DONE, .count = count, .listings = listings, .has_more = more != NULL};
    (void)snprintf(answer.cursor, sizeof answer.cursor, "%s", more ? more : "");
    assert_int_equal(bench->request.kind, REQUEST_LISTINGS);
    bench_answer_is(bench, &answer);
}

/* --- looking ----------------------------------------------------------------------------------------- */

const struct listing *bench_listing(const struct engine_bench *bench, uint32_t alias)
{
    return book_listing(bench->book, CHANNEL, alias);
}

const struct card *bench_card(const struct engine_bench *bench, enum card_kind kind)
{
    for (uint32_t i = 0; i < bench->card_count; i++)
        if (bench->cards[i].kind == kind)
            return &bench->cards[i];
    return NULL;
}

struct answer_order_line bench_line(uint32_t alias, const char *order, int64_t version, int64_t ordered)
{
    struct answer_order_line line = {.version = START_WALL_MS + version,
                                     .created_wall_ms = START_WALL_MS + version,
                                     .lines_in_order = 1,
                                     .complete = true,
                                     .state = {.ordered = ordered}};
    (void)snprintf(line.source_key, sizeof line.source_key, "%s/1", order);
    (void)snprintf(line.order, sizeof line.order, "%s", order);
    (void)snprintf(line.order_name, sizeof line.order_name, "#%s", order);
    (void)snprintf(line.sku, sizeof line.sku, "SKU-%u", alias);
    remote_id_of(alias, line.remote_id);
    return line;
}
