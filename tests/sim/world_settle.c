/* A world that is left in peace comes to rest, and then shops, ledger and wishes agree. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/allocation.h"
#include "world_internal.h"

enum { SETTLE_STEPS_MAX = 3000 };

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
    world->channels[channel].lose_reply = true;
}

bool world_drifted(const struct world *world, int i)
{
    char key[SOURCE_KEY_MAX_BYTES + 1];
    (void)snprintf(key, sizeof key, "%d/%s", i + 1, world->channels[i].listing.remote_id);
    for (uint32_t j = 0; j < world->card_count; j++)
        if (world->cards[j].kind == CARD_DRIFT && strcmp(world->cards[j].key, key) == 0)
            return true;
    return false;
}

/* Orders that wait for their payment keep their units; behind a write, the shop's restock is nothing. */
static bool is_all_booked(const struct world *world, int i)
{
    int64_t unseen = world_unseen(world, i), held = world_held_off(world, i);
    return unseen == held || (world->channels[i].caps->restock_unknown && unseen < held);
}

static int check_level(const struct world *world, int i, char *words)
{
    const struct world_channel *channel = &world->channels[i];
    int64_t level = world_usable(world, i);
    int64_t expected = listing_expected(&channel->listing);
    if (!is_all_booked(world, i))
        return FAIL("%c: settled with %" PRId64 " units in orders that were not read", 'A' + i,
                    world_unseen(world, i));
    if (channel->op_count)
        return FAIL("%c: settled with an unsettled op", 'A' + i);
    if (channel->listing.paused == PAUSED_BY_OTHERS)
        return level ? FAIL("%c: settled believing it off sale, and %" PRId64 " are on sale", 'A' + i, level)
                     : 0;
    if (channel->off_sale)
        return FAIL("%c: settled not knowing that it is off sale", 'A' + i);
    if (!channel->listing.has_level || channel->listing.level != level)
        return FAIL("%c: settled believing level %" PRId64 ", it is %" PRId64, 'A' + i,
                    channel->listing.level, level);
    level += world_held_off(world, i);
    bool gone = channel->given_up && level < expected && world_drifted(world, i);
    if (level - (channel->edited - channel->edits_booked) != expected && !gone)
        return FAIL("%c: settled with level %" PRId64 ", expected %" PRId64, 'A' + i, level, expected);
    if ((level != expected) != world_drifted(world, i))
        return FAIL("%c: settled with level %" PRId64 ", expected %" PRId64 ", drift card %d", 'A' + i, level,
                    expected, world_drifted(world, i));
    return 0;
}

static int check_agreement(struct bench *bench, struct world *world, char *words)
{
    bool foreign = false;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        foreign |=
            world->channels[i].edited != world->channels[i].edits_booked || world->channels[i].given_up;
    world_load_book(bench, world);
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        int64_t expected = listing_expected(&channel->listing);
        int64_t wanted = allocation_wanted(bench->book, &channel->listing, world->booth_percent);
        if (check_level(world, i, words) < 0)
            return -1;
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
            !channel->row.baselined || (foreign && !world_drifted(world, i)) ||
            (!foreign && !is_all_booked(world, i)))
            return true;
    }
    return false;
}

/* Rounds: whole polls and audits, so that everything that can be learnt is learnt. */
static int rest(struct bench *bench, struct world *world, char *words)
{
    enum { ROUNDS = 3 };
    int result = 0;
    int64_t quiet_ms = world->now_ms + ROUNDS * (WORLD_POLL_MS + ENGINE_AUDIT_MS);
    for (int i = 0; result == 0 && (owes(world) || world->now_ms < quiet_ms); i++) {
        if (i == SETTLE_STEPS_MAX)
            return FAIL("does not settle in %d steps: A owes %u, B owes %u", i, world->channels[0].view.owed,
                        world->channels[1].view.owed);
        result = world_do(bench, world, quiet_action(world), words);
    }
    return result;
}

static int idle_round(struct bench *bench, struct world *world, char *words)
{
    int result = 0;
    int64_t quiet_ms = world->now_ms + WORLD_POLL_MS + ENGINE_AUDIT_MS;
    while (result == 0 && (world->now_ms < quiet_ms || owes(world))) {
        result = world_do(bench, world, quiet_action(world), words);
        if (result == 0 && world->last_changes)
            return FAIL("an idle poll changed something");
    }
    return result;
}

/* A ledger that may be a copy comes to rest with its questions; with the yes, and every proposal adopted, it
 * ends like any other. */
static int answer_questions(struct bench *bench, struct world *world, char *words)
{
    int result = rest(bench, world, words);
    if (result == 0)
        result = world_check_asked(world, words);
    if (result == 0)
        result = idle_round(bench, world, words);
    if (result == 0)
        result = world_do(bench, world, (struct action){ACTION_ACCEPT, 0, 0}, words);
    return result;
}

static int adopt(struct bench *bench, struct world *world, char *words)
{
    int result = rest(bench, world, words);
    if (result == 0)
        result = world_check_asked(world, words);
    return result < 0 ? result : world_adopt_all(bench, world, words);
}

/* What waits for its payment gets it, or not: by turns. */
static int end_payments(struct bench *bench, struct world *world, char *words)
{
    int result = 0;
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        struct shop_truth truths[WORLD_LINES_MAX];
        uint32_t count = world_truths(world, i, truths);
        for (uint32_t j = 0; j < count && result == 0; j++) {
            uint8_t kind = world->random % 2 ? ACTION_PAY : ACTION_EXPIRE;
            uint8_t order = (uint8_t)(truths[j].number - WORLD_FIRST_ORDER);
            if (truths[j].unpaid)
                result = world_do(bench, world, (struct action){kind, (uint8_t)i, order}, words);
        }
    }
    return result;
}

int world_settle(struct bench *bench, struct world *world, char *words)
{
    int result = 0;
    uint8_t back = world->faded ? ACTION_FADE_BACK : ACTION_NETWORK_UP;
    if (!world->network)
        result = world_do(bench, world, (struct action){back, 0, 0}, words);
    if (result == 0 && suspicion_stops(&world->suspicion))
        result = answer_questions(bench, world, words);
    if (result == 0 && world->suspicion.state != SUSPICION_NONE)
        result = adopt(bench, world, words);
    if (result == 0)
        result = end_payments(bench, world, words);
    if (result == 0)
        result = rest(bench, world, words);
    if (result == 0)
        result = check_agreement(bench, world, words);
    return result < 0 ? result : idle_round(bench, world, words);
}

int world_new(struct bench *bench, const struct world_setup *setup, struct world *world, char *words)
{
    memset(world, 0, sizeof *world);
    world->network = true;
    world->booth_percent = setup->booth_percent;
    world->now_ms = 1000;
    world->stock.on_hand = world->events_stock.on_hand = setup->units;
    for (uint32_t i = 0; i < WORLD_CHANNELS; i++) {
        struct world_channel *channel = &world->channels[i];
        channel->row = (struct channel){.alias = i + 1, .location = WORLD_LOCATION};
        (void)snprintf(channel->row.name, sizeof channel->row.name, "%c", 'A' + (int)i);
        world_open_shop(channel, setup, i);
    }
    int result = world_notify(bench, world, ENGINE_WAKE, words);
    for (int i = 0; result == 0 && owes(world); i++) {
        if (i == SETTLE_STEPS_MAX)
            return FAIL("does not connect in %d steps", i);
        result = world_do(bench, world, quiet_action(world), words);
    }
    return result < 0 ? result : world_settle(bench, world, words);
}
