/* Taking a baseline: the levels and the open orders, both read twice until nothing changed in between, are
 * accounted for without a movement; from then on only differences count (design promise 5). The same is done
 * for listings that appear, or whose item appears, later. What was read is held in memory, packed, until it
 * is booked in chunks: a chunk is complete by itself, so a power cut in the middle only means that the rest
 * is gathered again. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/order_vector.h"
#include "sync/engine_internal.h"

#define NAMES_MAX_BYTES ((size_t)LISTINGS_MAX * (REMOTE_ID_MAX_BYTES + 1))

enum gather_pass {
    GATHER_LISTINGS = 0,
    GATHER_ORDERS,
    GATHER_LISTINGS_AGAIN,
    GATHER_ORDERS_AGAIN,
    GATHER_BOOK
};

struct found {
    size_t remote_id; /* offset in names */
    uint32_t item;
    bool moved; /* the item has stock movements: on hand is known */
    int64_t level;
};

/* An open line of a listing that is not linked yet. */
struct kept_line {
    struct answer_order_line line;
    bool seen;      /* kept before, with a card */
    bool accounted; /* by its listing's baseline */
};

struct gather {
    enum gather_pass pass;
    char cursor[CURSOR_MAX_BYTES + 1];
    struct buf names;
    struct found *found; /* in the order of the catalogue */
    uint32_t found_count, found_capacity;
    uint32_t checked; /* of found, in the second pass */
    bool differs;
    struct kept_line *lines; /* as last read; sorted by listing before they are booked */
    uint32_t line_count, line_capacity;
    uint64_t orders_hash[2];
    uint32_t read_number; /* order readings begun at the end of the first pass */
    int64_t shop_ms;      /* the shop's clock when the last pass began to be answered */
    uint32_t booked;      /* of found */
    uint32_t rest;        /* of lines, sorted: next one that belongs to no found listing */
};

bool engine_gathering(const struct engine *engine)
{
    return engine->gather != NULL;
}

void engine_gather_free(struct engine *engine)
{
    struct gather *gather = engine->gather;
    if (!gather)
        return;
    buf_free(&gather->names);
    free(gather->found);
    free(gather->lines);
    free(gather);
    engine->gather = NULL;
}

int engine_gather_begin(struct step *step)
{
    struct gather *gather = calloc(1, sizeof *gather);
    if (!gather)
        return -ENOMEM;
    gather->names = buf_new(NAMES_MAX_BYTES);
    /* The baseline reads the whole catalogue itself. What asks for it from now on (an import) waits for
     * after. */
    if (!step->channel->baselined)
        step->engine->memory.audit_due = false;
    step->engine->gather = gather;
    return 0;
}

/* --- listings ---------------------------------------------------------------------------------------- */

/* Already linked, or known and still without item: nothing to do for it. */
static bool is_candidate(const struct step *step, const char *remote_id, uint32_t item)
{
    const struct listing *listing =
        book_find_remote(step->engine->book, step->engine->settings.channel, remote_id);
    return !listing || (!listing->item && item);
}

static int keep_listing(struct step *step, const struct answer_listing *shown, uint32_t item, bool moved)
{
    struct gather *gather = step->engine->gather;
    if (gather->found_count + book_listing_count(step->engine->book, step->engine->settings.channel) ==
        LISTINGS_MAX)
        return -E2BIG;
    if (gather->found_count == gather->found_capacity) {
        uint32_t capacity = gather->found_capacity ? gather->found_capacity * 2 : ENGINE_BASELINE_CHUNK;
        struct found *grown = reallocarray(gather->found, capacity, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        gather->found = grown;
        gather->found_capacity = capacity;
    }
    struct found found = {
        .remote_id = gather->names.length, .item = item, .moved = moved, .level = shown->level};
    buf_add(&gather->names, shown->remote_id, strlen(shown->remote_id) + 1);
    int result = buf_error(&gather->names);
    if (result == 0)
        gather->found[gather->found_count++] = found;
    return result;
}

static void compare_listing(struct gather *gather, const struct answer_listing *shown, uint32_t item)
{
    const struct found *found =
        gather->checked < gather->found_count ? &gather->found[gather->checked] : NULL;
    gather->checked++;
    if (!found || found->item != item || found->level != shown->level ||
        strcmp(buf_text(&gather->names) + found->remote_id, shown->remote_id) != 0)
        gather->differs = true;
}

static int digest_listings(struct step *step, const struct channel_answer *answer)
{
    struct gather *gather = step->engine->gather;
    const struct engine_input *input = step->input;
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct answer_listing *shown = &answer->listings[i];
        uint32_t item = shown->tracked ? input->listing_items[i] : 0;
        if (!shown->remote_id[0] || !is_candidate(step, shown->remote_id, item))
            continue;
        bool moved = input->listing_moved && input->listing_moved[i];
        int result = 0;
        if (gather->pass == GATHER_LISTINGS)
            result = keep_listing(step, shown, item, moved);
        else
            compare_listing(gather, shown, item);
        if (result < 0)
            return result;
    }
    return 0;
}

