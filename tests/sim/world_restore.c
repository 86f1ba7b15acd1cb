/* An old state of the ledger comes back: an image is taken, and put in the ledger's place later. The shops,
 * their buyers and what left the booth do not go back with it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "domain/claim.h"
#include "world_internal.h"

/* The ledger's part of a world. */
struct world_image {
    uint32_t references;
    struct stock stock, events_stock;
    struct suspicion suspicion;
    struct world_card cards[WORLD_CARDS_MAX];
    uint32_t card_count;
    struct image_channel {
        struct channel row;
        struct listing listing;
        uint32_t op_count, line_count;
        struct op ops[WORLD_OPS_MAX];
        struct order_line lines[WORLD_LINES_MAX];
        int64_t events_expected, events_held, edits_booked;
    } channels[WORLD_CHANNELS];
};

void world_image_share(struct world *world)
{
    if (world->image)
        world->image->references++;
}

void world_image_free(struct world *world)
{
    if (world->image && !--world->image->references)
        free(world->image);
    world->image = NULL;
}

void world_take_image(struct world *world)
{
    struct world_image *image = calloc(1, sizeof *image);
    if (!image)
        abort();
    image->references = 1;
    image->stock = world->stock;
    image->events_stock = world->events_stock;
    image->suspicion = world->suspicion;
    memcpy(image->cards, world->cards, sizeof image->cards);
    image->card_count = world->card_count;
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *from = &world->channels[i];
        struct image_channel *to = &image->channels[i];
        to->row = from->row;
        to->listing = from->listing;
        to->op_count = from->op_count;
        memcpy(to->ops, from->ops, sizeof to->ops);
        to->line_count = from->line_count;
        memcpy(to->lines, from->lines, sizeof to->lines);
        to->events_expected = from->events_expected;
        to->events_held = from->events_held;
        to->edits_booked = from->edits_booked;
    }
    world_image_free(world);
    world->image = image;
}

/* What the lost ledger did at this shop is, for the one that came back, somebody's edit; except what an op
 * that it holds unsettled does explain. */
static int64_t foreign_to(const struct world *world, int i)
{
    const struct world_channel *channel = &world->channels[i];
    int64_t more = world_level(world, i) + world_unseen(world, i) -
                   (channel->edited - channel->edits_booked) - listing_expected(&channel->listing);
    for (uint32_t j = 0; j < channel->op_count; j++) {
        int64_t units = channel->ops[j].kind == OP_LEVEL ? channel->ops[j].delta : 0;
        int64_t down =
            units < 0 ? -units : units; /* a raise is expected already: missing, it was not applied */
        if (down && more <= -down)
            more += down;
    }
    return more;
}

static void put_channel(struct world *world, int i, const struct image_channel *from)
{
    struct world_channel *to = &world->channels[i];
    to->row = from->row;
    to->listing = from->listing;
    to->op_count = from->op_count;
    memcpy(to->ops, from->ops, sizeof to->ops);
    to->line_count = from->line_count;
    memcpy(to->lines, from->lines, sizeof to->lines);
    to->events_expected = from->events_expected;
    to->events_held = from->events_held;
    to->edits_booked = from->edits_booked;
    to->restored_count = from->op_count;
    for (uint32_t j = 0; j < from->op_count; j++)
        to->restored[j] = from->ops[j].id;
    /* Putting a card into another machine takes longer than a request is on its way. */
    to->wire = WIRE_IDLE;
    to->stray = false;
    to->orders_read = false;
    to->memory = (struct engine_memory){0};
    memset(to->watches, 0, sizeof to->watches);
    to->view = (struct engine_view){.phase = ENGINE_CONNECTING};
    to->serial = 0;
    to->touched = true;
    to->edited += foreign_to(world, i);
}

