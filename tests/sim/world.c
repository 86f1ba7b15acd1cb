/* What can happen in a small world, and doing it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/order_vector.h"
#include "world_internal.h"

enum { NEAR_MS = 100 /* less than the engine waits for anything */ };

/* --- actions ----------------------------------------------------------------------------------------- */

static void list_orders(const struct world *world, int i, struct action *actions, int *count)
{
    const struct world_budget *budget = &world->budget;
    struct shop_truth truths[WORLD_LINES_MAX];
    uint8_t c = (uint8_t)i;
    uint32_t orders = world_truths(world, i, truths);
    for (uint32_t j = 0; j < orders; j++) {
        uint8_t order = (uint8_t)(truths[j].number - WORLD_FIRST_ORDER);
        if (truths[j].unpaid) {
            actions[(*count)++] = (struct action){ACTION_PAY, c, order};
            actions[(*count)++] = (struct action){ACTION_EXPIRE, c, order};
            continue;
        }
        if (order_vector_committed(&truths[j].line.state) <= 0)
            continue;
        if (budget->cancels) {
            actions[(*count)++] = (struct action){ACTION_CANCEL, c, order};
            actions[(*count)++] = (struct action){ACTION_CANCEL_RESTOCK, c, order};
        }
        if (budget->ships)
            actions[(*count)++] = (struct action){ACTION_SHIP, c, order};
    }
}

static void list_people(const struct world *world, int i, struct action *actions, int *count)
{
    const struct world_budget *budget = &world->budget;
    const struct world_channel *channel = &world->channels[i];
    const struct shop *shop = channel->shop->shop;
    uint8_t c = (uint8_t)i;
    bool buyable = shop_sellable(shop, 0) > 0 && channel->orders_placed < WORLD_LINES_MAX;
    if (budget->orders && buyable)
        actions[(*count)++] = (struct action){ACTION_BUY, c, (uint8_t)channel->orders_placed};
    if (budget->unpaids && buyable && shop_settings(shop)->kind != SHOP_PRACTICE)
        actions[(*count)++] = (struct action){ACTION_BUY_UNPAID, c, (uint8_t)channel->orders_placed};
    if (budget->edits) {
        actions[(*count)++] = (struct action){ACTION_EDIT_UP, c, 0};
        if (shop_settings(shop)->kind != SHOP_ETSY || world_level(world, i) > 1) /* it takes no 0 */
            actions[(*count)++] = (struct action){ACTION_EDIT_DOWN, c, 0};
    }
    if (budget->pauses && channel->caps->pause && world_usable(world, i) > 0)
        actions[(*count)++] = (struct action){ACTION_PAUSE, c, 0};
    if (channel->off_sale)
        actions[(*count)++] = (struct action){ACTION_RESUME, c, 0};
    if (channel->orders_placed)
        list_orders(world, i, actions, count);
}