/* --- orders ------------------------------------------------------------------------------------------ */

/* 64-bit FNV-1a: two readings of the same shop minutes apart are compared, nobody gains by a collision. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static int keep_line(struct gather *gather, const struct answer_order_line *line, bool seen)
{
    uint64_t *hash = &gather->orders_hash[gather->pass == GATHER_ORDERS_AGAIN];
    *hash = hash_bytes(*hash, line->source_key, strlen(line->source_key) + 1);
    *hash = hash_bytes(*hash, &line->version, sizeof line->version);
    *hash = hash_bytes(*hash, &line->state, sizeof line->state);
    if (gather->pass != GATHER_ORDERS_AGAIN)
        return 0;
    if (gather->line_count == ENGINE_BASELINE_LINES_MAX)
        return -E2BIG;
    if (gather->line_count == gather->line_capacity) {
        uint32_t capacity = gather->line_capacity ? gather->line_capacity * 2 : ORDERS_PAGE_SIZE;
        struct kept_line *grown = reallocarray(gather->lines, capacity, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        gather->lines = grown;
        gather->line_capacity = capacity;
    }
    gather->lines[gather->line_count++] = (struct kept_line){.line = *line, .seen = seen};
    return 0;
}

static int digest_orders(struct step *step, const struct channel_answer *answer)
{
    struct gather *gather = step->engine->gather;
    if (answer->shop_wall_ms > 0)
        gather->shop_ms = answer->shop_wall_ms;
    gather->differs |= !answer->orders_complete;
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct answer_order_line *line = &answer->orders[i];
        const struct order_line *known = &step->input->known[i];
        const struct listing *listing =
            book_find_remote(step->engine->book, step->engine->settings.channel, line->remote_id);
        if ((listing && listing->item) || known->listing)
            continue; /* the ordinary order reading books it */
        if (!line->source_key[0] || !order_vector_is_plausible(&line->state)) {
            engine_say(step, "The shop showed an order that cannot be: it is left out.");
            continue;
        }
        int result = keep_line(gather, line, known->source_key[0]);
        if (result < 0)
            return result;
    }
    return 0;
}

/* --- the passes -------------------------------------------------------------------------------------- */

static void send_pass(struct step *step)
{
    struct gather *gather = step->engine->gather;
    bool orders = gather->pass == GATHER_ORDERS || gather->pass == GATHER_ORDERS_AGAIN;
    struct channel_request *request = engine_request(step, orders ? REQUEST_ORDERS : REQUEST_LISTINGS);
    request->open_only = orders;
    (void)snprintf(request->cursor, sizeof request->cursor, "%s", gather->cursor);
    step->engine->memory.flight.gather = true;
}

static bool is_equal(const struct step *step, const struct gather *gather)
{
    bool read = !step->channel->baselined || step->engine->memory.reads_done > gather->read_number;
    return read && !gather->differs && gather->checked == gather->found_count &&
           gather->orders_hash[0] == gather->orders_hash[1];
}

static int by_remote_id(const void *left, const void *right)
{
    const struct kept_line *a = left;
    const struct kept_line *b = right;
    int order = strcmp(a->line.remote_id, b->line.remote_id);
    return order ? order : strcmp(a->line.source_key, b->line.source_key);
}

