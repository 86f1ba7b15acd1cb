#include "world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/allocation.h"
#include "domain/order_vector.h"
#include "domain/resolve.h"

#define WORLD_WALL_MS INT64_C(1700000000000)
#define SKU           "VASE"
enum { ITEM = 1, LOCATION = 1, LISTING = 1, POLL_MS = 590000, SETTLE_STEPS_MAX = 3000 };

struct bench {
    struct book *book;
    struct engine *engines[WORLD_CHANNELS];
};

#define FAIL(...) (snprintf(words, WORLD_WORDS_MAX_BYTES, __VA_ARGS__), -1)

static void must(int result)
{
    if (result < 0) {
        (void)fprintf(stderr, "the simulated world itself failed: %s\n", strerrordesc_np(-result));
        abort();
    }
}

/* --- the bench --------------------------------------------------------------------------------------- */

struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    if (!bench || !(bench->book = book_new()))
        abort();
    struct item item = {.alias = ITEM, .sku = SKU};
    must(book_put_item(bench->book, &item));
    for (uint32_t i = 0; i < WORLD_CHANNELS; i++) {
        struct engine_settings settings = {.channel = i + 1, .caps = practice_caps, .auto_live = true};
        settings.caps.poll_ms = POLL_MS;
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
static void load_book(struct bench *bench, const struct world *world)
{
    while (book_op_count(bench->book)) {
        struct op op = *book_op(bench->book, 0);
        op.state = OP_DONE;
        must(book_put_op(bench->book, &op));
    }
    must(book_put_stock(bench->book, ITEM, LOCATION, world->stock));
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        must(book_put_channel(bench->book, &channel->row));
        if (channel->has_listing)
            must(book_put_listing(bench->book, &channel->listing));
        for (uint32_t j = 0; j < channel->op_count; j++)
            must(book_put_op(bench->book, &channel->ops[j]));
    }
}

static void load_engine(struct bench *bench, const struct world *world, int i)
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

static void save_engine(struct bench *bench, struct world *world, int i)
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

static struct practice_shop *shop_to_change(struct world_channel *channel)
{
    if (channel->shop->references > 1) {
        struct world_shop *own = calloc(1, sizeof *own);
        if (!own || !(own->shop = practice_shop_copy(channel->shop->shop)))
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
    if (!practice_shop_level(world->channels[channel].shop->shop, SKU, &level))
        abort();
    return level;
}

void world_copy(struct world *to, const struct world *from)
{
    *to = *from;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        to->channels[i].shop->references++;
}

void world_free(struct world *world)
{
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        struct world_shop *shop = world->channels[i].shop;
        if (--shop->references)
            continue;
        practice_shop_free(shop->shop);
        free(shop);
    }
}

/* Asks the shop itself, as its owner could: the true state of its orders. */
static uint32_t true_orders(const struct world *world, int i, struct answer_order_line lines[WORLD_LINES_MAX])
{
    struct channel_request request = {.kind = REQUEST_ORDERS};
    struct channel_answer answer = {0};
    struct world_shop *shop = world->channels[i].shop;
    must(practice_shop_serve(shop->shop, &request, WORLD_WALL_MS, &answer));
    uint32_t count = answer.count < WORLD_LINES_MAX ? answer.count : WORLD_LINES_MAX;
    memcpy(lines, answer.orders, count * sizeof *lines);
    channel_answer_free(&answer);
    return count;
}

/* --- laws -------------------------------------------------------------------------------------------- */

static int64_t positive(int64_t units)
{
    return units > 0 ? units : 0;
}

static int64_t allocated(const struct world *world)
{
    int64_t sum = 0;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        sum += positive(listing_expected(&world->channels[i].listing));
    return sum;
}

static int64_t deficit(const struct world *world)
{
    return positive(allocated(world) - (world->stock.on_hand - world->stock.committed));
}

static const struct order_line *find_line(const struct world_channel *channel, const char *source_key)
{
    for (uint32_t i = 0; i < channel->line_count; i++)
        if (strcmp(channel->lines[i].source_key, source_key) == 0)
            return &channel->lines[i];
    return NULL;
}

/* Units that left a shop's level in orders that are not booked yet, less those it put back. */
static int64_t unseen(const struct world *world, int i)
{
    struct answer_order_line lines[WORLD_LINES_MAX];
    uint32_t count = true_orders(world, i, lines);
    int64_t units = 0;
    for (uint32_t j = 0; j < count; j++) {
        const struct order_line *known = find_line(&world->channels[i], lines[j].source_key);
        units -= order_vector_expected(&lines[j].state);
        units += known ? order_vector_expected(&known->booked) : 0;
    }
    return units;
}

