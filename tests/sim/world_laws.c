/* The laws, and the bookkeeping that knows them a second time: what events mean (docs/events.md), and
 * promise 4. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/order_vector.h"
#include "world_internal.h"

/* --- laws -------------------------------------------------------------------------------------------- */

static int64_t positive(int64_t units)
{
    return units > 0 ? units : 0;
}

static int64_t allocated(const struct world *world)
{
    int64_t sum = 0;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        sum += listing_allocated(&world->channels[i].listing);
    return sum;
}

static int64_t deficit(const struct world *world)
{
    return positive(allocated(world) - (world->stock.on_hand - world->stock.committed));
}

const struct order_line *world_find_line(const struct world_channel *channel, const char *source_key)
{
    for (uint32_t i = 0; i < channel->line_count; i++)
        if (strcmp(channel->lines[i].source_key, source_key) == 0)
            return &channel->lines[i];
    return NULL;
}

/* What an order took from the level beyond what is booked of it. */
static int64_t unseen_of(const struct world_channel *channel, const struct shop_truth *truth)
{
    const struct order_line *known = world_find_line(channel, truth->line.source_key);
    if (!truth->unpaid && order_vector_is_zero(&truth->line.state))
        return 0; /* given up: what it had taken is nobody's any more, unless the shop put it back */
    return truth->took + (known ? order_vector_expected(&known->booked) : 0) +
           channel->back[truth->number - WORLD_FIRST_ORDER];
}

int64_t world_unseen(const struct world *world, int i)
{
    struct shop_truth truths[WORLD_LINES_MAX];
    uint32_t count = world_truths(world, i, truths);
    int64_t units = 0;
    for (uint32_t j = 0; j < count; j++)
        units += unseen_of(&world->channels[i], &truths[j]);
    return units;
}

int64_t world_held_off(const struct world *world, int i)
{
    const struct world_channel *channel = &world->channels[i];
    int64_t units = 0;
    for (uint32_t j = 0; j < channel->line_count && channel->caps->held_off_level; j++)
        units += channel->lines[j].booked.held;
    return units;
}

/* Units of cancelled orders are booked as back in the level. */
static void come_back(struct world *world, int i, int64_t units)
{
    struct shop_truth truths[WORLD_LINES_MAX];
    struct world_channel *channel = &world->channels[i];
    uint32_t count = world_truths(world, i, truths);
    for (uint32_t j = 0; j < count && units > 0; j++) {
        int64_t more = -unseen_of(channel, &truths[j]);
        if (!truths[j].line.state.cancelled || more <= 0)
            continue;
        more = more < units ? more : units;
        channel->back[truths[j].number - WORLD_FIRST_ORDER] += more;
        units -= more;
    }
}

/* What had come back is gone with the level; of what people had added, only what was sold meanwhile is still
 * theirs. A pause leaves the level, and what people took from it stays their secret. */
void world_overwritten(struct world *world, int i, enum write_method method)
{
    struct shop_truth truths[WORLD_LINES_MAX];
    struct world_channel *channel = &world->channels[i];
    bool wipes = method == WRITE_ABSOLUTE;
    uint32_t count = channel->caps->restock_unknown && wipes ? world_truths(world, i, truths) : 0;
    for (uint32_t j = 0; j < count; j++) {
        int64_t more = -unseen_of(channel, &truths[j]);
        if (truths[j].line.state.cancelled && more > 0)
            channel->back[truths[j].number - WORLD_FIRST_ORDER] += more;
    }
    int64_t beyond = world_usable(world, i) + world_unseen(world, i) - listing_expected(&channel->listing);
    int64_t foreign = positive(channel->edited - channel->edits_booked);
    if (wipes || foreign)
        channel->edited = channel->edits_booked + (beyond < 0 ? 0 : beyond < foreign ? beyond : foreign);
    channel->off_sale = channel->off_sale_told = false;
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
        if (channel->has_listing && channel->listing.held != channel->events_held)
            return FAIL("%c: held %" PRId64 " differs from the events' %" PRId64, 'A' + i,
                        channel->listing.held, channel->events_held);
    }
    return 0;
}