static int next_pass(struct step *step)
{
    struct gather *gather = step->engine->gather;
    gather->cursor[0] = '\0';
    gather->pass++;
    if (gather->pass == GATHER_LISTINGS_AGAIN && step->channel->baselined) {
        /* An order may have come and gone since the last poll: what is not open any more is kept as seen by a
         * whole reading in the middle, so that it is not taken for news when its listing is linked. */
        gather->read_number = step->engine->memory.reads_begun;
        step->engine->memory.orders_due = true;
    }
    if (gather->pass != GATHER_BOOK)
        return 0;
    if (is_equal(step, gather)) {
        if (gather->line_count)
            qsort(gather->lines, gather->line_count, sizeof *gather->lines, by_remote_id);
        return 0;
    }
    engine_gather_free(step->engine); /* something changed meanwhile: read both again, but without hurry */
    step->engine->memory.hold_ms = step->input->now_ms + ENGINE_BACKOFF_MAX_MS;
    return engine_gather_begin(step);
}

int engine_gather_digest(struct step *step, const struct channel_answer *answer)
{
    struct gather *gather = step->engine->gather;
    if (!gather)
        return 0;
    int result =
        answer->kind == REQUEST_LISTINGS ? digest_listings(step, answer) : digest_orders(step, answer);
    if (result == -E2BIG) {
        engine_say(step, "The shop has more open orders or listings than can be taken over at once.");
        engine_gather_free(step->engine);
        step->engine->memory.hold_ms = step->input->now_ms + ENGINE_REFUSED_READ_MS;
        return 0;
    }
    if (result < 0)
        return result;
    bool stuck = answer->has_more && strcmp(answer->cursor, gather->cursor) == 0;
    gather->differs |= stuck;
    (void)snprintf(gather->cursor, sizeof gather->cursor, "%s", answer->cursor);
    return answer->has_more && !stuck ? 0 : next_pass(step);
}

/* --- booking ----------------------------------------------------------------------------------------- */