static int check_books(const struct world *world, char *words)
{
    if (world->stock.on_hand != world->events_stock.on_hand ||
        world->stock.committed != world->events_stock.committed)
        return FAIL("stock %" PRId64 "/%" PRId64 " differs from the events' %" PRId64 "/%" PRId64,
                    world->stock.on_hand, world->stock.committed, world->events_stock.on_hand,
                    world->events_stock.committed);
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        int64_t expected = listing_expected(&channel->listing);
        if (channel->has_listing && expected != channel->events_expected)
            return FAIL("%c: expected %" PRId64 " differs from the events' %" PRId64, 'A' + i, expected,
                        channel->events_expected);
    }
    return 0;
}

/* Conservation: what a shop can still sell and what it sold unseen never exceed what we count it as able to.
 */
static int check_conservation(const struct world *world, char *words)
{
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        if (!channel->has_listing || !channel->row.baselined)
            continue;
        int64_t level = world_level(world, i);
        int64_t hidden = unseen(world, i);
        int64_t foreign = channel->edited - channel->edits_booked;
        int64_t expected = listing_expected(&channel->listing);
        if (level + hidden - foreign > expected)
            return FAIL("%c: level %" PRId64 " + unseen %" PRId64 " - edits %" PRId64 " > expected %" PRId64,
                        'A' + i, level, hidden, foreign, expected);
    }
    return 0;
}

/* --- booking ----------------------------------------------------------------------------------------- */

static void sum_order(struct world *world, const struct event *event)
{
    const struct order_vector *d = &event->order.difference;
    int64_t pack = event->order.pack;
    world->events_stock.on_hand += (d->returned_sellable - d->handed_over) * pack;
    world->events_stock.committed += (d->ordered - d->cancelled - d->handed_over) * pack;
    world->channels[event->order.channel - 1].events_expected += d->restored - d->ordered;
}

/* docs/events.md section 4, a second time and by itself. True when the event is a fact and not an action of
 * ours. */
static bool sum_event(struct world *world, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        world->events_stock.on_hand -= event->sale.lines[0].quantity;
        return true;
    case EVENT_ADJUSTMENT:
        world->events_stock.on_hand += event->adjustment.delta;
        return true;
    case EVENT_BASELINE:
        world->channels[event->baseline.channel - 1].events_expected = event->baseline.level;
        world->events_stock.committed += (int64_t)event->baseline.committed * event->baseline.pack;
        return true;
    case EVENT_ORDER_STATE:
        sum_order(world, event);
        return true;
    case EVENT_LEVEL_EDIT:
        world->channels[event->edit.channel - 1].events_expected += event->edit.delta;
        world->channels[event->edit.channel - 1].edits_booked += event->edit.delta;
        return true;
    case EVENT_GRANT:
        world->channels[event->allocation.channel - 1].events_expected += (int64_t)event->allocation.units;
        return false;
    case EVENT_REVOKE:
        world->channels[event->allocation.channel - 1].events_expected -= (int64_t)event->allocation.units;
        return false;
    default:
        return false;
    }
}

static bool sum_events(struct world *world, const struct changes *changes)
{
    size_t at = 0;
    const uint8_t *bytes;
    size_t length;
    bool fact = false;
    while (changes_next_event(changes, &at, &bytes, &length)) {
        struct event event;
        must(event_decode(bytes, length, &event));
        fact |= sum_event(world, &event);
    }
    return fact;
}

static void keep_op(struct world_channel *channel, const struct op *op)
{
    bool settled = op->state == OP_DONE || op->state == OP_REJECTED;
    uint32_t at = 0;
    while (at < channel->op_count && !id128_equal(channel->ops[at].id, op->id))
        at++;
    if (at == WORLD_OPS_MAX)
        abort();
    if (!settled) {
        channel->ops[at] = *op;
        channel->op_count += at == channel->op_count;
    } else if (at < channel->op_count) {
        channel->ops[at] = channel->ops[--channel->op_count];
    }
}

static void keep_line(struct world_channel *channel, const struct order_line *line)
{
    uint32_t at = 0;
    while (at < channel->line_count && strcmp(channel->lines[at].source_key, line->source_key) != 0)
        at++;
    if (at == WORLD_LINES_MAX)
        abort();
    channel->lines[at] = *line;
    channel->line_count += at == channel->line_count;
}