int world_restore(struct bench *bench, struct world *world, char *words)
{
    const struct world_image *image = world->image;
    world->stock = image->stock;
    world->events_stock = image->events_stock;
    world->suspicion = image->suspicion;
    memcpy(world->cards, image->cards, sizeof world->cards);
    world->card_count = image->card_count;
    for (int i = 0; i < WORLD_CHANNELS; i++)
        put_channel(world, i, &image->channels[i]);
    CHANGES_AUTO struct changes changes = changes_new();
    struct suspicion_reason reason = {.who = "machine", .words = "it runs elsewhere."};
    world_load_book(bench, world);
    suspicion_raise(bench->book, &reason, (uint64_t)world->now_ms, 0, &changes);
    world_must(changes_error(&changes));
    int result = world_commit(bench, world, &changes, words);
    return result < 0 ? result : world_notify(bench, world, ENGINE_WAKE, words);
}

/* The seller says that this one goes on. */
int world_accept(struct bench *bench, struct world *world, char *words)
{
    if (world_decide(bench, world, CARD_RESTORED, OPTION_GOES_ON) < 0)
        return FAIL("a suspected ledger has no card that asks");
    return suspicion_stops(&world->suspicion) ? FAIL("the seller's yes was not booked") : 0;
}

/* While the seller was not asked, the shops are only read; and what the image was about to send is never sent
 * again. */
int world_check_restored(const struct world *world, const struct world_channel *channel,
                         const struct channel_request *request, char *words)
{
    if (request->kind != REQUEST_WRITE_LEVELS && request->kind != REQUEST_CANCEL_ORDER)
        return 0;
    if (suspicion_stops(&world->suspicion))
        return FAIL("a write left a ledger that may be a copy");
    for (uint32_t i = 0; i < channel->restored_count && request->kind == REQUEST_WRITE_LEVELS; i++)
        if (id128_equal(channel->restored[i], request->writes[0].op))
            return FAIL("an op of the restored state was sent a second time");
    return 0;
}

/* At rest, before the yes: every op is settled, and what the shop shows below expectation is a question. */
int world_check_asked(const struct world *world, char *words)
{
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct world_channel *channel = &world->channels[i];
        int64_t level = world_level(world, i), expected = listing_expected(&channel->listing);
        if (channel->op_count)
            return FAIL("%c: a restored op was not settled by reading", 'A' + i);
        if (!channel->listing.has_level || channel->listing.level != level)
            return FAIL("%c: the level was not read", 'A' + i);
        if (level != expected && !world_drifted(world, i))
            return FAIL("%c: shows %" PRId64 ", expected %" PRId64 ", and nobody is asked", 'A' + i, level,
                        expected);
    }
    return 0;
}

/* The seller adopts every proposal: then no difference is anybody else's any more. */
int world_adopt_all(struct bench *bench, struct world *world, char *words)
{
    for (int i = 0; world_card(world, CARD_DRIFT); i++)
        if (i == WORLD_CARDS_MAX || world_decide(bench, world, CARD_DRIFT, OPTION_ADOPT) < 0)
            return FAIL("a proposal cannot be adopted");
    for (int i = 0; i < WORLD_CHANNELS; i++)
        world->channels[i].edited = world->channels[i].edits_booked;
    return 0;
}

uint64_t world_image_mix(const struct world *world, uint64_t (*mix)(uint64_t hash, int64_t value),
                         uint64_t hash)
{
    const struct world_image *image = world->image;
    if (!image)
        return hash;
    hash = mix(mix(hash, image->stock.on_hand), image->stock.committed);
    for (int i = 0; i < WORLD_CHANNELS; i++) {
        const struct image_channel *channel = &image->channels[i];
        hash = mix(hash, listing_expected(&channel->listing));
        hash = mix(hash, channel->listing.has_level ? channel->listing.level : INT64_MIN);
        hash = mix(hash, world->channels[i].edited - channel->edits_booked);
        for (uint32_t j = 0; j < channel->op_count; j++)
            hash = mix(mix(hash, channel->ops[j].delta), channel->ops[j].kind << 8 | channel->ops[j].state);
        for (uint32_t j = 0; j < channel->line_count; j++) {
            const struct order_vector *booked = &channel->lines[j].booked;
            hash = mix(mix(hash, channel->lines[j].source_key[9]), booked->ordered);
            hash = mix(mix(hash, booked->cancelled), booked->handed_over);
        }
    }
    return hash;
}