static void list_channel(const struct world *world, int i, struct action *actions, int *count)
{
    const struct world_channel *channel = &world->channels[i];
    uint8_t c = (uint8_t)i;
    if (channel->wire == WIRE_REQUEST)
        actions[(*count)++] = (struct action){ACTION_SERVE, c, 0};
    if (channel->wire == WIRE_ANSWER)
        actions[(*count)++] = (struct action){ACTION_ANSWER, c, 0};
    if (channel->wire != WIRE_IDLE && (world->budget.losses || world->faded) &&
        channel->answer.answer.outcome != ANSWER_UNKNOWN)
        actions[(*count)++] = (struct action){ACTION_LOSE, c, 0};
    if (channel->wire == WIRE_REQUEST && world->budget.lates && world->network && !channel->stray &&
        channel->request.request.kind == REQUEST_WRITE_LEVELS)
        actions[(*count)++] = (struct action){ACTION_LATE, c, 0};
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
        if (other->stray && channel->wake_ms - other->stray_ms >= ENGINE_IN_TRANSIT_MAX_MS)
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
        if (world->budget.nears && may_wait(world, i) && world->channels[i].wake_ms - world->now_ms > NEAR_MS)
            actions[count++] = (struct action){ACTION_NEAR, (uint8_t)i, 0};
    }
    if (world->budget.sales)
        actions[count++] = (struct action){ACTION_SALE, 0, 0};
    if (world->budget.deliveries)
        actions[count++] = (struct action){ACTION_DELIVER, 0, 0};
    if (!world->network)
        actions[count++] = (struct action){world->faded ? ACTION_FADE_BACK : ACTION_NETWORK_UP, 0, 0};
    if (world->network && world->budget.outages)
        actions[count++] = (struct action){ACTION_NETWORK_DOWN, 0, 0};
    if (world->network && world->budget.fades)
        actions[count++] = (struct action){ACTION_FADE, 0, 0};
    if (world->budget.restarts)
        actions[count++] = (struct action){ACTION_RESTART, 0, 0};
    if (world->budget.images)
        actions[count++] = (struct action){ACTION_IMAGE, 0, 0};
    if (world->budget.restores && world->image)
        actions[count++] = (struct action){ACTION_RESTORE, 0, 0};
    if (suspicion_stops(&world->suspicion))
        actions[count++] = (struct action){ACTION_ACCEPT, 0, 0};
    return count;
}

static void spend(struct world *world, enum action_kind kind)
{
    struct world_budget *budget = &world->budget;
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
    case ACTION_NEAR:
        budget->nears--;
        break;
    case ACTION_IMAGE:
        budget->images--;
        break;
    case ACTION_RESTORE:
        budget->restores--;
        break;
    case ACTION_FADE:
        budget->fades--;
        break;
    case ACTION_LOSE:
        budget->losses -= !world->faded;
        break;
    case ACTION_DELIVER:
        budget->deliveries--;
        break;
    case ACTION_LATE:
        budget->lates--;
        break;
    case ACTION_BUY_UNPAID:
        budget->unpaids--;
        break;
    case ACTION_PAUSE:
        budget->pauses--;
        break;
    default:
        break;
    }
}

static void lose_reply(struct world_channel *channel)
{
    enum request_kind kind = channel->request.request.kind;
    if (!channel->lose_reply || (kind != REQUEST_WRITE_LEVELS && kind != REQUEST_CANCEL_ORDER))
        return;
    channel->lose_reply = false;
    world_answer_is(channel, ANSWER_UNKNOWN);
}

static int act(struct bench *bench, struct world *world, struct action action, char *words)
{
    struct world_channel *channel = &world->channels[action.channel];
    switch ((enum action_kind)action.kind) {
    case ACTION_TIME:
        world->now_ms = channel->wake_ms;
        return world_step(bench, world, action.channel, ENGINE_WAKE, NULL, words);
    case ACTION_NEAR:
        world->now_ms = channel->wake_ms - NEAR_MS;
        return 0;
    case ACTION_RUN:
        return world_step(bench, world, action.channel, ENGINE_WAKE, NULL, words);
    case ACTION_SERVE:
        if (!world->network) {
            world_answer_is(channel, ANSWER_OFFLINE);
            return 0;
        }
        world_serve(world, action.channel, &channel->request, &channel->answer);
        channel->wire = WIRE_ANSWER;
        lose_reply(channel);
        return 0;
    case ACTION_ANSWER:
        return world_arrive(bench, world, action.channel, words);
    case ACTION_LOSE:
        world_answer_is(channel, ANSWER_UNKNOWN);
        return 0;
    case ACTION_LATE:
        channel->stray = true;
        channel->stray_ms = world->now_ms;
        channel->stray_request = channel->request;
        world_answer_is(channel, ANSWER_UNKNOWN);
        return 0;
    case ACTION_SERVE_STRAY:
        world_serve(world, action.channel, &channel->stray_request, NULL);
        channel->stray = false;
        return 0;
    case ACTION_DROP_STRAY:
        channel->stray = false;
        return 0;
    case ACTION_SALE:
        return world_sell(bench, world, words);
    case ACTION_DELIVER:
        return world_deliver(bench, world, words);
    case ACTION_NETWORK_DOWN:
        return world_go_down(bench, world, words);
    case ACTION_NETWORK_UP:
        world->network = true;
        return world_notify(bench, world, ENGINE_NETWORK_UP, words);
    case ACTION_FADE:
        world->network = false;
        world->faded = true;
        return 0;
    case ACTION_FADE_BACK:
        world->network = true;
        world->faded = false;
        return 0;
    case ACTION_RESTART:
        return world_restart(bench, world, words);
    case ACTION_IMAGE:
        world_take_image(world);
        return 0;
    case ACTION_RESTORE:
        return world_restore(bench, world, words);
    case ACTION_ACCEPT:
        return world_accept(bench, world, words);
    default:
        world_at_the_shop(world, action);
        return 0;
    }
}