/* docs: id 0 finds the card that is not settled; a settled one takes it back. */
static void keep_card(struct world *world, const struct card *card)
{
    uint32_t at = 0;
    while (at < world->card_count &&
           (world->cards[at].kind != card->kind || strcmp(world->cards[at].key, card->key) != 0))
        at++;
    if (at == world->card_count && card->state == CARD_SETTLED)
        return;
    if (at == WORLD_CARDS_MAX)
        abort();
    world->card_count += at == world->card_count;
    struct world_card *kept = &world->cards[at];
    *kept = (struct world_card){.kind = card->kind,
                                .state = card->state,
                                .chosen = card->chosen,
                                .channel = card->channel,
                                .units = card->units};
    (void)snprintf(kept->key, sizeof kept->key, "%s", card->key);
    if (card->state == CARD_SETTLED)
        *kept = world->cards[--world->card_count];
}

static void keep_rows(struct world *world, const struct changes *changes)
{
    for (uint32_t i = 0; i < changes->row_count; i++) {
        const struct change *row = &changes->rows[i];
        switch (row->kind) {
        case CHANGE_LISTING:
            world->channels[row->listing.channel - 1].listing = row->listing;
            world->channels[row->listing.channel - 1].has_listing = true;
            break;
        case CHANGE_OP:
            keep_op(&world->channels[row->op.channel - 1], &row->op);
            break;
        case CHANGE_ORDER_LINE:
            keep_line(&world->channels[row->order_line.channel - 1], &row->order_line);
            break;
        case CHANGE_CARD:
            keep_card(world, &row->card);
            break;
        case CHANGE_CHANNEL:
            world->channels[row->channel.alias - 1].row = row->channel;
            break;
        }
    }
}

/* The commit: events and rows become true together. */
static int commit(struct bench *bench, struct world *world, const struct changes *changes, char *words)
{
    int64_t before = deficit(world);
    bool fact = sum_events(world, changes);
    must(book_reserve(bench->book, changes));
    must(book_apply(bench->book, changes));
    world->stock = book_stock(bench->book, ITEM, LOCATION);
    keep_rows(world, changes);
    int64_t after = deficit(world);
    if (!fact && after > before)
        return FAIL("an action of ours took the deficit from %" PRId64 " to %" PRId64, before, after);
    return check_books(world, words);
}

/* --- the engines ------------------------------------------------------------------------------------- */

/* A write leaves only when its op is durable as sent, under the key the op has; a new grant only after the
 * orders were read to their end since the shop was last out of reach. */
static int check_write(const struct world_channel *channel, const struct channel_request *request,
                       char *words)
{
    if (request->kind != REQUEST_WRITE_LEVELS)
        return 0;
    for (uint32_t i = 0; i < channel->op_count; i++) {
        const struct op *op = &channel->ops[i];
        if (!id128_equal(op->id, request->writes[0].op))
            continue;
        if (op->state != OP_SENT && op->state != OP_UNKNOWN)
            return FAIL("a write left in op state %d", op->state);
        if (!id128_equal(op->request_key, request->key))
            return FAIL("a write left under another key than its op's");
        if (op->delta > 0 && channel->memory.flight.first && !channel->orders_read)
            return FAIL("a grant left before the orders were read");
        return 0;
    }
    return FAIL("a write left without an op");
}

static int take_request(struct world_channel *channel, struct channel_request *take, char *words)
{
    if (channel->wire != WIRE_IDLE)
        return FAIL("a second request while one is on its way");
    int result = check_write(channel, take, words);
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

static int step(struct bench *bench, struct world *world, int i, enum engine_input_kind kind,
                const struct world_answer *answer, char *words)
{
    struct world_channel *channel = &world->channels[i];
    struct channel_answer with_rows;
    struct order_line known[WORLD_LINES_MAX] = {0};
    uint32_t items[1] = {ITEM};
    struct answer_listing listing;
    struct answer_order_line orders[WORLD_LINES_MAX];
    int64_t level;
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
        level = answer->level_after;
        if (answer->answer.kind == REQUEST_ORDERS)
            with_rows.orders = orders;
        else if (answer->answer.kind == REQUEST_WRITE_LEVELS)
            with_rows.levels_after = &level;
        else
            with_rows.listings = &listing;
        for (uint32_t j = 0; j < with_rows.count && with_rows.kind == REQUEST_ORDERS; j++) {
            const struct order_line *line = find_line(channel, orders[j].source_key);
            if (line)
                known[j] = *line;
        }
        input.answer = &with_rows;
    }
    struct engine_output output = engine_output_new();
    load_book(bench, world);
    load_engine(bench, world, i);
    must(engine_step(bench->engines[i], &input, &output));
    save_engine(bench, world, i);
    channel->wake_ms = output.wake_ms;
    world->last_changes = output.changes.event_count + output.changes.row_count;
    int result = commit(bench, world, &output.changes, words);
    for (uint32_t j = 0; j < output.request_count && result == 0; j++)
        result = take_request(channel, &output.requests[j], words);
    output.request_count = 0;
    engine_output_free(&output);
    return result;
}