/* The first kept line of a listing, or line_count. */
static uint32_t first_line_of(const struct gather *gather, const char *remote_id)
{
    uint32_t low = 0;
    uint32_t high = gather->line_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(gather->lines[middle].line.remote_id, remote_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Accounts the open lines of a listing; the units they hold. */
static int64_t account_lines(struct step *step, struct listing *listing)
{
    struct gather *gather = step->engine->gather;
    int64_t committed = 0;
    for (uint32_t i = first_line_of(gather, listing->remote_id); i < gather->line_count; i++) {
        struct kept_line *kept = &gather->lines[i];
        if (strcmp(kept->line.remote_id, listing->remote_id) != 0)
            break;
        struct order_line row = engine_order_row(step, &kept->line, listing);
        int64_t open = order_vector_committed(&kept->line.state);
        row.booked = kept->line.state;
        engine_add_held(step, listing, kept->line.state.held);
        committed += open > 0 ? open : 0;
        kept->accounted = true;
        changes_put_order_line(&step->output->changes, &row);
        if (kept->seen)
            engine_settle_unlinked(step, &row, "is booked now");
    }
    return committed;
}

static void add_linked(struct step *step, const struct listing *listing)
{
    struct event event = engine_event(step, EVENT_LISTING_LINKED);
    event.listing.channel = listing->channel;
    event.listing.listing = listing->alias;
    event.listing.remote_id = text_of(listing->remote_id);
    event.listing.item = listing->item;
    event.listing.pack = listing->pack;
    changes_add_event(&step->output->changes, &event);
}

/* The item is new to the ledger: what the shop shows and what its orders hold is what there is. Once per
 * item. */
static void add_opening(struct step *step, uint32_t at, const struct listing *listing, int64_t committed)
{
    const struct gather *gather = step->engine->gather;
    struct stock stock = book_stock_total(step->engine->book, listing->item);
    int64_t units = (listing->baseline + committed) * listing->pack;
    if (gather->found[at].moved || stock.on_hand || stock.committed || units <= 0)
        return;
    for (uint32_t i = gather->booked; i < at; i++)
        if (gather->found[i].item == listing->item)
            return;
    struct event event = engine_event(step, EVENT_ADJUSTMENT);
    event.adjustment.item = listing->item;
    event.adjustment.location = step->channel->location;
    event.adjustment.delta = units;
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(&step->output->changes, &event);
}

static void add_baseline(struct step *step, const struct listing *listing, int64_t committed)
{
    struct event event = engine_event(step, EVENT_BASELINE);
    event.baseline.channel = listing->channel;
    event.baseline.listing = listing->alias;
    event.baseline.item = listing->item;
    event.baseline.pack = listing->pack;
    event.baseline.location = step->channel->location;
    event.baseline.level = listing->baseline;
    event.baseline.committed = (uint64_t)committed;
    changes_add_event(&step->output->changes, &event);
}

static void book_listing_found(struct step *step, uint32_t at, uint32_t *next_alias)
{
    struct gather *gather = step->engine->gather;
    const struct found *found = &gather->found[at];
    const char *remote_id = buf_text(&gather->names) + found->remote_id;
    const struct listing *existing =
        book_find_remote(step->engine->book, step->engine->settings.channel, remote_id);
    struct listing row = {
        .channel = step->engine->settings.channel,
        .alias = existing ? existing->alias : (*next_alias)++,
        .item = found->item,
        .pack = 1,
        .has_level = true,
        .level = found->level,
        .level_wall_ms = gather->shop_ms,
    };
    (void)snprintf(row.remote_id, sizeof row.remote_id, "%s", remote_id);
    add_linked(step, &row);
    if (row.item) {
        int64_t committed = account_lines(step, &row);
        row.baseline = row.level + row.held_off;
        add_opening(step, at, &row, committed);
        add_baseline(step, &row, committed);
    }
    changes_put_listing(&step->output->changes, &row);
}

/* True while the chunk has room for one more listing with its lines. */
static bool chunk_has_room(const struct step *step, uint32_t taken)
{
    return taken < ENGINE_BASELINE_CHUNK && step->output->changes.row_count < BATCH_CHANGES_MAX / 4;
}

/* Open lines that no listing takes: kept, with a card. Those seen before have both already. */
static bool book_rest(struct step *step)
{
    struct gather *gather = step->engine->gather;
    for (; gather->rest < gather->line_count && chunk_has_room(step, 0); gather->rest++) {
        const struct kept_line *kept = &gather->lines[gather->rest];
        if (!kept->accounted && !kept->seen)
            engine_put_unlinked(step, &kept->line);
    }
    return gather->rest == gather->line_count;
}

static void finish(struct step *step)
{
    struct engine *engine = step->engine;
    struct channel channel = *step->channel;
    if (!channel.baselined) {
        int64_t now_ms = engine->gather->shop_ms ? engine->gather->shop_ms : engine_shop_now(step);
        channel.baselined = true;
        channel.baseline_ms = now_ms ? now_ms - ENGINE_BASELINE_MARGIN_MS : 0;
        channel.orders_since_ms = now_ms;
        if (engine->settings.auto_live && !channel.live) {
            struct event event = engine_event(step, EVENT_CHANNEL_LIVE);
            event.live.channel = channel.alias;
            event.live.live = 1;
            changes_add_event(&step->output->changes, &event);
            channel.live = true;
        }
        changes_put_channel(&step->output->changes, &channel);
        engine->memory.orders_due = true;
        engine->memory.next_audit_ms = step->input->now_ms + ENGINE_AUDIT_MS;
    }
    engine_gather_free(engine);
}

static void book_chunk(struct step *step)
{
    struct engine *engine = step->engine;
    struct gather *gather = engine->gather;
    uint32_t next_alias = book_listing_count(engine->book, engine->settings.channel) + 1;
    uint32_t at = gather->booked;
    for (; at < gather->found_count && chunk_has_room(step, at - gather->booked); at++)
        book_listing_found(step, at, &next_alias);
    bool all = at == gather->found_count;
    gather->booked = at;
    if (all && book_rest(step))
        finish(step);
    engine_wake_at(step, step->input->now_ms);
}

int engine_gather_plan(struct step *step, bool *sent)
{
    *sent = true;
    if (step->engine->gather->pass == GATHER_BOOK)
        book_chunk(step);
    else
        send_pass(step);
    return 0;
}
