/* What people and accidents do to the world. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/resolve.h"
#include "world_internal.h"

/* --- people ------------------------------------------------------------------------------------------ */

int world_notify(struct bench *bench, struct world *world, enum engine_input_kind kind, char *words)
{
    int result = 0;
    for (int i = 0; i < WORLD_CHANNELS && result == 0; i++)
        result = world_step(bench, world, i, kind, NULL, words);
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
    resolve_oversold(lines, count, WORLD_SKU, world->stock.on_hand - 1, world->stock.committed, 0, changes);
}

int world_sell(struct bench *bench, struct world *world, char *words)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_SALE, .version = 1, .time_ms = (uint64_t)world->now_ms};
    event.sale.location = WORLD_LOCATION;
    event.sale.line_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = WORLD_ITEM, .quantity = 1};
    changes_add_event(&changes, &event);
    card_shortage(world, &changes);
    world_must(changes_error(&changes));
    world_load_book(bench, world);
    int result = world_commit(bench, world, &changes, words);
    return result < 0 ? result : world_notify(bench, world, ENGINE_STOCK, words);
}

int world_deliver(struct bench *bench, struct world *world, char *words)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_ADJUSTMENT, .version = 1, .time_ms = (uint64_t)world->now_ms};
    event.adjustment.item = WORLD_ITEM;
    event.adjustment.location = WORLD_LOCATION;
    event.adjustment.delta = WORLD_DELIVERY;
    event.adjustment.reason = ADJUST_MADE;
    changes_add_event(&changes, &event);
    world_must(changes_error(&changes));
    world_load_book(bench, world);
    int result = world_commit(bench, world, &changes, words);
    return result < 0 ? result : world_notify(bench, world, ENGINE_STOCK, words);
}

/* Of a listing that is off sale nobody can buy what was added. */
static void edit(struct world *world, struct action action, int64_t wall_ms)
{
    struct world_channel *channel = &world->channels[action.channel];
    struct shop *shop = world_shop_to_change(channel);
    int64_t before = world_usable(world, action.channel);
    world_must(shop_edit_level(shop, 0, action.kind == ACTION_EDIT_UP ? 1 : -1, wall_ms));
    channel->edited += world_usable(world, action.channel) - before;
    channel->touched = true;
}

void world_at_the_shop(struct world *world, struct action action)
{
    struct world_channel *channel = &world->channels[action.channel];
    struct shop *shop = world_shop_to_change(channel);
    int64_t wall_ms = WORLD_WALL_MS + world->now_ms;
    uint32_t order = WORLD_FIRST_ORDER + action.order;
    switch ((enum action_kind)action.kind) {
    case ACTION_BUY:
    case ACTION_BUY_UNPAID: {
        struct shop_basket basket = {
            .count = 1, .lines = {{.quantity = 1}}, .unpaid = action.kind == ACTION_BUY_UNPAID};
        world_must(shop_buy(shop, &basket, wall_ms, &order));
        channel->orders_placed++;
        break;
    }
    case ACTION_PAY:
        world_must(shop_pay(shop, order, wall_ms));
        break;
    case ACTION_EXPIRE:
        world_must(shop_expire(shop, order, wall_ms));
        channel->given_up |= channel->caps->restock_unknown;
        break;
    case ACTION_CANCEL:
    case ACTION_CANCEL_RESTOCK:
        world_must(shop_cancel(shop, order, action.kind == ACTION_CANCEL_RESTOCK, wall_ms));
        break;
    case ACTION_SHIP:
        world_must(shop_ship(shop, order, 0, 0, wall_ms));
        break;
    case ACTION_PAUSE:
        channel->off_sale = !shop_is_paused(shop, 0);
        world_must(shop_pause(shop, 0, wall_ms));
        break;
    case ACTION_RESUME:
        channel->off_sale = channel->off_sale_told = false;
        world_must(shop_resume(shop, 0, wall_ms));
        break;
    default:
        edit(world, action, wall_ms);
    }
}

int world_go_down(struct bench *bench, struct world *world, char *words)
{
    world->network = world->faded = false;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        world->channels[i].orders_read = false;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        if (world->channels[i].wire != WIRE_IDLE)
            world_answer_is(&world->channels[i],
                            ANSWER_UNKNOWN); /* bytes were sent; nobody knows what became of them */
    return world_notify(bench, world, ENGINE_NETWORK_DOWN, words);
}

int world_restart(struct bench *bench, struct world *world, char *words)
{
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        struct world_channel *channel = &world->channels[i];
        if (channel->wire == WIRE_REQUEST && world->network) {
            channel->stray = true;
            channel->stray_ms = world->now_ms;
            channel->stray_request = channel->request;
        }
        channel->wire = WIRE_IDLE;
        channel->orders_read = false;
        channel->memory = (struct engine_memory){0};
        memset(channel->watches, 0, sizeof channel->watches);
        channel->view = (struct engine_view){.phase = ENGINE_CONNECTING};
        channel->serial = 0;
    }
    return world_notify(bench, world, ENGINE_WAKE, words);
}

int world_decide(struct bench *bench, struct world *world, enum card_kind kind, enum card_option option)
{
    const struct world_card *kept = world_card(world, kind);
    if (!kept)
        return -ENOENT;
    struct world_channel *channel = &world->channels[kept->channel ? kept->channel - 1 : 0];
    struct card card = {.id = 1,
                        .kind = kind,
                        .state = kept->state,
                        .chosen = kept->chosen,
                        .channel = kept->channel,
                        .item = WORLD_ITEM,
                        .units = kept->units};
    (void)snprintf(card.key, sizeof card.key, "%s", kept->key);
    card.listing = kind == CARD_PARKED || kind == CARD_DRIFT ? WORLD_LISTING : 0;
    struct resolve_facts facts = {
        .title = "Vase",
        .sku = WORLD_SKU,
        .shop = channel->row.name,
        .location = WORLD_LOCATION,
        .on_hand = world->stock.on_hand,
        .committed = world->stock.committed,
        .other_location_name = "",
        .line = world_find_line(channel, kept->key),
        .channel_cancels = true,
        .listing = &channel->listing,
        .suspicion = &world->suspicion,
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
    world_load_book(bench, world);
    result = world_commit(bench, world, &changes, words);
    if (result == 0)
        result = world_notify(bench, world, ENGINE_STOCK, words);
    return result < 0 ? -EIO : 0;
}