/* --- the way to the shop and back -------------------------------------------------------------------- */

static void answer_is(struct world_channel *channel, enum answer_outcome outcome)
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

static void serve(struct world *world, int i, const struct world_request *asked,
                  struct world_answer *answered)
{
    struct world_channel *channel = &world->channels[i];
    struct channel_request request = asked->request;
    struct level_write write = asked->write;
    struct channel_answer answer = {0};
    request.writes = &write;
    must(practice_shop_serve(shop_to_change(channel), &request, WORLD_WALL_MS + world->now_ms, &answer));
    if (answered) {
        *answered = (struct world_answer){.answer = answer};
        answered->answer.listings = NULL;
        if (answer.count > WORLD_LINES_MAX)
            abort();
        if (answer.count && answer.kind == REQUEST_ORDERS)
            memcpy(answered->orders, answer.orders, answer.count * sizeof *answer.orders);
        else if (answer.count && answer.kind == REQUEST_WRITE_LEVELS)
            answered->level_after = answer.levels_after[0];
        else if (answer.count)
            answered->listing = answer.listings[0];
    }
    channel_answer_free(&answer);
}

static int arrive(struct bench *bench, struct world *world, int i, char *words)
{
    struct world_answer answer = world->channels[i].answer;
    world->channels[i].wire = WIRE_IDLE;
    if (answer.answer.kind == REQUEST_ORDERS && answer.answer.outcome == ANSWER_DONE)
        world->channels[i].orders_read = true;
    return step(bench, world, i, ENGINE_ANSWER, &answer, words);
}

/* --- people ------------------------------------------------------------------------------------------ */

static int notify(struct bench *bench, struct world *world, enum engine_input_kind kind, char *words)
{
    int result = 0;
    for (int i = 0; i < WORLD_CHANNELS && result == 0; i++)
        result = step(bench, world, i, kind, NULL, words);
    return result;
}

/* The shell's part (resolve.h): a sale that takes what an order was promised names the order. */
static void card_shortage(const struct world *world, struct changes *changes)
{
    struct order_line lines[WORLD_CHANNELS * WORLD_LINES_MAX];
    uint32_t count = 0;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        for (uint32_t j = 0; j < world->channels[i].line_count; j++)
            lines[count++] = world->channels[i].lines[j];
    resolve_oversold(lines, count, SKU, world->stock.on_hand - 1, world->stock.committed, 0, changes);
}

static int sell(struct bench *bench, struct world *world, char *words)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_SALE, .version = 1, .time_ms = (uint64_t)world->now_ms};
    event.sale.location = LOCATION;
    event.sale.line_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = ITEM, .quantity = 1};
    changes_add_event(&changes, &event);
    card_shortage(world, &changes);
    must(changes_error(&changes));
    load_book(bench, world);
    int result = commit(bench, world, &changes, words);
    return result < 0 ? result : notify(bench, world, ENGINE_STOCK, words);
}

static void at_the_shop(struct world *world, struct action action)
{
    struct world_channel *channel = &world->channels[action.channel];
    struct practice_shop *shop = shop_to_change(channel);
    int64_t wall_ms = WORLD_WALL_MS + world->now_ms;
    char name[NAME_MAX_BYTES + 1];
    (void)snprintf(name, sizeof name, "#%d", 1001 + action.order);
    switch ((enum action_kind)action.kind) {
    case ACTION_BUY:
        must(practice_shop_buy(shop, SKU, 1, wall_ms, name, NULL));
        channel->orders_placed++;
        break;
    case ACTION_CANCEL:
    case ACTION_CANCEL_RESTOCK:
        must(practice_shop_cancel(shop, name, action.kind == ACTION_CANCEL_RESTOCK, wall_ms));
        break;
    case ACTION_SHIP:
        must(practice_shop_ship(shop, name, wall_ms));
        break;
    default: {
        int64_t delta = action.kind == ACTION_EDIT_UP ? 1 : -1;
        must(practice_shop_edit(shop, SKU, delta, wall_ms));
        channel->edited += delta;
    }
    }
}

