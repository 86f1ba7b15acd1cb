/* The machinery: engines and a book that take over a world for one step, and the way to the shop and back. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world_internal.h"

/* Square notes each movement: enough for a world, its settling and a catalogue of polls. */
enum { SHOP_WRITES_MAX = 64 };

void world_must(int result)
{
    if (result < 0) {
        (void)fprintf(stderr, "the simulated world itself failed: %s\n", strerrordesc_np(-result));
        abort();
    }
}

/* --- the bench --------------------------------------------------------------------------------------- */

/* Kind 0 is the practice shop; what the world can need fits in. */
static struct shop_settings shop_of(const struct world_setup *setup, uint32_t i)
{
    struct shop_settings settings = setup->shops[i];
    if (!settings.kind)
        settings.kind = SHOP_PRACTICE;
    settings.orders_max = WORLD_LINES_MAX;
    settings.writes_max = SHOP_WRITES_MAX;
    return settings;
}

void world_open_shop(struct world_channel *channel, const struct world_setup *setup, uint32_t i)
{
    struct shop_settings settings = shop_of(setup, i);
    channel->shop = calloc(1, sizeof *channel->shop);
    if (!channel->shop || !(channel->shop->shop = shop_new(&settings)))
        abort();
    channel->caps = shop_caps(&settings);
    channel->shop->references = 1;
    world_must(shop_add(channel->shop->shop, WORLD_SKU, 0, 0));
}

struct bench *bench_new(const struct world_setup *setup)
{
    struct bench *bench = calloc(1, sizeof *bench);
    if (!bench || !(bench->book = book_new()))
        abort();
    struct item item = {.alias = WORLD_ITEM, .sku = WORLD_SKU};
    world_must(book_put_item(bench->book, &item));
    for (uint32_t i = 0; i < WORLD_CHANNELS; i++) {
        struct shop_settings shop = shop_of(setup, i);
        struct engine_settings settings = {.channel = i + 1, .caps = *shop_caps(&shop), .auto_live = true};
        settings.caps.poll_ms = WORLD_POLL_MS;
        settings.caps.keeps_claim = false; /* two ledgers at one shop are tests/unit/domain/test_claim.c */
        bench->engines[i] = engine_new(&settings, bench->book);
        if (!bench->engines[i])
            abort();
    }
    return bench;
}

void bench_free(struct bench *bench)
{
    for (uint32_t i = 0; i < WORLD_CHANNELS; i++)
        engine_free(bench->engines[i]);
    book_free(bench->book);
    free(bench);
}

/* Puts a world's rows into the book, instead of those of the world before. */
void world_load_book(struct bench *bench, const struct world *world)
{
    while (book_op_count(bench->book)) {
        struct op op = *book_op(bench->book, 0);
        op.state = OP_DONE;
        world_must(book_put_op(bench->book, &op));
    }
    book_put_suspicion(bench->book, &world->suspicion);
    world_must(book_put_stock(bench->book, WORLD_ITEM, WORLD_LOCATION, world->stock));
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        world_must(book_put_channel(bench->book, &channel->row));
        if (channel->has_listing)
            world_must(book_put_listing(bench->book, &channel->listing));
        for (uint32_t j = 0; j < channel->op_count; j++)
            world_must(book_put_op(bench->book, &channel->ops[j]));
    }
}

void world_load_engine(struct bench *bench, const struct world *world, int i)
{
    struct engine *engine = bench->engines[i];
    const struct world_channel *channel = &world->channels[i];
    engine->settings.booth_percent = world->booth_percent;
    engine->memory = channel->memory;
    engine->serial = channel->serial;
    engine->view = channel->view;
    if (engine->watches)
        memset(engine->watches, 0, engine->watch_count * sizeof *engine->watches);
    for (uint32_t j = 0; j < 2 && j < engine->watch_count; j++)
        engine->watches[j] = channel->watches[j];
}