int world_do(struct bench *bench, struct world *world, struct action action, char *words)
{
    spend(world, (enum action_kind)action.kind);
    world->last_changes = 0;
    int result = act(bench, world, action, words);
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        int64_t level = world_level(world, i);
        if (level > world->channels[i].high_level)
            world->channels[i].high_level = level;
    }
    return result < 0 ? result : world_check_conservation(world, words);
}

void world_action_text(const struct world *world, struct action action, char *text, size_t size)
{
    static const char *const names[] = {
        [ACTION_RUN] = "engine runs",
        [ACTION_TIME] = "time passes",
        [ACTION_NEAR] = "time passes, nearly",
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
        [ACTION_FADE] = "nothing gets through any more",
        [ACTION_FADE_BACK] = "the way to the shops is free again",
        [ACTION_RESTART] = "restart",
        [ACTION_LATE] = "given up on the way",
        [ACTION_BUY_UNPAID] = "buyer orders, to be paid later",
        [ACTION_PAY] = "order paid",
        [ACTION_EXPIRE] = "order given up",
        [ACTION_PAUSE] = "person takes it off sale",
        [ACTION_RESUME] = "person puts it back on sale",
        [ACTION_DELIVER] = "new units come to the booth",
        [ACTION_IMAGE] = "the ledger is copied",
        [ACTION_RESTORE] = "the copy takes the ledger's place",
        [ACTION_ACCEPT] = "the seller says that this one goes on",
    };
    static const char *const requests[] = {"",      "check",  "listings", "orders", "levels",
                                           "write", "cancel", "claim",    "find"};
    const struct world_channel *channel = &world->channels[action.channel];
    const struct world_request *request =
        action.kind == ACTION_SERVE_STRAY ? &channel->stray_request : &channel->request;
    bool wire =
        (action.kind >= ACTION_SERVE && action.kind <= ACTION_DROP_STRAY) || action.kind == ACTION_LATE;
    (void)snprintf(text, size, "%c: %s%s%s", 'A' + action.channel, names[action.kind], wire ? ": " : "",
                   wire ? requests[request->request.kind] : "");
    size_t length = strlen(text);
    if (wire && request->request.kind == REQUEST_WRITE_LEVELS && request->write.method == WRITE_ABSOLUTE)
        (void)snprintf(text + length, size - length, " set %" PRId64, request->write.to);
    else if (wire && request->request.kind == REQUEST_WRITE_LEVELS && request->write.method == WRITE_PAUSE)
        (void)snprintf(text + length, size - length, " pause");
    else if (wire && request->request.kind == REQUEST_WRITE_LEVELS)
        (void)snprintf(text + length, size - length, " %+" PRId64 "%s", request->write.delta,
                       request->write.method == WRITE_COMPARE ? " cas" : "");
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