static int go_down(struct bench *bench, struct world *world, char *words)
{
    world->network = false;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        world->channels[i].orders_read = false;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        if (world->channels[i].wire != WIRE_IDLE)
            answer_is(&world->channels[i],
                      ANSWER_UNKNOWN); /* bytes were sent; nobody knows what became of them */
    return notify(bench, world, ENGINE_NETWORK_DOWN, words);
}

static int restart(struct bench *bench, struct world *world, char *words)
{
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        struct world_channel *channel = &world->channels[i];
        if (channel->wire == WIRE_REQUEST && world->network) {
            channel->stray = true;
            channel->stray_request = channel->request;
        }
        channel->wire = WIRE_IDLE;
        channel->orders_read = false;
        channel->memory = (struct engine_memory){0};
        memset(channel->watches, 0, sizeof channel->watches);
        channel->view = (struct engine_view){.phase = ENGINE_CONNECTING};
        channel->serial = 0;
    }
    return notify(bench, world, ENGINE_WAKE, words);
}

/* --- actions ----------------------------------------------------------------------------------------- */

static void list_people(const struct world *world, int i, struct action *actions, int *count)
{
    const struct world_budget *budget = &world->budget;
    struct answer_order_line lines[WORLD_LINES_MAX];
    uint8_t c = (uint8_t)i;
    if (budget->orders && world_level(world, i) > 0 && world->channels[i].orders_placed < WORLD_LINES_MAX)
        actions[(*count)++] = (struct action){ACTION_BUY, c, (uint8_t)world->channels[i].orders_placed};
    if (budget->edits) {
        actions[(*count)++] = (struct action){ACTION_EDIT_UP, c, 0};
        actions[(*count)++] = (struct action){ACTION_EDIT_DOWN, c, 0};
    }
    if (!budget->cancels && !budget->ships)
        return;
    uint32_t orders = true_orders(world, i, lines);
    for (uint32_t j = 0; j < orders; j++) {
        /* listed by change time; the name tells which one it is */
        uint8_t order = (uint8_t)(strtoul(lines[j].order_name + 1, NULL, 10) - 1001);
        if (order_vector_committed(&lines[j].state) <= 0)
            continue;
        if (budget->cancels) {
            actions[(*count)++] = (struct action){ACTION_CANCEL, c, order};
            actions[(*count)++] = (struct action){ACTION_CANCEL_RESTOCK, c, order};
        }
        if (budget->ships)
            actions[(*count)++] = (struct action){ACTION_SHIP, c, order};
    }
}

static void list_channel(const struct world *world, int i, struct action *actions, int *count)
{
    const struct world_channel *channel = &world->channels[i];
    uint8_t c = (uint8_t)i;
    if (channel->wire == WIRE_REQUEST)
        actions[(*count)++] = (struct action){ACTION_SERVE, c, 0};
    if (channel->wire == WIRE_ANSWER)
        actions[(*count)++] = (struct action){ACTION_ANSWER, c, 0};
    if (channel->wire != WIRE_IDLE && world->budget.losses &&
        channel->answer.answer.outcome != ANSWER_UNKNOWN)
        actions[(*count)++] = (struct action){ACTION_LOSE, c, 0};
    if (channel->wire == WIRE_IDLE && channel->wake_ms <= world->now_ms)
        actions[(*count)++] = (struct action){ACTION_RUN, c, 0};
    if (channel->stray) {
        actions[(*count)++] = (struct action){ACTION_SERVE_STRAY, c, 0};
        actions[(*count)++] = (struct action){ACTION_DROP_STRAY, c, 0};
    }
}

/* Time passes only when nobody has anything to do at once and nothing is on its way: what is on its way takes
 * less time than any of our timers. A stray request is gone before the time in which one can still arrive is
 * over. */
static bool may_wait(const struct world *world, int i)
{
    const struct world_channel *channel = &world->channels[i];
    for (int j = 0; j < WORLD_CHANNELS; j++) {
        const struct world_channel *other = &world->channels[j];
        if (other->wire != WIRE_IDLE || other->wake_ms <= world->now_ms)
            return false;
        if (other->stray && channel->wake_ms - world->now_ms >= ENGINE_IN_TRANSIT_MAX_MS)
            return false;
        if (other->wake_ms < channel->wake_ms)
            return false; /* the first timer first */
    }
    return channel->wake_ms != INT64_MAX;
}

