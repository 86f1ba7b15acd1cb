/* Which worlds are the same: those with the same future. What is only history (ids, sums behind an
 * expectation, versions) is left out; times count by whether their timers are due and in what class they are.
 */
#include <string.h>

#include "domain/order_vector.h"
#include "world_internal.h"

static uint64_t mix(uint64_t hash, int64_t value)
{
    hash ^= (uint64_t)value + UINT64_C(0x9e3779b97f4a7c15) + (hash << 6) + (hash >> 2);
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 29;
    return hash;
}

/* How far a moment lies ahead, in classes that keep the order of our timers. */
static int64_t ahead(const struct world *world, int64_t at_ms)
{
    int64_t left = at_ms == INT64_MAX ? at_ms : at_ms - world->now_ms;
    return left <= 0           ? 0
           : left <= 250       ? 1
           : left <= 1000      ? 2
           : left <= 5000      ? 3
           : left <= 10000     ? 4
           : left <= 60000     ? 5
           : left <= 300000    ? 6
           : left != INT64_MAX ? 7
                               : 8;
}

/* Which of two timers comes first, where it matters: both lie ahead. */
static int64_t order_of(const struct world *world, int64_t one_ms, int64_t other_ms)
{
    if (one_ms <= world->now_ms || other_ms <= world->now_ms)
        return 0;
    return one_ms < other_ms ? 1 : one_ms > other_ms ? 2 : 3;
}

/* How long ago something was, in classes that our rules know. */
static int64_t behind(const struct world *world, int64_t at_ms)
{
    int64_t past = world->now_ms - at_ms;
    return at_ms == 0 ? 0 : past < ENGINE_DRIFT_PATIENCE_MS ? 1 : past < ENGINE_IN_TRANSIT_MAX_MS ? 2 : 3;
}

static uint64_t mix_vector(uint64_t hash, const struct order_vector *vector)
{
    hash = mix(hash, vector->ordered);
    hash = mix(hash, vector->held);
    hash = mix(hash, vector->cancelled);
    hash = mix(hash, vector->handed_over);
    return mix(hash, vector->restored);
}

/* What the shop would answer to this write: 0 it does not know it, 1 it failed, else it was applied. */
static int64_t write_state(const struct world *world, const struct world_channel *channel, struct id128 key,
                           struct id128 op)
{
    const struct shop *shop = channel->shop->shop;
    int64_t wall_ms = WORLD_WALL_MS + world->now_ms, level = 0;
    switch (shop_write_state(shop, key, op, wall_ms, &level)) {
    case SHOP_WRITE_UNKNOWN:
        return 0;
    case SHOP_WRITE_FAILED:
        return 1;
    case SHOP_WRITE_APPLIED:
        break;
    }
    return level != INT64_MIN ? 1000 + level : 2;
}

/* The moments of an order that is not booked as it is, as an absolute write will see them: against the one
 * that it has, or soon will have. */
static uint64_t mix_moment(uint64_t hash, const struct world *world, const struct world_channel *channel,
                           int64_t at_ms)
{
    enum { DOUBT_MS = 5000 };
    const struct op *op = channel->op_count ? &channel->ops[0] : NULL;
    int64_t age_ms = WORLD_WALL_MS + world->now_ms - at_ms;
    if (op && op->applied_wall_ms)
        hash = mix(hash, at_ms > op->applied_wall_ms ? 2 : at_ms >= op->applied_wall_ms - DOUBT_MS);
    return mix(hash, age_ms < DOUBT_MS ? age_ms : DOUBT_MS);
}

static uint64_t mix_moments(uint64_t hash, const struct world *world, int i)
{
    const struct world_channel *channel = &world->channels[i];
    struct shop_truth truths[WORLD_LINES_MAX];
    uint32_t count = world_is_absolute(channel) ? world_truths(world, i, truths) : 0;
    for (uint32_t j = 0; j < count; j++) {
        const struct order_line *known = world_find_line(channel, truths[j].line.source_key);
        if (known && memcmp(&known->booked, &truths[j].line.state, sizeof known->booked) == 0)
            continue;
        hash = mix_moment(hash, world, channel, truths[j].line.created_wall_ms);
        hash = mix_moment(hash, world, channel, truths[j].line.version);
    }
    return hash;
}