/* What is known to be cancelled may be back in the level, and nothing says that it is not: it takes nothing
 * off what the shop can sell. */
static int64_t doubtful_returns(const struct world *world, int i)
{
    struct shop_truth truths[WORLD_LINES_MAX];
    const struct world_channel *channel = &world->channels[i];
    uint32_t count = channel->caps->restock_unknown ? world_truths(world, i, truths) : 0;
    int64_t units = 0;
    for (uint32_t j = 0; j < count; j++) {
        const struct order_line *known = world_find_line(channel, truths[j].line.source_key);
        int64_t more = known && known->booked.cancelled ? -unseen_of(channel, &truths[j]) : 0;
        units += positive(more);
    }
    return units;
}

/* Conservation: what a shop can still sell and what it sold unseen never exceed what we count it as able to.
 * What a paused listing holds nobody can buy; it is counted as far as the ledger says. */
int world_check_conservation(const struct world *world, char *words)
{
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        if (!channel->has_listing || !channel->row.baselined)
            continue;
        int64_t level = world_usable(world, i);
        int64_t hidden = world_unseen(world, i) + doubtful_returns(world, i);
        int64_t foreign = channel->edited - channel->edits_booked;
        int64_t expected = listing_expected(&channel->listing) + channel->listing.may_return;
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
    world->channels[event->order.channel - 1].events_held += d->held;
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
        if (event->edit.cause == EDIT_SHOP_RESTORED)
            come_back(world, (int)event->edit.channel - 1, event->edit.delta);
        else
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
        world_must(event_decode(bytes, length, &event));
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
static int keep_card(struct world *world, const struct card *card, char *words)
{
    bool drift = card->kind == CARD_DRIFT && card->state == CARD_OPEN;
    if (drift && !world->channels[card->channel - 1].touched &&
        !(world->channels[card->channel - 1].given_up && card->units < 0))
        return FAIL("%c: a drift card although nobody changed the level", 'A' + (int)card->channel - 1);
    uint32_t at = 0;
    while (at < world->card_count &&
           (world->cards[at].kind != card->kind || strcmp(world->cards[at].key, card->key) != 0))
        at++;
    if (at == world->card_count && card->state == CARD_SETTLED)
        return 0;
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
    return 0;
}

static int keep_rows(struct world *world, const struct changes *changes, char *words)
{
    int result = 0;
    for (uint32_t i = 0; i < changes->row_count && result == 0; i++) {
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
            result = keep_card(world, &row->card, words);
            break;
        case CHANGE_CHANNEL:
            world->channels[row->channel.alias - 1].row = row->channel;
            break;
        }
    }
    return result;
}

/* The commit: events and rows become true together. */
int world_commit(struct bench *bench, struct world *world, const struct changes *changes, char *words)
{
    int64_t before = deficit(world);
    bool fact = sum_events(world, changes);
    world_must(book_reserve(bench->book, changes));
    world_must(book_apply(bench->book, changes));
    world->stock = book_stock(bench->book, WORLD_ITEM, WORLD_LOCATION);
    world->suspicion = *book_suspicion(bench->book);
    if (keep_rows(world, changes, words) < 0)
        return -1;
    int64_t after = deficit(world);
    if (!fact && after > before)
        return FAIL("an action of ours took the deficit from %" PRId64 " to %" PRId64, before, after);
    return check_books(world, words);
}

/* A write leaves only when its op is durable as sent, under the key the op has; a new grant only after the
 * orders were read to their end since the shop was last out of reach. */
int world_check_write(const struct world *world, const struct world_channel *channel,
                      const struct channel_request *request, char *words)
{
    if (world_check_restored(world, channel, request, words) < 0)
        return -1;
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
        if (channel->memory.flight.first && channel->off_sale_told)
            return FAIL("a listing that somebody took off sale is written");
        return 0;
    }
    return FAIL("a write left without an op");
}