int world_actions(const struct world *world, struct action actions[WORLD_ACTIONS_MAX])
{
    int count = 0;
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        list_channel(world, i, actions, &count);
        list_people(world, i, actions, &count);
        if (may_wait(world, i))
            actions[count++] = (struct action){ACTION_TIME, (uint8_t)i, 0};
    }
    if (world->budget.sales)
        actions[count++] = (struct action){ACTION_SALE, 0, 0};
    if (!world->network)
        actions[count++] = (struct action){ACTION_NETWORK_UP, 0, 0};
    else if (world->budget.outages)
        actions[count++] = (struct action){ACTION_NETWORK_DOWN, 0, 0};
    if (world->budget.restarts)
        actions[count++] = (struct action){ACTION_RESTART, 0, 0};
    return count;
}

static void spend(struct world_budget *budget, enum action_kind kind)
{
    switch (kind) {
    case ACTION_SALE:
        budget->sales--;
        break;
    case ACTION_BUY:
        budget->orders--;
        break;
    case ACTION_CANCEL:
    case ACTION_CANCEL_RESTOCK:
        budget->cancels--;
        break;
    case ACTION_SHIP:
        budget->ships--;
        break;
    case ACTION_EDIT_UP:
    case ACTION_EDIT_DOWN:
        budget->edits--;
        break;
    case ACTION_NETWORK_DOWN:
        budget->outages--;
        break;
    case ACTION_RESTART:
        budget->restarts--;
        break;
    case ACTION_LOSE:
        budget->losses--;
        break;
    default:
        break;
    }
}

static int act(struct bench *bench, struct world *world, struct action action, char *words)
{
    struct world_channel *channel = &world->channels[action.channel];
    switch ((enum action_kind)action.kind) {
    case ACTION_TIME:
        world->now_ms = channel->wake_ms;
        return step(bench, world, action.channel, ENGINE_WAKE, NULL, words);
    case ACTION_RUN:
        return step(bench, world, action.channel, ENGINE_WAKE, NULL, words);
    case ACTION_SERVE:
        if (!world->network) {
            answer_is(channel, ANSWER_OFFLINE);
            return 0;
        }
        serve(world, action.channel, &channel->request, &channel->answer);
        channel->wire = WIRE_ANSWER;
        return 0;
    case ACTION_ANSWER:
        return arrive(bench, world, action.channel, words);
    case ACTION_LOSE:
        answer_is(channel, ANSWER_UNKNOWN);
        return 0;
    case ACTION_SERVE_STRAY:
        serve(world, action.channel, &channel->stray_request, NULL);
        channel->stray = false;
        return 0;
    case ACTION_DROP_STRAY:
        channel->stray = false;
        return 0;
    case ACTION_SALE:
        return sell(bench, world, words);
    case ACTION_NETWORK_DOWN:
        return go_down(bench, world, words);
    case ACTION_NETWORK_UP:
        world->network = true;
        return notify(bench, world, ENGINE_NETWORK_UP, words);
    case ACTION_RESTART:
        return restart(bench, world, words);
    default:
        at_the_shop(world, action);
        return 0;
    }
}

int world_do(struct bench *bench, struct world *world, struct action action, char *words)
{
    spend(&world->budget, (enum action_kind)action.kind);
    world->last_changes = 0;
    int result = act(bench, world, action, words);
    return result < 0 ? result : check_conservation(world, words);
}

void world_action_text(const struct world *world, struct action action, char *text, size_t size)
{
    static const char *const names[] = {
        [ACTION_RUN] = "engine runs",
        [ACTION_TIME] = "time passes",
        [ACTION_SERVE] = "shop serves",
        [ACTION_ANSWER] = "answer arrives",
        [ACTION_LOSE] = "lost on the way",
        [ACTION_SERVE_STRAY] = "shop serves the stray request",
        [ACTION_DROP_STRAY] = "stray request is lost",
        [ACTION_SALE] = "booth sells",
        [ACTION_BUY] = "buyer buys",
        [ACTION_CANCEL] = "order cancelled",
        [ACTION_CANCEL_RESTOCK] = "order cancelled, restocked",
        [ACTION_SHIP] = "order shipped",
        [ACTION_EDIT_UP] = "person raises the level",
        [ACTION_EDIT_DOWN] = "person lowers the level",
        [ACTION_NETWORK_DOWN] = "network down",
        [ACTION_NETWORK_UP] = "network up",
        [ACTION_RESTART] = "restart",
    };
    static const char *const requests[] = {"", "check", "listings", "orders", "levels", "write", "cancel"};
    const struct world_channel *channel = &world->channels[action.channel];
    const struct world_request *request =
        action.kind == ACTION_SERVE_STRAY ? &channel->stray_request : &channel->request;
    bool wire = action.kind >= ACTION_SERVE && action.kind <= ACTION_DROP_STRAY;
    (void)snprintf(text, size, "%c: %s%s%s", 'A' + action.channel, names[action.kind], wire ? ": " : "",
                   wire ? requests[request->request.kind] : "");
    size_t length = strlen(text);
    if (wire && request->request.kind == REQUEST_WRITE_LEVELS)
        (void)snprintf(text + length, size - length, " %+" PRId64 "%s", request->write.delta,
                       request->write.compare ? " cas" : "");
    length = strlen(text);
    if (action.kind == ACTION_ANSWER)
        (void)snprintf(text + length, size - length, " outcome %d", channel->answer.answer.outcome);
    length = strlen(text);
    (void)snprintf(
        text + length, size - length,
        "   [%" PRId64 "/%" PRId64 " E %" PRId64 ",%" PRId64 " L %" PRId64 ",%" PRId64 " t %" PRId64 "]",
        world->stock.on_hand, world->stock.committed, listing_expected(&world->channels[0].listing),
        listing_expected(&world->channels[1].listing), world_level(world, 0), world_level(world, 1),
        world->now_ms);
}