static uint64_t mix_write(uint64_t hash, const struct world *world, const struct world_channel *channel,
                          const struct world_request *request)
{
    hash = mix(hash, request->request.kind);
    if (request->request.kind != REQUEST_WRITE_LEVELS)
        return hash;
    hash = mix(hash, request->write.delta);
    hash = mix(hash, request->write.method);
    hash = mix(hash, request->write.from);
    hash = mix(hash, request->write.to);
    return mix(hash, write_state(world, channel, request->request.key, request->write.op));
}

static uint64_t mix_wire(uint64_t hash, const struct world *world, const struct world_channel *channel)
{
    hash = mix(hash, channel->wire);
    if (channel->wire != WIRE_IDLE)
        hash = mix_write(hash, world, channel, &channel->request);
    hash = mix(hash, channel->stray);
    if (channel->stray)
        hash = mix_write(mix(hash, ahead(world, channel->stray_ms + ENGINE_IN_TRANSIT_MAX_MS)), world,
                         channel, &channel->stray_request);
    if (channel->wire != WIRE_ANSWER)
        return hash;
    const struct channel_answer *answer = &channel->answer.answer;
    hash = mix(hash, answer->outcome);
    hash = mix(hash, answer->count);
    if (answer->outcome != ANSWER_DONE)
        return hash;
    for (uint32_t i = 0; answer->kind == REQUEST_ORDERS && i < answer->count; i++)
        hash =
            mix_vector(mix(hash, channel->answer.orders[i].source_key[9]), &channel->answer.orders[i].state);
    if (answer->kind == REQUEST_WRITE_LEVELS)
        hash = mix(hash, channel->answer.level_after);
    else if (answer->kind == REQUEST_FIND_WRITES)
        hash = mix(hash, channel->answer.found);
    else if (answer->count && answer->kind != REQUEST_ORDERS)
        hash = mix(mix(hash, channel->answer.listing.level), channel->answer.listing.paused);
    return hash;
}

static uint64_t mix_watch(uint64_t hash, const struct world *world, const struct world_channel *channel)
{
    const struct engine_memory *memory = &channel->memory;
    const struct listing_watch *watch = &channel->watches[1];
    hash = mix(hash, watch->check);
    hash =
        mix(hash, watch->refusals << 16 | watch->stales << 8 | (watch->failures > 6 ? 6 : watch->failures));
    hash = mix(hash, watch->single << 3 | watch->doubted << 2 | watch->answered << 1 | (int)watch->repeated);
    hash = mix(hash, ahead(world, watch->resend_ms));
    hash =
        mix(hash, behind(world, watch->sent_ms < memory->started_ms ? memory->started_ms : watch->sent_ms));
    if (watch->check == CHECK_NONE || watch->check == CHECK_READ)
        return hash;
    hash = mix(hash, watch->seen_level);
    hash = mix(hash, watch->seen_expected);
    if (watch->check == CHECK_DRIFT)
        return hash;
    hash = mix(hash, memory->reading.active && memory->reading.number > watch->seen_read);
    hash = mix(hash, memory->reads_done > watch->seen_read);
    hash = mix(hash, behind(world, watch->seen_ms));
    hash = mix(hash, world->now_ms - watch->since_ms >= channel->caps->order_visibility_ms);
    return mix(hash, behind(world, watch->since_ms));
}

static uint64_t mix_memory(uint64_t hash, const struct world *world, const struct world_channel *channel)
{
    const struct engine_memory *memory = &channel->memory;
    const bool flags[] = {
        memory->connected,   memory->ever,         memory->needs_login,        memory->probe_now,
        memory->started,     memory->fresh,        memory->orders_due,         memory->audit_due,
        memory->link_due,    memory->auditing,     memory->reading.active,     memory->reading.booked,
        memory->flight.used, memory->flight.first, memory->shop_clock_ms != 0, memory->incomplete};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        hash = mix(hash, flags[i]);
    hash = mix(hash, memory->failures > 6 ? 6 : memory->failures);
    hash = mix(hash, ahead(world, memory->hold_ms));
    hash = mix(hash, ahead(world, memory->next_poll_ms));
    hash = mix(hash, ahead(world, memory->next_audit_ms));
    hash = mix(hash, order_of(world, memory->hold_ms, memory->next_poll_ms));
    hash = mix(hash, order_of(world, memory->next_poll_ms, memory->next_audit_ms));
    hash = mix(hash, order_of(world, channel->watches[1].resend_ms, memory->next_poll_ms));
    hash = mix(hash, memory->reads_done > memory->cancel_read);
    hash = mix(hash, memory->flight.used && memory->flight.serial == channel->request.request.serial);
    return mix_watch(hash, world, channel);
}