void world_save_engine(struct bench *bench, struct world *world, int i)
{
    struct engine *engine = bench->engines[i];
    struct world_channel *channel = &world->channels[i];
    channel->memory = engine->memory;
    channel->serial = engine->serial;
    channel->view = engine->view;
    for (uint32_t j = 0; j < 2 && j < engine->watch_count; j++)
        channel->watches[j] = engine->watches[j];
}

/* --- the shops --------------------------------------------------------------------------------------- */

struct shop *world_shop_to_change(struct world_channel *channel)
{
    if (channel->shop->references > 1) {
        struct world_shop *own = calloc(1, sizeof *own);
        if (!own || !(own->shop = shop_copy(channel->shop->shop)))
            abort();
        own->references = 1;
        channel->shop->references--;
        channel->shop = own;
    }
    return channel->shop->shop;
}

int64_t world_level(const struct world *world, int channel)
{
    int64_t level = 0;
    if (!shop_level(world->channels[channel].shop->shop, 0, &level))
        abort();
    return level;
}

/* Etsy: what is sold out stays off sale, whatever comes back into it, until it is set again. */
int64_t world_usable(const struct world *world, int channel)
{
    const struct shop *shop = world->channels[channel].shop->shop;
    if (shop_settings(shop)->kind == SHOP_ETSY)
        return shop_sellable(shop, 0);
    return shop_is_paused(shop, 0) ? 0 : world_level(world, channel);
}

bool world_is_absolute(const struct world_channel *channel)
{
    return !channel->caps->delta_down || !channel->caps->delta_up;
}

void world_copy(struct world *to, const struct world *from)
{
    *to = *from;
    world_image_share(to);
    for (int i = 0; i < WORLD_CHANNELS; i++)
        to->channels[i].shop->references++;
}

void world_free(struct world *world)
{
    world_image_free(world);
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        struct world_shop *shop = world->channels[i].shop;
        if (--shop->references)
            continue;
        shop_free(shop->shop);
        free(shop);
    }
}

uint32_t world_truths(const struct world *world, int i, struct shop_truth truths[WORLD_LINES_MAX])
{
    uint32_t count = shop_truths(world->channels[i].shop->shop, truths, WORLD_LINES_MAX);
    if (count > WORLD_LINES_MAX)
        abort();
    return count;
}

/* --- the engines ------------------------------------------------------------------------------------- */

static int take_request(const struct world *world, struct world_channel *channel,
                        struct channel_request *take, char *words)
{
    if (channel->wire != WIRE_IDLE)
        return FAIL("a second request while one is on its way");
    int result = world_check_write(world, channel, take, words);
    channel->wire = WIRE_REQUEST;
    channel->request = (struct world_request){.request = *take};
    channel->request.request.writes = NULL;
    if (take->count > 1)
        abort();
    if (take->count)
        channel->request.write = take->writes[0];
    channel_request_free(take);
    return result;
}

int world_step(struct bench *bench, struct world *world, int i, enum engine_input_kind kind,
               const struct world_answer *answer, char *words)
{
    struct world_channel *channel = &world->channels[i];
    struct channel_answer with_rows;
    struct order_line known[WORLD_LINES_MAX] = {0};
    uint32_t items[1] = {WORLD_ITEM};
    struct answer_listing listing;
    struct answer_order_line orders[WORLD_LINES_MAX];
    int64_t level;
    bool found;
    struct engine_input input = {
        .kind = kind,
        .listing_items = items,
        .known = known,
        .now_ms = world->now_ms,
        .wall_ms = WORLD_WALL_MS + world->now_ms,
        .event_time_ms = (uint64_t)world->now_ms,
    };
    uint64_t random = ++world->random;
    memcpy(input.random.bytes, &random, sizeof random);
    if (answer) {
        with_rows = answer->answer;
        listing = answer->listing;
        memcpy(orders, answer->orders, sizeof orders);
        if (answer->answer.kind == REQUEST_ORDERS)
            with_rows.orders = orders;
        else if (answer->answer.kind == REQUEST_WRITE_LEVELS) {
            level = answer->level_after; /* of a union: only what the answer is may be read */
            with_rows.levels_after = &level;
        } else if (answer->answer.kind == REQUEST_FIND_WRITES) {
            found = answer->found;
            with_rows.found = &found;
        } else
            with_rows.listings = &listing;
        for (uint32_t j = 0; j < with_rows.count && with_rows.kind == REQUEST_ORDERS; j++) {
            const struct order_line *line = world_find_line(channel, orders[j].source_key);
            if (line)
                known[j] = *line;
        }
        input.answer = &with_rows;
    }
    struct engine_output output = engine_output_new();
    world_load_book(bench, world);
    world_load_engine(bench, world, i);
    world_must(engine_step(bench->engines[i], &input, &output));
    world_save_engine(bench, world, i);
    channel->wake_ms = output.wake_ms;
    world->last_changes = output.changes.event_count + output.changes.row_count;
    int result = world_commit(bench, world, &output.changes, words);
    for (uint32_t j = 0; j < output.request_count && result == 0; j++)
        result = take_request(world, channel, &output.requests[j], words);
    output.request_count = 0;
    engine_output_free(&output);
    return result;
}