/* --- settling ---------------------------------------------------------------------------------------- */

const struct world_card *world_card(const struct world *world, enum card_kind kind)
{
    for (uint32_t i = 0; i < world->card_count; i++)
        if (world->cards[i].kind == kind)
            return &world->cards[i];
    return NULL;
}

/* The next step of a world in which nothing goes wrong. */
static struct action quiet_action(const struct world *world)
{
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        uint8_t c = (uint8_t)i;
        if (channel->stray)
            return (struct action){ACTION_SERVE_STRAY, c, 0};
        if (channel->wire != WIRE_IDLE)
            return (struct action){channel->wire == WIRE_REQUEST ? ACTION_SERVE : ACTION_ANSWER, c, 0};
        if (channel->wake_ms <= world->now_ms)
            return (struct action){ACTION_RUN, c, 0};
    }
    return (struct action){ACTION_TIME, world->channels[1].wake_ms < world->channels[0].wake_ms, 0};
}

int world_run(struct bench *bench, struct world *world, char *words)
{
    int result = 0;
    for (int i = 0; i < SETTLE_STEPS_MAX; i++) {
        struct action action = quiet_action(world);
        if (result < 0 || action.kind == ACTION_TIME)
            return result;
        result = world_do(bench, world, action, words);
    }
    return FAIL("does not come to rest");
}

void world_lose_next_reply(struct world *world, int channel)
{
    practice_shop_fault(shop_to_change(&world->channels[channel]), FAULT_REPLY_LOST, 1);
}

static bool drifted(const struct world *world, int i)
{
    char key[SOURCE_KEY_MAX_BYTES + 1];
    (void)snprintf(key, sizeof key, "%d/%s", i + 1, world->channels[i].listing.remote_id);
    for (uint32_t j = 0; j < world->card_count; j++)
        if (world->cards[j].kind == CARD_DRIFT && strcmp(world->cards[j].key, key) == 0)
            return true;
    return false;
}

static int check_agreement(struct bench *bench, struct world *world, char *words)
{
    bool foreign = false;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        foreign |= world->channels[i].edited != world->channels[i].edits_booked;
    load_book(bench, world);
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        int64_t level = world_level(world, i);
        int64_t expected = listing_expected(&channel->listing);
        int64_t wanted = allocation_wanted(bench->book, &channel->listing, world->booth_percent);
        if (unseen(world, i))
            return FAIL("%c: settled with %" PRId64 " units in orders that were not read", 'A' + i,
                        unseen(world, i));
        if (channel->op_count)
            return FAIL("%c: settled with an unsettled op", 'A' + i);
        if (!channel->listing.has_level || channel->listing.level != level)
            return FAIL("%c: settled believing level %" PRId64 ", it is %" PRId64, 'A' + i,
                        channel->listing.level, level);
        if (level - (channel->edited - channel->edits_booked) != expected)
            return FAIL("%c: settled with level %" PRId64 ", expected %" PRId64, 'A' + i, level, expected);
        if ((level != expected) != drifted(world, i))
            return FAIL("%c: settled with level %" PRId64 ", expected %" PRId64 ", drift card %d", 'A' + i,
                        level, expected, drifted(world, i));
        if (!foreign && (expected != wanted || channel->view.owed))
            return FAIL("%c: settled with expected %" PRId64 ", wanted %" PRId64 ", owed %" PRIu32, 'A' + i,
                        expected, wanted, channel->view.owed);
    }
    return 0;
}