/* An absolute write whose moment is known waits for orders that were read late enough. */
static uint64_t mix_applied(uint64_t hash, const struct world *world, const struct world_channel *channel,
                            const struct op *op)
{
    const struct engine_memory *memory = &channel->memory;
    if (!op->applied_wall_ms)
        return mix(hash, 0);
    int64_t need_ms = op->applied_wall_ms + channel->caps->order_visibility_ms;
    int64_t at_ms = need_ms - WORLD_WALL_MS;
    hash = mix(hash, 1 + ahead(world, at_ms));
    hash = mix(hash, order_of(world, at_ms, memory->next_poll_ms));
    hash = mix(hash, order_of(world, at_ms, memory->next_audit_ms));
    hash = mix(hash, memory->orders_read_from_ms >= need_ms);
    return mix(hash, memory->reading.active && memory->reading.begun_shop_ms >= need_ms);
}

static uint64_t mix_book(uint64_t hash, const struct world *world, const struct world_channel *channel)
{
    hash = mix(hash, listing_expected(&channel->listing));
    hash = mix(hash, channel->listing.has_level ? channel->listing.level : INT64_MIN);
    hash = mix(hash, channel->listing.parked);
    hash = mix(hash, channel->edited - channel->edits_booked);
    hash = mix(hash, channel->touched << 3 | channel->given_up << 2 | channel->off_sale << 1 |
                         (int)channel->off_sale_told);
    hash = mix(hash, channel->listing.held);
    hash = mix(hash, channel->listing.held_off);
    hash = mix(hash, channel->listing.may_return);
    hash = mix(hash, channel->listing.paused);
    for (uint32_t i = 0; i < channel->orders_placed; i++)
        hash = mix(hash, channel->back[i]);
    for (uint32_t i = 0; i < channel->op_count; i++) {
        const struct op *op = &channel->ops[i];
        hash = mix(hash, op->kind << 8 | op->state);
        hash = mix(hash, op->delta);
        hash = mix(hash, op->method);
        hash = mix(hash, op->from);
        hash = mix(hash, op->to);
        hash = mix_applied(hash, world, channel, op);
        hash = mix(hash, op->sold_after);
        hash = mix(hash, op->sent_wall_ms == 0);
        hash = mix(hash, write_state(world, channel, op->request_key, op->id));
        hash = mix(hash, id128_equal(op->request_key, channel->memory.flight.key));
        for (uint32_t j = 0; j < channel->restored_count; j++)
            hash = mix(hash, id128_equal(op->id, channel->restored[j]));
    }
    for (uint32_t i = 0; i < channel->line_count; i++)
        hash = mix_vector(mix(hash, channel->lines[i].source_key[9]), &channel->lines[i].booked);
    return hash;
}

uint64_t world_hash(const struct world *world)
{
    const struct world_budget *budget = &world->budget;
    uint64_t hash = mix(0, world->network << 1 | world->faded);
    hash = mix(hash, world->stock.on_hand);
    hash = mix(hash, world->stock.committed);
    hash = mix(hash, budget->sales << 24 | budget->orders << 16 | budget->cancels << 8 | budget->ships);
    hash = mix(hash, budget->edits << 24 | budget->restarts << 16 | budget->losses << 8 | budget->outages);
    hash = mix(hash, budget->fades << 8 | budget->nears);
    hash = mix(hash, budget->deliveries << 24 | budget->unpaids << 16 | budget->pauses << 8 | budget->lates);
    hash = mix(hash, budget->images << 16 | budget->restores << 8 | (int)world->suspicion.state);
    hash = world_image_mix(world, mix, hash);
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        hash = mix_book(hash, world, channel);
        hash = mix_memory(hash, world, channel);
        hash = mix_wire(hash, world, channel);
        hash = mix(hash, ahead(world, channel->wake_ms));
        hash = mix(hash, (int64_t)shop_hash(channel->shop->shop, WORLD_WALL_MS + world->now_ms));
        hash = mix_moments(hash, world, i);
    }
    hash = mix(hash, order_of(world, world->channels[0].wake_ms, world->channels[1].wake_ms));
    return hash;
}