/* --- the way to the shop and back -------------------------------------------------------------------- */

void world_answer_is(struct world_channel *channel, enum answer_outcome outcome)
{
    const struct channel_request *request = &channel->request.request;
    channel->answer = (struct world_answer){.answer = {
                                                .kind = request->kind,
                                                .outcome = outcome,
                                                .channel = request->channel,
                                                .serial = request->serial,
                                            }};
    channel->wire = WIRE_ANSWER;
}

void world_serve(struct world *world, int i, const struct world_request *asked, struct world_answer *answered)
{
    struct world_channel *channel = &world->channels[i];
    struct channel_request request = asked->request;
    struct level_write write = asked->write;
    struct channel_answer answer = {0};
    request.writes = &write;
    world_must(shop_serve(world_shop_to_change(channel), &request, WORLD_WALL_MS + world->now_ms, &answer));
    if (request.kind == REQUEST_WRITE_LEVELS && answer.outcome == ANSWER_DONE &&
        (write.method == WRITE_ABSOLUTE || write.method == WRITE_PAUSE))
        world_overwritten(world, i, write.method);
    if (answered) {
        *answered = (struct world_answer){.answer = answer};
        answered->answer.listings = NULL;
        if (answer.count > WORLD_LINES_MAX)
            abort();
        if (answer.count && answer.kind == REQUEST_ORDERS)
            memcpy(answered->orders, answer.orders, answer.count * sizeof *answer.orders);
        else if (answer.count && answer.kind == REQUEST_WRITE_LEVELS)
            answered->level_after = answer.levels_after[0];
        else if (answer.count && answer.kind == REQUEST_FIND_WRITES)
            answered->found = answer.found[0];
        else if (answer.count)
            answered->listing = answer.listings[0];
    }
    channel_answer_free(&answer);
}

/* From now on it is known that somebody took the listing off sale. */
static void note_told(struct world_channel *channel, const struct world_answer *answer)
{
    bool shows = answer->answer.outcome == ANSWER_DONE && answer->answer.count &&
                 (answer->answer.kind == REQUEST_LEVELS || answer->answer.kind == REQUEST_LISTINGS);
    if (shows && channel->off_sale && channel->listing.paused == NOT_PAUSED && !channel->op_count &&
        answer->listing.paused && answer->listing.level > 0)
        channel->off_sale_told = true;
}

int world_arrive(struct bench *bench, struct world *world, int i, char *words)
{
    struct world_answer answer = world->channels[i].answer;
    world->channels[i].wire = WIRE_IDLE;
    if (answer.answer.kind == REQUEST_ORDERS && answer.answer.outcome == ANSWER_DONE)
        world->channels[i].orders_read = true;
    if (answer.answer.outcome == ANSWER_OFFLINE)
        world->channels[i].orders_read = false;
    note_told(&world->channels[i], &answer);
    return world_step(bench, world, i, ENGINE_ANSWER, &answer, words);
}