static bool owes(const struct world *world)
{
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        bool foreign = channel->edited != channel->edits_booked;
        if (channel->wire != WIRE_IDLE || channel->stray || channel->op_count || !channel->memory.connected ||
            !channel->row.baselined || (foreign && !drifted(world, i)) || (!foreign && unseen(world, i)))
            return true;
    }
    return false;
}

int world_settle(struct bench *bench, struct world *world, char *words)
{
    enum { ROUNDS = 3 };
    int result = 0;
    if (!world->network)
        result = world_do(bench, world, (struct action){ACTION_NETWORK_UP, 0, 0}, words);
    /* Rounds: whole polls and audits, so that everything that can be learnt is learnt. */
    int64_t quiet_ms = world->now_ms + ROUNDS * (POLL_MS + ENGINE_AUDIT_MS);
    for (int i = 0; result == 0 && (owes(world) || world->now_ms < quiet_ms); i++) {
        if (i == SETTLE_STEPS_MAX)
            return FAIL("does not settle in %d steps: A owes %u, B owes %u", i, world->channels[0].view.owed,
                        world->channels[1].view.owed);
        result = world_do(bench, world, quiet_action(world), words);
    }
    if (result == 0)
        result = check_agreement(bench, world, words);
    quiet_ms = world->now_ms + POLL_MS + ENGINE_AUDIT_MS;
    while (result == 0 && (world->now_ms < quiet_ms || owes(world))) {
        result = world_do(bench, world, quiet_action(world), words);
        if (result == 0 && world->last_changes)
            return FAIL("an idle poll changed something");
    }
    return result;
}

int world_decide(struct bench *bench, struct world *world, enum card_kind kind, enum card_option option)
{
    const struct world_card *kept = world_card(world, kind);
    if (!kept)
        return -ENOENT;
    struct world_channel *channel = &world->channels[kept->channel - 1];
    struct card card = {.id = 1,
                        .kind = kind,
                        .state = kept->state,
                        .chosen = kept->chosen,
                        .channel = kept->channel,
                        .item = ITEM,
                        .units = kept->units};
    (void)snprintf(card.key, sizeof card.key, "%s", kept->key);
    card.listing = kind == CARD_PARKED || kind == CARD_DRIFT ? LISTING : 0;
    struct resolve_facts facts = {
        .title = "Vase",
        .sku = SKU,
        .shop = channel->row.name,
        .location = LOCATION,
        .on_hand = world->stock.on_hand,
        .committed = world->stock.committed,
        .other_location_name = "",
        .line = find_line(channel, kept->key),
        .channel_cancels = true,
        .listing = &channel->listing,
        .unsettled = channel->op_count > 0,
    };
    struct resolve_stamp stamp = {.event_time_ms = (uint64_t)world->now_ms};
    uint64_t random = ++world->random;
    memcpy(stamp.op.bytes, &random, sizeof random);
    memcpy(stamp.op_key.bytes + 8, &random, sizeof random);
    CHANGES_AUTO struct changes changes = changes_new();
    char words[WORLD_WORDS_MAX_BYTES];
    int result = resolve_decide(&card, option, "tomorrow", &facts, &stamp, &changes, NULL);
    if (result < 0)
        return result;
    load_book(bench, world);
    result = commit(bench, world, &changes, words);
    if (result == 0)
        result = notify(bench, world, ENGINE_STOCK, words);
    return result < 0 ? -EIO : 0;
}

int world_new(struct bench *bench, int64_t units, uint32_t booth_percent, struct world *world, char *words)
{
    memset(world, 0, sizeof *world);
    world->network = true;
    world->booth_percent = booth_percent;
    world->now_ms = 1000;
    world->stock.on_hand = world->events_stock.on_hand = units;
    for (uint32_t i = 0; i < WORLD_CHANNELS; i++) {
        struct world_channel *channel = &world->channels[i];
        channel->row = (struct channel){.alias = i + 1, .location = LOCATION};
        (void)snprintf(channel->row.name, sizeof channel->row.name, "%c", 'A' + (int)i);
        channel->shop = calloc(1, sizeof *channel->shop);
        if (!channel->shop || !(channel->shop->shop = practice_shop_new()))
            abort();
        channel->shop->references = 1;
        must(practice_shop_add(channel->shop->shop, SKU, "", "Vase", 0));
    }
    int result = notify(bench, world, ENGINE_WAKE, words);
    for (int i = 0; result == 0 && owes(world); i++) {
        if (i == SETTLE_STEPS_MAX)
            return FAIL("does not connect in %d steps", i);
        result = world_do(bench, world, quiet_action(world), words);
    }
    return result < 0 ? result : world_settle(bench, world, words);
}
